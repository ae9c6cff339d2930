//! `acpctl agent delete`

use super::{agents, check};
use crate::commands::confirm::ConfirmArgs;
use crate::commands::removal;
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::OutputArgs;
use crate::resources::Candidates;

/// Delete an agent
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::AGENTS)]
    agent: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
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
    args.confirm
        .require(ctx, &format!("agent/{}", args.agent))?;
    let client = ctx.client()?;
    let found = ctx.block_on(lookup::agent(client, &project, &args.agent))?;
    removal::remove(
        ctx,
        &args.confirm,
        &agents(&project),
        &found,
        &args.agent,
        &format,
        "delete agent",
    )
}
