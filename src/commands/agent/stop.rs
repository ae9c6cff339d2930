//! `acpctl agent stop`

use anyhow::Context as _;

use super::one_or_all::{all_agents, for_each, one_or_all};
use crate::api::{Client, path};
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::{outcome, session_control};
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::Format;
use crate::resources::{ACTIVE_PHASES, Candidates, Record, SESSION};

const EXAMPLES: &str = "\
acpctl agent stop lead
# Every agent of the project
acpctl agent stop --all";

/// Stop an agent's session
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::AGENTS)]
    agent: Option<String>,
    /// Every agent of the project
    #[arg(short = 'A', long)]
    all: bool,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let format = args.output.format(ctx)?;
    let client = ctx.client()?;
    match one_or_all(args.agent.as_deref(), args.all)? {
        Some(given) => {
            let agent = ctx.block_on(lookup::agent(client, &project, given))?;
            stop(ctx, client, &project, &agent, &format)
        }
        None => {
            let agents = ctx.block_on(all_agents(client, &project))?;
            for_each(ctx, &agents, "stop", |agent| {
                stop(ctx, client, &project, agent, &format)
            })
        }
    }
}

/// Stops the session that an agent names, if it is running. With `-o`, shows the session, or the agent if it has none.
fn stop(
    ctx: &Ctx,
    client: &Client,
    project: &str,
    agent: &Record,
    format: &Format,
) -> anyhow::Result<()> {
    let id = agent.text("current_session_id");
    let label = format!("agent/{}", agent.name());
    if id.is_empty() {
        return outcome::done(
            ctx,
            agent,
            format,
            &format!("{label} has no active session"),
        );
    }
    let (session, sentence) = ctx.block_on(async {
        let session = match client.get(&SESSION, &path(&["sessions", id])).await {
            // A session that the server does not know is gone. Any other refusal is a failure.
            Err(error) if error.is_not_found() => {
                let sentence = format!("{label} session/{id} not found — already cleaned up");
                return Ok((agent.clone(), sentence));
            }
            other => other.with_context(|| format!("stop {label} session/{id}"))?,
        };
        lookup::check_session_of(project, agent, &session)
            .with_context(|| format!("stop {label} session/{id}"))?;
        let phase = session.text("phase");
        if !ACTIVE_PHASES.contains(&phase) {
            let sentence = format!("{label} session/{id} already {phase}");
            return Ok((session, sentence));
        }
        let stopped = session_control::stop(client, id)
            .await
            .with_context(|| format!("stop {label} session/{id}"))?;
        let phase = match stopped.text("phase") {
            _ if ctx.rehearses() => String::new(),
            phase => format!(" (phase: {phase})"),
        };
        Ok((stopped, format!("{label} session/{id} stopped{phase}")))
    })?;
    outcome::done(ctx, &session, format, &sentence)
}
