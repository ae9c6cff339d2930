//! `acpctl application delete`

use anyhow::Context as _;

use super::applications;
use crate::commands::confirm::ConfirmArgs;
use crate::commands::removal;
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::OutputArgs;
use crate::resources::Candidates;

/// Delete an application
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::APPLICATIONS)]
    application: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    const DOING: &str = "delete application";
    let given = &args.application;
    let format = args.output.format()?;
    lookup::check("application name or ID", given)?;
    args.confirm.require(ctx, &format!("application/{given}"))?;
    let client = ctx.client()?;
    let found = ctx.block_on(async {
        let found = lookup::application(client, given).await;
        found.context(DOING)
    })?;
    let all = applications();
    removal::remove(ctx, &args.confirm, &all, &found, given, &format, DOING)
}
