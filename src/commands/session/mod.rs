//! `acpctl session …` (contract cli-resources.md section 3).

mod events;
mod follow;
mod messages;
mod render;
mod send;
mod text;

use clap::Subcommand;

use crate::ctx::Ctx;

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Messages(messages::Args),
    Send(send::Args),
    Events(events::Args),
}

impl Command {
    /// Runs the verb.
    ///
    /// # Errors
    /// What it could not do.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::Messages(args) => messages::run(ctx, args),
            Self::Send(args) => send::run(ctx, args),
            Self::Events(args) => events::run(ctx, args),
        }
    }
}
