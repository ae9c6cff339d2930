//! `acpctl agent delete`

use crate::commands::project_args::ProjectArgs;
use crate::commands::removal::DeleteArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::Candidates;

const EXAMPLES: &str = "\
acpctl agent delete lead --yes
# Several at once; a missing one is not an error
acpctl agent delete lead old --ignore-not-found --yes";

/// Delete agents
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "AGENT")]
    #[arg(add = Candidates::AGENTS)]
    agents: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    delete: DeleteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let agents = Collection::agents(&project);
    let find = |name: &str| {
        let client = ctx.client()?;
        ctx.block_on(lookup::agent(client, &project, name))
    };
    args.delete
        .delete(ctx, &agents, &args.agents, "delete agent", &find)
}
