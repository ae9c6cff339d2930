//! `--project-id`, which most verbs on the objects of a project take.

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::resources::Candidates;

/// The flag that names the project.
#[derive(Debug, clap::Args)]
pub(crate) struct ProjectArgs {
    /// Project, by name or ID (default: the current project)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::PROJECTS)]
    project_id: Option<String>,
}

impl ProjectArgs {
    /// Returns the project that the flag names, or else the current one.
    ///
    /// # Errors
    /// As [`Ctx::project`].
    pub(crate) fn project(&self, ctx: &Ctx) -> Result<String, Failure> {
        ctx.project(self.project_id.as_deref())
    }

    /// True if the flag names a project.
    pub(crate) fn is_given(&self) -> bool {
        self.project_id.as_deref().is_some_and(|id| !id.is_empty())
    }
}
