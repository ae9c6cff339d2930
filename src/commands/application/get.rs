//! `acpctl application get`

use anyhow::Context as _;

use super::application;
use crate::commands::named::check_identifier;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::APPLICATION;

/// Show an application
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
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let record = client.get(&APPLICATION, &application(&args.id)).await;
        record.with_context(|| format!("get application {}", quote(&args.id)))
    })?;
    ctx.out.record(&record, &format, ctx.now())
}
