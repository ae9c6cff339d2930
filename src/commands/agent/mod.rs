//! `acpctl agent …` (docs/interface/cli-resources.md section 4).

mod agent_args;
mod create;
mod delete;
mod export;
mod get;
mod list;
mod one_or_all;
mod sessions;
mod start;
mod start_preview;
mod stop;
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
    Start(start::Args),
    Stop(stop::Args),
    StartPreview(start_preview::Args),
    Sessions(sessions::Args),
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
            Self::Start(args) => start::run(ctx, args),
            Self::Stop(args) => stop::run(ctx, args),
            Self::StartPreview(args) => start_preview::run(ctx, args),
            Self::Sessions(args) => sessions::run(ctx, args),
            Self::Export(args) => export::run(ctx, args),
        }
    }
}
