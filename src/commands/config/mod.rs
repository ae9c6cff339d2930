//! `acpctl config …` (docs/interface/cli-core.md section 7.6).

mod get;
mod path;
mod set;
mod unset;
mod values;
mod view;

use clap::Subcommand;

use crate::ctx::Ctx;

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Get(get::Args),
    Set(set::Args),
    Unset(unset::Args),
    View(view::Args),
    Path(path::Args),
}

impl Command {
    /// Runs the verb.
    ///
    /// # Errors
    /// The verb failed.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::Get(args) => get::run(ctx, args),
            Self::Set(args) => set::run(ctx, args),
            Self::Unset(args) => unset::run(ctx, args),
            Self::View(args) => view::run(ctx, args),
            Self::Path(args) => path::run(ctx, args),
        }
    }
}
