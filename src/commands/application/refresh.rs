//! `acpctl application refresh`

use super::operation::{self, Target};
use crate::ctx::Ctx;

/// Ask for a refresh of an application
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    operation::trigger(ctx, &args.target, "refresh", "sync_status", "Unknown")
}
