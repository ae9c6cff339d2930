//! `agent start` and `agent stop` take one agent, or with `--all` every agent of the project.

use anyhow::Context as _;

use crate::api::Client;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::progress;
use crate::resources::{AGENT, Record};

/// Returns the agent that was named, or `None` for `--all`.
///
/// # Errors
/// If both or neither are given, in the Go tool's words.
pub(super) fn one_or_all(given: Option<&str>, all: bool) -> Result<Option<&str>, Failure> {
    match (given.filter(|given| !given.is_empty()), all) {
        (None, false) => Err(Failure::usage(
            "agent name or ID is required (or use --all)",
        )),
        (Some(_), true) => Err(Failure::usage("cannot specify agent name with --all")),
        (given, _) => Ok(given),
    }
}

/// Lists all agents of a project.
///
/// # Errors
/// Those of the request; and if the project does not exist.
pub(super) async fn all_agents(client: &Client, project: &str) -> anyhow::Result<Vec<Record>> {
    let all = client
        .every(&AGENT, &Collection::agents(project).path, Some(project))
        .await
        .context("list agents")?;
    lookup::doubt_empty(client, &all, project).await?;
    Ok(all)
}

/// Calls `action` for each agent. A failure is reported and does not keep the other agents from their turn.
///
/// # Errors
/// If `action` failed for any agent.
pub(super) fn for_each(
    ctx: &Ctx,
    agents: &[Record],
    verb: &str,
    action: impl Fn(&Record) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if agents.is_empty() {
        return ctx.out.tell("no agents in project");
    }
    let mut failed = 0;
    let progress = progress::begin(format!("Asking agents to {verb}"));
    for (n, agent) in agents.iter().enumerate() {
        let count = agents.len();
        progress.say(|| {
            format!(
                "Asking agents to {verb}, {} of {count}: {}",
                n + 1,
                agent.name()
            )
        });
        if let Err(error) = action(agent) {
            failed += 1;
            ctx.out.note(&format!("agent/{}: {error:#}", agent.name()));
        }
    }
    if failed > 0 {
        anyhow::bail!("{failed} of {} agents failed to {verb}", agents.len());
    }
    Ok(())
}
