//! `acpctl local rekey`

use serde_json::json;

use super::deferred::Deferred;
use super::store;
use crate::commands::outcome::{self, WriteArgs};
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
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    if ctx.rehearses() {
        store::check_existing()?;
        let result = json!({"sealed": null});
        return outcome::said(ctx, &format, "Sealed all tokens with a new key", &result);
    }
    let progress = progress::begin("Sealing every token again");
    let state = store::open()?;
    // A signal takes effect only after every token has its new key and the old key is gone.
    let signals = Deferred::begin()?;
    let sealed = state
        .rekey()
        .map_err(|why| store::failed("seal with a new key", why))?;
    drop(progress);
    let tokens = if sealed == 1 { "token" } else { "tokens" };
    let sentence = format!("Sealed {sealed} {tokens} with a new key");
    outcome::said(ctx, &format, &sentence, &json!({"sealed": sealed}))?;
    Ok(signals.check()?)
}
