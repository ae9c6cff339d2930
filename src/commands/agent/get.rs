//! `acpctl agent get`

use anyhow::Context as _;

use super::agent_args::AgentArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl agent get lead
# Its prompt alone
acpctl agent get lead -o jsonpath='{.prompt}'";

/// Show an agent
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: AgentArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.target.project(ctx)?;
    let format = args.output.format()?;
    let given = args.target.agent()?;
    let client = ctx.client()?;
    let agent = ctx.block_on(async {
        lookup::find(client, &Collection::agents(&project), given)
            .await
            .with_context(|| format!("get agent {}", quote(given)))
    })?;
    ctx.out.record(&agent, &format, ctx.now())
}
