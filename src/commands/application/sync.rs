//! `acpctl application sync`

use super::operation::{self, Target};
use crate::ctx::Ctx;

/// Ask for a sync of an application
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    operation::trigger(ctx, &args.target, "sync", "operation_phase", "Running")
}
