//! `acpctl scheduled-session suspend`

use super::schedule::ActionArgs;
use crate::ctx::Ctx;

/// Suspend a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    action: ActionArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    args.action.switch(ctx, "suspend", "suspended")
}
