//! `acpctl stop`

use anyhow::Context as _;

use super::agent::start::phase;
use super::outcome;
use crate::api::{Client, Error, Method};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::resources::{Candidates, Record, SESSION};

/// Stop an agentic session
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ID or name of the session, or name of its agent
    #[arg(add = Candidates::SESSIONS)]
    session: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    lookup::check("session name or ID", &args.session)?;
    let format = args.output.format()?;
    let client = ctx.client()?;
    let session = ctx.block_on(async {
        let sessions = Collection::global(&SESSION);
        lookup::act(client, &sessions, &args.session, async |id| {
            stop(client, id).await
        })
        .await
        .with_context(|| format!("stop session {}", quote(&args.session)))
    })?;
    let sentence = format!("session/{} stopped{}", session.id(), phase(&session));
    outcome::done(ctx, &session, &format, &sentence)
}

/// Asks the server to stop a session.
pub async fn stop(client: &Client, id: &str) -> Result<Record, Error> {
    let sessions = Collection::global(&SESSION);
    client
        .fetch(
            &SESSION,
            &sessions.request_below(Method::Post, id, &["stop"]),
        )
        .await
}
