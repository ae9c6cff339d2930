//! `acpctl scheduled-session trigger`

use super::schedule::ActionArgs;
use crate::ctx::Ctx;

const EXAMPLES: &str = "acpctl scheduled-session trigger nightly";

/// Run a scheduled session now
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    action: ActionArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    args.action.trigger(ctx)
}
