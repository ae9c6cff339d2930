//! `acpctl agent stop`

use anyhow::Context as _;

use super::start::{everyone, for_each, one_or_all};
use crate::api::{Client, path};
use crate::commands::{outcome, stop};
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::{Format, OutputArgs};
use crate::resources::{Candidates, Record, SESSION};

/// Stop an agent's session
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::AGENTS)]
    agent: Option<String>,
    /// Every agent of the project
    #[arg(short = 'A', long)]
    all: bool,
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
    project_id: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.project_id.as_deref())?;
    let format = args.output.format()?;
    let client = ctx.client()?;
    match one_or_all(args.agent.as_deref(), args.all)? {
        Some(given) => {
            let agent = ctx.block_on(lookup::agent(client, &project, given))?;
            end(ctx, client, &agent, &format)
        }
        None => {
            let agents = ctx.block_on(async { everyone(client, &project).await })?;
            for_each(ctx, &agents, "stop", |agent| {
                end(ctx, client, agent, &format)
            })
        }
    }
}

/// Stops the session that an agent names, if it runs. With `-o` the session is shown, or, where there is none, the
/// agent.
fn end(ctx: &Ctx, client: &Client, agent: &Record, format: &Format) -> anyhow::Result<()> {
    let id = agent.text("current_session_id");
    let named = format!("agent/{}", agent.name());
    if id.is_empty() {
        return outcome::done(
            ctx,
            agent,
            format,
            &format!("{named} has no active session"),
        );
    }
    let (session, said) = ctx.block_on(async {
        let session = match client.get(&SESSION, &path(&["sessions", id])).await {
            // Only what the server does not know is gone; any other failure is one.
            Err(error) if error.is_not_found() => {
                let said = format!("{named} session/{id} not found — already cleaned up");
                return Ok((agent.clone(), said));
            }
            other => other.with_context(|| format!("stop {named} session/{id}"))?,
        };
        if !matches!(session.text("phase"), "Pending" | "Creating" | "Running") {
            let said = format!("{named} session/{id} already {}", session.text("phase"));
            return Ok((session, said));
        }
        let stopped = stop::stop(client, id)
            .await
            .with_context(|| format!("stop {named} session/{id}"))?;
        let said = format!(
            "{named} session/{id} stopped (phase: {})",
            stopped.text("phase")
        );
        Ok((stopped, said))
    })?;
    outcome::done(ctx, &session, format, &said)
}
