//! `acpctl agent delete`

use anyhow::Context as _;

use super::lookup;
use crate::api::{Method, Request};
use crate::commands::confirm::ConfirmArgs;
use crate::ctx::Ctx;

/// Delete an agent
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    agent: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    project_id: Option<String>,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.project_id.as_deref())?;
    lookup::check(&args.agent)?;
    if !args.confirm.agreed(ctx, &format!("agent/{}", args.agent))? {
        return Ok(());
    }
    let client = ctx.client()?;
    ctx.block_on(async {
        let agent = lookup::resolve(client, &project, &args.agent).await?;
        let request =
            Request::new(Method::Delete, lookup::agent(&project, &[agent.id()])).project(&project);
        client.send(&request).await.context("delete agent")
    })?;
    ctx.out.line(&format!("agent/{} deleted", args.agent))
}
