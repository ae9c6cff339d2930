//! `acpctl scheduled-session suspend`

use serde_json::Value;

use super::lookup::{self, Target};
use crate::ctx::Ctx;
use crate::resources::Record;

/// Suspend a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let record = lookup::act(ctx, &args.target, "suspend")?;
    ctx.out.line(&format!(
        "scheduled-session/{} suspended (enabled={})",
        record.name(),
        enabled(&record)
    ))
}

fn enabled(record: &Record) -> bool {
    record
        .value("enabled")
        .and_then(Value::as_bool)
        .unwrap_or(false)
}
