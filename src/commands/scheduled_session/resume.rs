//! `acpctl scheduled-session resume`

use super::target::{self, Target};
use crate::ctx::Ctx;
use crate::output::OutputArgs;

/// Resume a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    target::switch(ctx, &args.target, &args.output, "resume", "resumed")
}
