//! `acpctl agent …` (contract cli-resources.md section 4).

mod create;
mod delete;
mod get;
mod list;
mod sessions;
pub mod start;
mod start_preview;
mod stop;
mod update;

use clap::Subcommand;

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::AGENT;

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
}

impl Command {
    /// Runs the verb.
    ///
    /// # Errors
    /// What it could not do.
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
        }
    }
}

/// The agents of a project.
pub fn agents(project: &str) -> Collection {
    Collection::of_project(&AGENT, project)
}

/// Refuses what can't name an agent.
///
/// # Errors
/// In the Go tool's words.
pub fn check(given: &str) -> Result<(), Failure> {
    lookup::check("agent name or ID", given)
}
