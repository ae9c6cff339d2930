//! `acpctl scheduled-session suspend`

use super::target::{self, Target};
use crate::ctx::Ctx;
use crate::output::OutputArgs;

/// Suspend a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    target::switch(ctx, &args.target, &args.output, "suspend", "suspended")
}
