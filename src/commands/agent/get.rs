//! `acpctl agent get`

use anyhow::Context as _;

use crate::commands::project_args::ProjectArgs;
use crate::commands::several;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::resources::{AGENT, Candidates};
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl agent get lead
# Its prompt alone
acpctl agent get lead -o jsonpath='{.prompt}'";

/// Show agents
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "AGENT", required = true)]
    #[arg(add = Candidates::AGENTS)]
    agents: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let format = args.output.format()?;
    for name in &args.agents {
        lookup::check("agent name or ID", name)?;
    }
    let client = ctx.client()?;
    several::show(ctx, &AGENT, &args.agents, &format, |name| {
        ctx.block_on(async {
            lookup::find(client, &Collection::agents(&project), name)
                .await
                .with_context(|| format!("get agent {}", quote(name)))
        })
    })
}
