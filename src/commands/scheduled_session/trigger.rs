//! `acpctl scheduled-session trigger`

use super::target::{self, Target};
use crate::ctx::Ctx;
use crate::output::OutputArgs;

/// Run a scheduled session now
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    target::trigger(ctx, &args.target, &args.output)
}
