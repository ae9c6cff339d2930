//! `acpctl options`

use clap::Command;

use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::help;

const EXAMPLES: &str = "\
acpctl options
# For one run: another server, and a longer wait for its answers
acpctl --api-url http://127.0.0.1:8000 credential list --request-timeout 90s";

/// List the flags that every command takes
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(crate) fn run(ctx: &Ctx, _args: &Args, root: Command) -> anyhow::Result<()> {
    ctx.out.pages(&help::options(&ctx.out, root))
}
