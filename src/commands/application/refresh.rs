//! `acpctl application refresh`

use super::operation::{self, TriggerArgs};
use crate::ctx::Ctx;

/// Request a refresh of an application
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    trigger: TriggerArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    operation::trigger(ctx, &args.trigger, "refresh", "sync_status", "Unknown")
}
