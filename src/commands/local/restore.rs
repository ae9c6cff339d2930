//! `acpctl local restore`

use std::path::PathBuf;

use serde_json::json;

use super::deferred::Deferred;
use super::store;
use crate::commands::outcome::{self, WriteArgs};
use crate::compat::io_reason::reason;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::{progress, prompt};
use crate::server::StoreError;
use crate::text::acpctl;
use crate::text::quote;

const EXAMPLES: &str = "acpctl local restore ~/ambient-backup.db --yes";

/// Replace the store with a backup, even while the store is in use
///
/// Everything stored since the backup is lost. Reading its tokens requires the key that was in use when the backup was
/// made.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// File that `local backup` wrote
    file: PathBuf,
    /// Skip the confirmation
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let file = args.file.display().to_string();
    // Checked first, so that nobody confirms a replacement by a missing file.
    std::fs::metadata(&args.file).map_err(|error| {
        Failure::new(
            Kind::Other,
            format!("read {}: {}", quote(&file), reason(&error)),
        )
    })?;
    let result = json!({"restored_from": file});
    let sentence = format!("Restored from {file}");
    if ctx.rehearses() {
        store::check_existing()?;
        return outcome::said(ctx, &format, &sentence, &result);
    }
    if !args.yes {
        if !ctx.may_ask() {
            return Err(Failure::new(Kind::Input, "add --yes to replace the store")
                .hint(acpctl(&["local", "restore", &file, "--yes"]))
                .into());
        }
        if !prompt::confirm("Replace everything in the store?")? {
            ctx.out.note("Aborted.");
            return Ok(());
        }
    }
    let progress = progress::begin("Restoring the store");
    let state = store::open()?;
    // A signal takes effect only when the store is completely the old or the new one.
    let signals = Deferred::begin()?;
    state.restore(&args.file).map_err(failed)?;
    drop(progress);
    outcome::said(ctx, &format, &sentence, &result)?;
    Ok(signals.check()?)
}

/// Returns the failure, for a backup without its key with the place where that belongs.
fn failed(error: StoreError) -> anyhow::Error {
    let what = "restore the store";
    let hint = match &error {
        StoreError::KeyMissing { place } => {
            format!("first bring the key that was kept with the backup to {place}")
        }
        StoreError::OtherKey(_) => {
            "first bring the key that was kept with the backup to the place of the one in use; keep that one too"
                .to_owned()
        }
        _ => return store::failed(what, error),
    };
    Failure::new(Kind::Other, format!("{what}: {error}"))
        .hint(hint)
        .into()
}
