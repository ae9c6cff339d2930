//! `acpctl scheduled-session suspend`

use super::schedule::ActionArgs;
use crate::ctx::Ctx;

const EXAMPLES: &str = "acpctl scheduled-session suspend nightly";

/// Suspend a scheduled session
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    action: ActionArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    args.action.switch(ctx, "suspend", "suspended")
}
