//! `acpctl agent get`

use anyhow::Context as _;

use super::{agents, check};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::OutputArgs;
use crate::resources::Candidates;

/// Show an agent
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::AGENTS)]
    agent: String,
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
    project_id: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.project_id.as_deref())?;
    let format = args.output.format()?;
    check(&args.agent)?;
    let client = ctx.client()?;
    let agent = ctx.block_on(async {
        lookup::find(client, &agents(&project), &args.agent)
            .await
            .with_context(|| format!("get agent {}", quote(&args.agent)))
    })?;
    ctx.out.record(&agent, &format, ctx.now())
}
