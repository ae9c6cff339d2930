//! `acpctl scheduled-session …` (docs/interface/cli-resources.md section 5).

mod create;
mod delete;
mod fields;
mod get;
mod list;
mod resume;
mod runs;
mod schedule;
mod suspend;
mod trigger;
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
    Suspend(suspend::Args),
    Resume(resume::Args),
    Trigger(trigger::Args),
    Runs(runs::Args),
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
            Self::Suspend(args) => suspend::run(ctx, args),
            Self::Resume(args) => resume::run(ctx, args),
            Self::Trigger(args) => trigger::run(ctx, args),
            Self::Runs(args) => runs::run(ctx, args),
        }
    }
}
