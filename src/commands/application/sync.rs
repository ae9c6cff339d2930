//! `acpctl application sync`

use super::operation::{self, TriggerArgs};
use crate::ctx::Ctx;

const EXAMPLES: &str = "acpctl application sync web";

/// Request a sync of an application
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    trigger: TriggerArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    operation::trigger(ctx, &args.trigger, "sync", "operation_phase", "Running")
}
