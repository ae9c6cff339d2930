//! `acpctl scheduled-session delete`

use anyhow::Context as _;

use super::lookup::{self, Target};
use crate::api::{Method, Request};
use crate::commands::confirm::ConfirmArgs;
use crate::ctx::Ctx;

/// Delete a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.target.project_id.as_deref())?;
    let given = &args.target.session;
    lookup::check(given)?;
    if !args
        .confirm
        .agreed(ctx, &format!("scheduled-session/{given}"))?
    {
        return Ok(());
    }
    let client = ctx.client()?;
    ctx.block_on(async {
        let found = lookup::resolve(client, &project, given).await?;
        let request =
            Request::new(Method::Delete, lookup::place(&project, &[found.id()])).project(&project);
        client
            .send(&request)
            .await
            .context("delete scheduled session")
    })?;
    ctx.out.line(&format!("scheduled-session/{given} deleted"))
}
