//! `acpctl local backup`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::deferred::Deferred;
use super::store;
use crate::commands::outcome::{self, WriteArgs};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::progress;
use crate::text::command::shell_word;
use crate::text::quote;

const EXAMPLES: &str = "acpctl local backup ~/ambient-backup.db";

/// Copy the store to a new file, even while it is in use
///
/// Tokens stay sealed in the copy, and the copy does not contain the key. Keep the key as well, or the tokens are lost.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// New file
    file: PathBuf,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    if args.file.symlink_metadata().is_ok() {
        let file = args.file.display().to_string();
        let message = format!("back the store up: {} exists already", quote(&file));
        return Err(Failure::new(Kind::Other, message)
            .hint("name a new file")
            .into());
    }
    let folder = args.file.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
    if let Some(folder) = folder {
        let folder = folder.display().to_string();
        let message = format!("back the store up: {} is not a folder", quote(&folder));
        return Err(Failure::new(Kind::Other, message)
            .hint(format!("make it first: mkdir -p {}", shell_word(&folder)))
            .into());
    }
    let mut key = None;
    if ctx.rehearses() {
        store::check_existing()?;
    } else {
        key = copy(args)?;
    }
    let file = args.file.display().to_string();
    let result = json!({"backed_up_to": file});
    outcome::said(ctx, &format, &format!("Backed up to {file}"), &result)?;
    match key {
        Some(place) if Path::new(&place).is_absolute() && !Path::new(&place).exists() => ctx
            .out
            .warn(&format!("the key of the store is missing from {place}, and nobody can read the secrets in the copy without it")),
        Some(place) => ctx.out.aside(&format!(
            "The key is not in the copy, and nobody can read its secrets without the key: keep that too, it is in {place}"
        )),
        None => {}
    }
    Ok(())
}

/// Writes the copy. Returns the place of the key, which a backup is worth nothing without.
fn copy(args: &Args) -> anyhow::Result<Option<String>> {
    let progress = progress::begin("Copying the store");
    let state = store::open()?;
    let signals = Deferred::begin()?;
    state.backup(&args.file).context("back the store up")?;
    drop(progress);
    if let Err(status) = signals.check() {
        let _ = std::fs::remove_file(&args.file);
        return Err(status.into());
    }
    Ok(state.key_place()?)
}
