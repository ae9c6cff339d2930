//! `acpctl scheduled-session trigger`

use super::lookup::{self, Target};
use crate::ctx::Ctx;

/// Run a scheduled session now
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    lookup::act(ctx, &args.target, "trigger")?;
    ctx.out.line(&format!(
        "scheduled-session/{} triggered",
        args.target.session
    ))
}
