//! `acpctl application refresh`

use super::operation::{Operation, TriggerArgs};
use crate::api::Body;
use crate::commands::outcome;
use crate::ctx::Ctx;

const EXAMPLES: &str = "acpctl application refresh web";

/// Refresh the status of an application
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    trigger: TriggerArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    const REFRESH: Operation = Operation {
        verb: "refresh",
        field: ("sync_status", "Unknown"),
    };
    let format = args.trigger.output.format(ctx)?;
    let record = REFRESH.request(ctx, &args.trigger, &Body::new())?;
    let sentence = format!(
        "application/{} refreshed (sync: {}, health: {})",
        record.name(),
        record.text("sync_status"),
        record.text("health_status")
    );
    outcome::done(ctx, &record, &format, &sentence)
}
