//! `acpctl session policy`

use super::sandbox::{self, Kept, SandboxArgs};
use crate::ctx::Ctx;

const EXAMPLES: &str = "acpctl session policy fix";

/// Show the policy that a session's sandbox has
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: SandboxArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let kept = Kept {
        part: "policy",
        snapshot: "sandbox_policy_snapshot",
        instead: None,
    };
    sandbox::show(ctx, &args.target, &kept)
}
