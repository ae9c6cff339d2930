//! `acpctl local rekey`

use anyhow::Context as _;

use super::deferred::Deferred;
use super::store;
use crate::commands::outcome::{self, DryRunArgs};
use crate::ctx::Ctx;
use crate::output::progress;

const EXAMPLES: &str = "acpctl local rekey";

/// Seal every token of the store with a new key and forget the old one
///
/// Reading the tokens of earlier backups still requires the old key.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    dry_run: DryRunArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    if args.dry_run.rehearse(ctx) {
        store::check_existing()?;
        let done = outcome::sentence(ctx, "Sealed every token with a new key");
        return ctx.out.line(&done);
    }
    let progress = progress::begin("Sealing every token again");
    let state = store::open()?;
    // A signal takes effect only after every token has its new key and the old key is gone.
    let signals = Deferred::begin()?;
    let sealed = state.rekey().context("seal with a new key")?;
    drop(progress);
    ctx.out
        .line(&format!("Sealed {sealed} tokens with a new key"))?;
    Ok(signals.check()?)
}
