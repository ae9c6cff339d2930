//! `acpctl stop`

use super::session_control::{self, SessionArgs, Verb};
use crate::ctx::Ctx;

const EXAMPLES: &str = "acpctl stop lead";

/// Stop agentic sessions
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    sessions: SessionArgs,
    /// Leave out sessions that do not exist
    #[arg(long)]
    ignore_not_found: bool,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let verb = Verb {
        word: "stop",
        done: "stopped",
        ignores_missing: args.ignore_not_found,
        instead: None,
    };
    args.sessions
        .act(ctx, &verb, &session_control::stop_if_active)
}
