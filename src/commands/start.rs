//! `acpctl start`: the Go tool's older name of `agent start`.

use anyhow::Context as _;

use super::server_mode::{self, ServerModeArgs, StrictArgs};
use super::session_control;
use crate::commands::outcome::WriteArgs;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::Candidates;

const EXAMPLES: &str = "acpctl start lead --prompt 'Fix the build'";

/// Start a session for a project-agent (idempotent)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
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
    mode: ServerModeArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    lookup::check("agent name or ID", &args.agent)?;
    let format = args.output.format(ctx)?;
    if args.project_id.is_none() && ctx.settings()?.project.value.is_none() {
        return Err(Failure::usage("--project-id is required").into());
    }
    let project = ctx.project(args.project_id.as_deref())?;
    let client = ctx.client()?;
    let prompt = args.prompt.as_deref();
    let started = ctx.block_on(async {
        let agents = Collection::agents(&project);
        lookup::act(client, &agents, &args.agent, async |id| {
            session_control::start(client, &project, id, prompt).await
        })
        .await
        .with_context(|| format!("start agent {}", quote(&args.agent)))
    })?;
    started.show(ctx, &format!("project-agent/{}", args.agent), &format)?;
    started.warn_of_expiry(ctx, client);
    started.deliver(ctx, prompt)?;
    match started.agent_id() {
        Some(agent) => {
            let strict = StrictArgs::default();
            server_mode::say_bound(ctx, client, (&project, agent), &args.mode, &strict)
        }
        None => Ok(()),
    }
}
