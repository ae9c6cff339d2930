//! `acpctl scheduled-session list`

use crate::commands::listing::ListArgs;
use crate::commands::project_args::ProjectArgs;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::lookup::Collection;

const EXAMPLES: &str = "acpctl scheduled-session list";

/// List the scheduled sessions of a project
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let schedules = Collection::scheduled_sessions(&project);
    args.list
        .run_in_project(ctx, &schedules, "list scheduled sessions")
}
