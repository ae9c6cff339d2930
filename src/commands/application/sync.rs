//! `acpctl application sync`

use super::operation::{self, TriggerArgs};
use crate::ctx::Ctx;

/// Request a sync of an application
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    trigger: TriggerArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    operation::trigger(ctx, &args.trigger, "sync", "operation_phase", "Running")
}
