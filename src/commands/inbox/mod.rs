//! `acpctl inbox …` (contract cli-resources.md section 6).

mod delete;
mod list;
mod mark_read;
mod send;

use clap::Subcommand;

use crate::api::path;
use crate::ctx::Ctx;
use crate::exit::Failure;

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

/// Whose inbox; both are ids, and neither has a default.
#[derive(Debug, clap::Args)]
struct Owner {
    /// Project ID (required)
    #[arg(long, value_name = "ID")]
    project_id: Option<String>,
    /// Agent ID (required)
    #[arg(long, value_name = "ID")]
    pa_id: Option<String>,
}

impl Owner {
    /// Project and agent.
    ///
    /// # Errors
    /// In the Go tool's words, when one is missing.
    fn ids(&self) -> Result<(&str, &str), Failure> {
        Ok((
            required("project-id", self.project_id.as_deref())?,
            required("pa-id", self.pa_id.as_deref())?,
        ))
    }
}

/// The value of a flag that must be there.
fn required<'a>(flag: &str, value: Option<&'a str>) -> Result<&'a str, Failure> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Failure::usage(format!("--{flag} is required")))
}

/// The path of an inbox, or of one message.
fn inbox(project: &str, agent: &str, message: &[&str]) -> String {
    let mut segments = vec!["projects", project, "agents", agent, "inbox"];
    segments.extend(message);
    path(&segments)
}
