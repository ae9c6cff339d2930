//! `acpctl session …`: what a session makes out of credentials, shown, done and explained here.

mod exec;
mod explain;
mod from_env;
mod mcp_config;
mod preview;
mod probe;
mod source;

use clap::Subcommand;

use crate::ctx::Ctx;

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Preview(preview::Args),
    Explain(explain::Args),
    Exec(exec::Args),
    McpConfig(mcp_config::Args),
    Probe(probe::Args),
}

impl Command {
    /// Runs the verb.
    ///
    /// # Errors
    /// What it could not do.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::Preview(args) => preview::run(ctx, args),
            Self::Explain(args) => explain::run(ctx, args),
            Self::Exec(args) => exec::run(ctx, args),
            Self::McpConfig(args) => mcp_config::run(ctx, args),
            Self::Probe(args) => probe::run(ctx, args),
        }
    }
}
