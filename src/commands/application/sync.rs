//! `acpctl application sync`

use anyhow::Context as _;

use super::application;
use crate::api::Body;
use crate::commands::named::check_identifier;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs};
use crate::resources::APPLICATION;

/// Ask for a sync of an application
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ID
    id: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    check_identifier("application ID", &args.id)?;
    let mut body = Body::new();
    body.set("operation_phase", "Running");
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let record = client
            .update(&APPLICATION, &application(&args.id), body)
            .await;
        record.context("sync application")
    })?;
    match format {
        Format::Table | Format::Wide => ctx
            .out
            .line(&format!("application/{} sync triggered", record.name())),
        format => ctx.out.record(&record, &format, ctx.now()),
    }
}
