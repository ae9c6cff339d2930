//! `acpctl agent sessions`

use anyhow::Context as _;

use super::{agents, check};
use crate::commands::listing::ListArgs;
use crate::commands::runs;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::lookup;
use crate::resources::{Candidates, SESSION};

/// List the sessions of an agent
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
    list: ListArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.project_id.as_deref())?;
    let format = args.list.format()?;
    check(&args.agent)?;
    let client = ctx.client()?;
    let mut options = args.list.options(false);
    options.project = Some(project.clone());
    let list = ctx.block_on(async {
        let agent = lookup::agent(client, &project, &args.agent).await?;
        let place = agents(&project).item(agent.id(), &["sessions"]);
        client
            .list(&SESSION, &place, &options)
            .await
            .with_context(|| format!("list sessions for agent {}", quote(&args.agent)))
    })?;
    runs::show(ctx, &args.list, list, &format)
}
