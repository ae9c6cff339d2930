//! `acpctl agent list`

use crate::commands::listing::ListArgs;
use crate::commands::project_args::ProjectArgs;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::lookup::Collection;

/// List the agents of a project
#[derive(Debug, clap::Args)]
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
