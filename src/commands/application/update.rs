//! `acpctl application update`

use anyhow::Context as _;

use super::application;
use super::fields::Fields;
use crate::commands::named::check_identifier;
use crate::ctx::Ctx;
use crate::resources::APPLICATION;

/// Change an application; only what is given changes
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ID
    id: String,
    #[command(flatten)]
    fields: Fields,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check_identifier("application ID", &args.id)?;
    let client = ctx.client()?;
    let body = args.fields.for_update();
    let record = ctx.block_on(async {
        let record = client
            .update(&APPLICATION, &application(&args.id), body)
            .await;
        record.context("update application")
    })?;
    ctx.out
        .line(&format!("application/{} updated", record.name()))
}
