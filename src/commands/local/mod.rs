//! `acpctl local …`: back up, restore, re-key, export and import the store of the embedded API.

mod backup;
mod binding;
mod contents;
mod deferred;
mod export;
mod import;
mod manifest;
mod rekey;
mod restore;
pub(crate) mod store;

use clap::Subcommand;

use crate::ctx::Ctx;

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
    /// When the verb fails.
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
