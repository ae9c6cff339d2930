//! `acpctl session logs`

use super::sandbox::{self, Kept, SandboxArgs};
use crate::ctx::Ctx;

const EXAMPLES: &str = "acpctl session logs fix";

/// Show the logs of a session's sandbox, also after it has ended
///
/// `acpctl session messages` shows what the session itself says and does.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: SandboxArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let kept = Kept {
        part: "logs",
        snapshot: "sandbox_logs_snapshot",
        instead: Some(("messages", "what it says and does")),
    };
    sandbox::show(ctx, &args.target, &kept)
}
