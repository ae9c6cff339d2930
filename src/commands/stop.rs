//! `acpctl stop`

use super::session_control::{self, SessionArgs};
use crate::ctx::Ctx;

const EXAMPLES: &str = "acpctl stop lead";

/// Stop an agentic session
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    session: SessionArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    args.session
        .act(ctx, "stop", "stopped", &session_control::stop)
}
