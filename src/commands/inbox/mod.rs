//! `acpctl inbox …` (contract cli-resources.md section 6).

mod delete;
mod list;
mod mark_read;
mod send;

use clap::Subcommand;

use crate::api::{Client, Error, Method, Request, path};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::{AGENT, Candidates};

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    List(list::Args),
    Send(send::Args),
    MarkRead(mark_read::Args),
    Delete(delete::Args),
}

impl Command {
    /// Runs the verb.
    ///
    /// # Errors
    /// What it could not do.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::List(args) => list::run(ctx, args),
            Self::Send(args) => send::run(ctx, args),
            Self::MarkRead(args) => mark_read::run(ctx, args),
            Self::Delete(args) => delete::run(ctx, args),
        }
    }
}

/// Whose inbox.
#[derive(Debug, clap::Args)]
struct Owner {
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
    project_id: Option<String>,
    /// Name or ID of the agent (required)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::AGENTS)]
    pa_id: Option<String>,
}

impl Owner {
    /// Project and agent.
    ///
    /// # Errors
    /// In the Go tool's words, when one is missing.
    fn read(&self, ctx: &Ctx) -> Result<Inbox<'_>, Failure> {
        if self.project_id.as_deref().unwrap_or_default().is_empty()
            && ctx.settings()?.project.value.is_none()
        {
            required("project-id", None)?;
        }
        let project = ctx.project(self.project_id.as_deref())?;
        let agent = required("pa-id", self.pa_id.as_deref())?;
        lookup::check("agent name or ID", agent)?;
        Ok(Inbox { project, agent })
    }
}

/// The inbox of one agent.
struct Inbox<'a> {
    project: String,
    agent: &'a str,
}

impl Inbox<'_> {
    /// Does something with the path of the inbox and the agent's id.
    ///
    /// # Errors
    /// What `action` met; where there is no such agent.
    async fn act<T>(
        &self,
        client: &Client,
        action: impl AsyncFn(&str, &str) -> Result<T, Error>,
    ) -> anyhow::Result<T> {
        let agents = Collection::of_project(&AGENT, &self.project);
        lookup::act(client, &agents, self.agent, async |id| {
            action(&agents.item(id, &["inbox"]), id).await
        })
        .await
    }

    /// A request about one message in the inbox at a path.
    fn request(&self, method: Method, inbox: &str, message: &str) -> Request {
        Request::new(method, format!("{inbox}{}", path(&[message]))).project(&self.project)
    }
}

/// The value of a flag that must be there.
fn required<'a>(flag: &str, value: Option<&'a str>) -> Result<&'a str, Failure> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Failure::usage(format!("--{flag} is required")))
}

/// The id of a message, which is always an id.
fn message_id(value: Option<&str>) -> Result<&str, Failure> {
    let message = required("msg-id", value)?;
    lookup::check_id("message ID", message)?;
    Ok(message)
}
