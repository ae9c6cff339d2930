//! `acpctl agent stop`

use anyhow::Context as _;

use super::lookup;
use super::start::{everyone, for_each, one_or_all};
use crate::api::{Client, path};
use crate::commands::stop;
use crate::ctx::Ctx;
use crate::resources::{Record, SESSION};

/// Stop an agent's session
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    agent: Option<String>,
    /// Every agent of the project
    #[arg(short = 'A', long)]
    all: bool,
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    project_id: Option<String>,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.project_id.as_deref())?;
    let client = ctx.client()?;
    match one_or_all(args.agent.as_deref(), args.all)? {
        Some(given) => {
            let agent = ctx.block_on(async { lookup::resolve(client, &project, given).await })?;
            end(ctx, client, &agent)
        }
        None => {
            let agents = ctx.block_on(async { everyone(client, &project).await })?;
            for_each(ctx, &agents, "stop", |agent| end(ctx, client, agent))
        }
    }
}

/// Stops the session that an agent names, if it runs.
fn end(ctx: &Ctx, client: &Client, agent: &Record) -> anyhow::Result<()> {
    let id = agent.text("current_session_id");
    let named = format!("agent/{}", agent.name());
    if id.is_empty() {
        return ctx.out.line(&format!("{named} has no active session"));
    }
    let said = ctx.block_on(async {
        let session = match client.get(&SESSION, &path(&["sessions", id])).await {
            // Only what the server does not know is gone; any other failure is one.
            Err(error) if error.is_not_found() => {
                return Ok(format!(
                    "{named} session/{id} not found — already cleaned up"
                ));
            }
            other => other.with_context(|| format!("stop {named} session/{id}"))?,
        };
        if !matches!(session.text("phase"), "Pending" | "Creating" | "Running") {
            return Ok(format!(
                "{named} session/{id} already {}",
                session.text("phase")
            ));
        }
        let stopped = stop::stop(client, id)
            .await
            .with_context(|| format!("stop {named} session/{id}"))?;
        Ok(format!(
            "{named} session/{id} stopped (phase: {})",
            stopped.text("phase")
        ))
    })?;
    ctx.out.line(&said)
}
