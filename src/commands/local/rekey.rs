//! `acpctl local rekey`

use anyhow::Context as _;

use super::deferred::Deferred;
use super::store;
use crate::ctx::Ctx;
use crate::output::progress;

/// Seal every token of the store with a new key, and forget the old one
///
/// Backups made before need the old key.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(ctx: &Ctx, _args: &Args) -> anyhow::Result<()> {
    let progress = progress::begin("Sealing every token anew");
    let state = store::open()?;
    // A signal waits until every token has its new key and the old one is gone.
    let signals = Deferred::begin()?;
    let sealed = state.rekey().context("seal with a new key")?;
    drop(progress);
    ctx.out
        .line(&format!("Sealed {sealed} tokens with a new key"))?;
    Ok(signals.check()?)
}
