//! `acpctl scheduled-session delete`

use super::target::{Target, schedules};
use crate::commands::confirm::ConfirmArgs;
use crate::commands::removal;
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::OutputArgs;

/// Delete a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.target.project_id.as_deref())?;
    let format = args.output.format()?;
    args.target.check()?;
    let given = &args.target.session;
    args.confirm
        .require(ctx, &format!("scheduled-session/{given}"))?;
    let client = ctx.client()?;
    let found = ctx.block_on(lookup::scheduled_session(client, &project, given))?;
    removal::remove(
        ctx,
        &args.confirm,
        &schedules(&project),
        &found,
        given,
        &format,
        "delete scheduled session",
    )
}
