//! `acpctl policy list`

use crate::commands::listing::ListArgs;
use crate::commands::project_args::ProjectArgs;
use crate::ctx::Ctx;
use crate::lookup::Collection;
use crate::resources::POLICY;

const EXAMPLES: &str = "acpctl policy list";

/// List the policies of a project
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    list: ListArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let policies = Collection::of_project(&POLICY, &project);
    args.list.run_in_project(ctx, &policies, "list policies")
}
