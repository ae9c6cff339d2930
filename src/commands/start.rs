//! `acpctl start`: `agent start` under its older name.

use anyhow::Context as _;

use super::agent::start::{begin, deliver, say_started};
use super::agent::{agents, check};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup;
use crate::output::OutputArgs;
use crate::resources::Candidates;

/// Start a session for a project-agent (idempotent)
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID of the agent
    #[arg(add = Candidates::AGENTS)]
    agent: String,
    /// Project ID (default: the current project)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
    project_id: Option<String>,
    /// Task prompt for this session run: the session's first message
    #[arg(long)]
    prompt: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check(&args.agent)?;
    let format = args.output.format()?;
    if args.project_id.is_none() && ctx.settings()?.project.value.is_none() {
        return Err(Failure::usage("--project-id is required").into());
    }
    let project = ctx.project(args.project_id.as_deref())?;
    let client = ctx.client()?;
    let prompt = args.prompt.as_deref();
    let started = ctx.block_on(async {
        lookup::act(client, &agents(&project), &args.agent, async |id| {
            begin(client, &project, id, prompt).await
        })
        .await
        .with_context(|| format!("start agent {}", quote(&args.agent)))
    })?;
    let named = format!("project-agent/{}", args.agent);
    say_started(ctx, &started, &named, &format)?;
    deliver(ctx, &started, prompt)
}
