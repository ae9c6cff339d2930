//! `acpctl provider …`: the providers of a project.

mod create;
mod delete;
mod export;
mod fields;
mod get;
mod list;
mod secret;
mod update;

use clap::Subcommand;

use crate::ctx::Ctx;

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    List(list::Args),
    Get(get::Args),
    Create(create::Args),
    Update(update::Args),
    Delete(delete::Args),
    Export(export::Args),
}

impl Command {
    /// Runs the verb.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::List(args) => list::run(ctx, args),
            Self::Get(args) => get::run(ctx, args),
            Self::Create(args) => create::run(ctx, args),
            Self::Update(args) => update::run(ctx, args),
            Self::Delete(args) => delete::run(ctx, args),
            Self::Export(args) => export::run(ctx, args),
        }
    }
}
