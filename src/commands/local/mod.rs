//! `acpctl local …`: the embedded API's store.

mod backup;
mod deferred;
mod export;
mod import;
mod manifest;
mod rekey;
mod restore;

use clap::Subcommand;

use crate::api::local::key_policy;
use crate::config::paths;
use crate::ctx::Ctx;
use crate::globals::Globals;
use crate::server::{AppState, Options};

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Backup(backup::Args),
    Restore(restore::Args),
    Rekey(rekey::Args),
    Export(export::Args),
    Import(import::Args),
}

impl Command {
    /// Runs the verb.
    ///
    /// # Errors
    /// What it could not do.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::Backup(args) => backup::run(ctx, args),
            Self::Restore(args) => restore::run(ctx, args),
            Self::Rekey(args) => rekey::run(ctx, args),
            Self::Export(args) => export::run(ctx, args),
            Self::Import(args) => import::run(ctx, args),
        }
    }
}

/// A context whose API is the embedded one.
fn embedded(ctx: &Ctx) -> Ctx {
    Ctx::new(Globals {
        local: true,
        ..ctx.globals.clone()
    })
}

/// Opens the store of this user.
fn open() -> anyhow::Result<AppState> {
    let directory = paths::data_dir()?;
    let options = Options {
        key: key_policy()?,
        ..Options::default()
    };
    Ok(AppState::open(&directory, options)?)
}
