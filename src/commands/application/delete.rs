//! `acpctl application delete`

use anyhow::Context as _;

use super::application;
use crate::commands::confirm::ConfirmArgs;
use crate::commands::named::check_identifier;
use crate::ctx::Ctx;

/// Delete an application
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ID
    id: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check_identifier("application ID", &args.id)?;
    if !args
        .confirm
        .agreed(ctx, &format!("application/{}", args.id))?
    {
        return Ok(());
    }
    let client = ctx.client()?;
    ctx.block_on(async {
        let deleted = client.delete(&application(&args.id)).await;
        deleted.context("delete application")
    })?;
    ctx.out.line(&format!("application/{} deleted", args.id))
}
