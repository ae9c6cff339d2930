//! `acpctl agent list`

use crate::commands::listing::ListArgs;
use crate::commands::project_args::ProjectArgs;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::lookup::Collection;

const EXAMPLES: &str = "\
acpctl agent list
acpctl agent list --project-id team-a -o json";

/// List the agents of a project
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
    let agents = Collection::agents(&project);
    args.list.run_in_project(ctx, &agents, "list agents")
}
