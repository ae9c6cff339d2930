//! `acpctl scheduled-session delete`

use crate::commands::project_args::ProjectArgs;
use crate::commands::removal::DeleteArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::Candidates;

const EXAMPLES: &str = "\
acpctl scheduled-session delete nightly --yes
# Several at once; a missing one is not an error
acpctl scheduled-session delete nightly old --ignore-not-found --yes";

/// Delete scheduled sessions
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "SESSION")]
    #[arg(add = Candidates::SCHEDULED_SESSIONS)]
    sessions: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    delete: DeleteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let schedules = Collection::scheduled_sessions(&project);
    let find = |name: &str| {
        let client = ctx.client()?;
        ctx.block_on(lookup::scheduled_session(client, &project, name))
    };
    args.delete.delete(
        ctx,
        &schedules,
        &args.sessions,
        "delete scheduled session",
        &find,
    )
}
