//! `acpctl agent sessions`

use anyhow::Context as _;

use super::agent_args::AgentArgs;
use crate::commands::listing::ListArgs;
use crate::commands::runs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::SESSION;
use crate::text::quote;

const EXAMPLES: &str = "acpctl agent sessions lead";

/// List the sessions of an agent
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: AgentArgs,
    #[command(flatten)]
    list: ListArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.target.project(ctx)?;
    let format = args.list.format()?;
    let given = args.target.agent()?;
    let client = ctx.client()?;
    let mut options = args.list.options(false);
    options.project = Some(project.clone());
    let list = ctx.block_on(async {
        let agent = lookup::agent(client, &project, given).await?;
        let sessions = Collection::agents(&project).item(agent.id(), &["sessions"]);
        client
            .listed(&SESSION, &sessions, &options)
            .await
            .with_context(|| format!("list sessions for agent {}", quote(given)))
    })?;
    runs::show(ctx, &args.list, list, &format)
}
