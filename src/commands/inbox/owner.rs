//! The agent whose inbox a verb works on, and the message in it.

use crate::api::{Client, Error, Method, Request, path};
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::Candidates;

/// What to write for a flag that is missing.
const HINTS: [(&str, &str); 3] = [
    (
        "project-id",
        "write --project-id NAME, or choose a project once: acpctl project set NAME",
    ),
    ("pa-id", "write --pa-id AGENT: the agent's name or ID"),
    (
        "msg-id",
        "write --msg-id ID: one that 'acpctl inbox list --pa-id AGENT' shows",
    ),
];

/// The flags that name the owner of an inbox.
#[derive(Debug, clap::Args)]
pub(super) struct OwnerArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Name or ID of the agent (required)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::AGENTS)]
    pa_id: Option<String>,
}

impl OwnerArgs {
    /// Reads and checks the project and the agent.
    ///
    /// # Errors
    /// If one of them is missing, in the Go tool's words.
    pub(super) fn inbox(&self, ctx: &Ctx) -> Result<Inbox<'_>, Failure> {
        if !self.project.is_given() && ctx.settings()?.project.value.is_none() {
            required("project-id", None)?;
        }
        let project = self.project.project(ctx)?;
        let agent = required("pa-id", self.pa_id.as_deref())?;
        lookup::check("agent name or ID", agent)?;
        Ok(Inbox { project, agent })
    }
}

/// The flags of a verb on one message.
#[derive(Debug, clap::Args)]
pub(super) struct MessageArgs {
    #[command(flatten)]
    pub owner: OwnerArgs,
    /// Message ID (required)
    #[arg(long, value_name = "ID")]
    msg_id: Option<String>,
    #[command(flatten)]
    pub output: WriteArgs,
}

impl MessageArgs {
    /// Returns the ID of the message. Messages have no names.
    ///
    /// # Errors
    /// If it is missing, or has characters that no ID has.
    pub(super) fn message(&self) -> Result<&str, Failure> {
        let message = required("msg-id", self.msg_id.as_deref())?;
        lookup::check_id("message ID", message)?;
        Ok(message)
    }
}

/// The inbox of one agent.
pub(super) struct Inbox<'a> {
    pub project: String,
    agent: &'a str,
}

impl Inbox<'_> {
    /// Calls `action` with the path of the inbox and the agent's ID. If the server does not know the ID, looks the
    /// agent up by its name and calls `action` again.
    ///
    /// # Errors
    /// Those of `action` and of the look-up.
    pub(super) async fn act<T>(
        &self,
        client: &Client,
        action: impl AsyncFn(&str, &str) -> Result<T, Error>,
    ) -> anyhow::Result<T> {
        let agents = Collection::agents(&self.project);
        lookup::act(client, &agents, self.agent, async |id| {
            action(&agents.item(id, &["inbox"]), id).await
        })
        .await
    }

    /// Makes a request about one message. `inbox` is the path that [`Inbox::act`] passes on.
    pub(super) fn request(&self, method: Method, inbox: &str, message: &str) -> Request {
        Request::new(method, format!("{inbox}{}", path(&[message]))).project(&self.project)
    }
}

/// Returns the value of a flag that must be given.
///
/// # Errors
/// If it is missing or empty, in the Go tool's words.
pub(super) fn required<'a>(flag: &str, value: Option<&'a str>) -> Result<&'a str, Failure> {
    if value == Some("") {
        return Err(Failure::empty(flag));
    }
    value.ok_or_else(|| {
        let failure = Failure::usage(format!("--{flag} is required"));
        match HINTS.iter().find(|(name, _)| *name == flag) {
            Some((_, hint)) => failure.hint(*hint),
            None => failure,
        }
    })
}
