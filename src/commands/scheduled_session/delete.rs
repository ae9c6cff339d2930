//! `acpctl scheduled-session delete`

use super::schedule::ScheduleArgs;
use crate::commands::confirm::ConfirmArgs;
use crate::commands::outcome::WriteArgs;
use crate::commands::removal;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};

const EXAMPLES: &str = "acpctl scheduled-session delete nightly --yes";

/// Delete a scheduled session
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: ScheduleArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.target.project(ctx)?;
    let format = args.output.format(ctx)?;
    let given = args.target.schedule()?;
    args.confirm
        .require(ctx, &format!("scheduled-session/{given}"))?;
    let client = ctx.client()?;
    let found = ctx.block_on(lookup::scheduled_session(client, &project, given))?;
    let schedules = Collection::scheduled_sessions(&project);
    removal::remove(
        ctx,
        &args.confirm,
        &schedules,
        &found,
        given,
        &format,
        "delete scheduled session",
    )
}
