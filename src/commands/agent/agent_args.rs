//! The agent that a verb works on.

use crate::commands::project_args::ProjectArgs;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup;
use crate::resources::Candidates;

/// The argument and the flag that name one agent of a project.
#[derive(Debug, clap::Args)]
pub(super) struct AgentArgs {
    /// Name or ID
    #[arg(add = Candidates::AGENTS)]
    agent: String,
    #[command(flatten)]
    project: ProjectArgs,
}

impl AgentArgs {
    /// Returns the agent's project.
    ///
    /// # Errors
    /// As [`Ctx::project`].
    pub(super) fn project(&self, ctx: &Ctx) -> Result<String, Failure> {
        self.project.project(ctx)
    }

    /// Returns the name or ID.
    ///
    /// # Errors
    /// If the text can be neither, in the Go tool's words.
    pub(super) fn agent(&self) -> Result<&str, Failure> {
        lookup::check("agent name or ID", &self.agent)?;
        Ok(&self.agent)
    }
}
