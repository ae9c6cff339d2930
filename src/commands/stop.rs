//! `acpctl stop`

use super::session_control::{self, SessionArgs};
use crate::ctx::Ctx;

const EXAMPLES: &str = "acpctl stop lead";

/// Stop agentic sessions
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    sessions: SessionArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    args.sessions
        .act(ctx, "stop", "stopped", &session_control::stop_if_active)
}
