//! `acpctl session …`: talks to sessions (docs/interface/cli-resources.md section 3), and shows, explains and does here
//! what a session does with credentials (docs/interface/runner.md).

mod events;
mod events_history;
mod exec;
mod explain;
mod follow;
mod from_env;
mod interrupt;
mod logs;
mod mcp_config;
mod mcp_server;
mod messages;
mod policy;
mod preview;
mod probe;
mod render;
mod sandbox;
mod selection;
mod send;
mod stored;
mod target;
mod text;
mod view;

use clap::Subcommand;

pub(crate) use exec::{ChildArgs, with_credential};

use crate::ctx::Ctx;

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Messages(messages::Args),
    Send(send::Args),
    Events(events::Args),
    EventsHistory(events_history::Args),
    Logs(logs::Args),
    Policy(policy::Args),
    Interrupt(interrupt::Args),
    Preview(preview::Args),
    Explain(explain::Args),
    Exec(exec::Args),
    McpConfig(mcp_config::Args),
    Probe(probe::Args),
}

impl Command {
    /// Runs the verb.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::Messages(args) => messages::run(ctx, args),
            Self::Send(args) => send::run(ctx, args),
            Self::Events(args) => events::run(ctx, args),
            Self::EventsHistory(args) => events_history::run(ctx, args),
            Self::Logs(args) => logs::run(ctx, args),
            Self::Policy(args) => policy::run(ctx, args),
            Self::Interrupt(args) => interrupt::run(ctx, args),
            Self::Preview(args) => preview::run(ctx, args),
            Self::Explain(args) => explain::run(ctx, args),
            Self::Exec(args) => exec::run(ctx, args),
            Self::McpConfig(args) => mcp_config::run(ctx, args),
            Self::Probe(args) => probe::run(ctx, args),
        }
    }
}
