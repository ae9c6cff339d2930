//! `acpctl scheduled-session resume`

use serde_json::Value;

use super::lookup::{self, Target};
use crate::ctx::Ctx;
use crate::resources::Record;

/// Resume a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let record = lookup::act(ctx, &args.target, "resume")?;
    ctx.out.line(&format!(
        "scheduled-session/{} resumed (enabled={})",
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
