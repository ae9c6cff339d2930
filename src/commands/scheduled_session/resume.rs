//! `acpctl scheduled-session resume`

use super::lookup::{self, Target};
use crate::ctx::Ctx;

/// Resume a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    lookup::switch(ctx, &args.target, "resume", "resumed")
}
