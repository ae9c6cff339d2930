//! `acpctl start` (contract cli-core.md section 7.13).

use anyhow::Context as _;

use super::agent::start::{begin, say_started};
use super::named;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::Failure;
use crate::output::Format;

/// Start a session for a project-agent (idempotent)
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Agent ID
    agent: String,
    /// Project ID (default: the current project)
    #[arg(long, value_name = "ID")]
    project_id: Option<String>,
    /// Task prompt for this session run
    #[arg(long)]
    prompt: Option<String>,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    named::check_identifier("agent ID", &args.agent)?;
    let project = ctx
        .project(args.project_id.as_deref())
        .map_err(|_| Failure::usage("--project-id is required"))?;
    let client = ctx.client()?;
    let started = ctx.block_on(async {
        begin(client, &project, &args.agent, args.prompt.as_deref())
            .await
            .with_context(|| format!("start agent {}", quote(&args.agent)))
    })?;
    say_started(
        ctx,
        &started,
        &format!("project-agent/{}", args.agent),
        &Format::Table,
    )
}
