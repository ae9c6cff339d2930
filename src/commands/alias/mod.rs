//! `acpctl alias …`: names of the user's own for command lines, in the configuration file.

mod delete;
mod list;
mod set;

use clap::Subcommand;

use crate::ctx::Ctx;

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Set(set::Args),
    List(list::Args),
    Delete(delete::Args),
}

impl Command {
    /// Runs the verb. `root` is the definition of the program.
    pub fn run(&self, ctx: &Ctx, root: &clap::Command) -> anyhow::Result<()> {
        match self {
            Self::Set(args) => set::run(ctx, args, root),
            Self::List(args) => list::run(ctx, args),
            Self::Delete(args) => delete::run(ctx, args),
        }
    }
}
