//! `acpctl agent delete`

use super::agent_args::AgentArgs;
use crate::commands::confirm::ConfirmArgs;
use crate::commands::outcome::WriteArgs;
use crate::commands::removal;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};

const EXAMPLES: &str = "acpctl agent delete lead --yes";

/// Delete an agent
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: AgentArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.target.project(ctx)?;
    let format = args.output.format(ctx)?;
    let given = args.target.agent()?;
    args.confirm.require(ctx, &format!("agent/{given}"))?;
    let client = ctx.client()?;
    let found = ctx.block_on(lookup::agent(client, &project, given))?;
    let agents = Collection::agents(&project);
    removal::remove(
        ctx,
        &args.confirm,
        &agents,
        &found,
        given,
        &format,
        "delete agent",
    )
}
