//! `acpctl application delete`

use anyhow::Context as _;

use crate::commands::confirm::ConfirmArgs;
use crate::commands::outcome::WriteArgs;
use crate::commands::removal;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::Candidates;

const EXAMPLES: &str = "acpctl application delete web --yes";

/// Delete an application
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::APPLICATIONS)]
    application: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    const DOING: &str = "delete application";
    let given = &args.application;
    let format = args.output.format(ctx)?;
    let applications = Collection::applications();
    applications.check(given)?;
    args.confirm.require(ctx, &format!("application/{given}"))?;
    let client = ctx.client()?;
    let found = ctx.block_on(async {
        let found = lookup::application(client, given).await;
        found.context(DOING)
    })?;
    removal::remove(
        ctx,
        &args.confirm,
        &applications,
        &found,
        given,
        &format,
        DOING,
    )
}
