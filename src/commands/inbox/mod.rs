//! `acpctl inbox …` (docs/interface/cli-resources.md section 6).

mod delete;
mod list;
mod mark_read;
mod owner;
mod send;

use clap::Subcommand;

use crate::ctx::Ctx;

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    List(list::Args),
    Send(send::Args),
    MarkRead(mark_read::Args),
    Delete(delete::Args),
}

impl Command {
    /// Runs the verb.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::List(args) => list::run(ctx, args),
            Self::Send(args) => send::run(ctx, args),
            Self::MarkRead(args) => mark_read::run(ctx, args),
            Self::Delete(args) => delete::run(ctx, args),
        }
    }
}
