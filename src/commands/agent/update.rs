//! `acpctl agent update`

use anyhow::Context as _;

use super::agent_args::AgentArgs;
use crate::api::{Body, Method};
use crate::commands::outcome::WriteArgs;
use crate::commands::{outcome, pairs};
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::renaming;
use crate::resources::AGENT;

const EXAMPLES: &str = "acpctl agent update lead --prompt 'Keep the build green'";

/// Change the given fields of an agent
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: AgentArgs,
    /// New name
    #[arg(long)]
    name: Option<String>,
    /// New prompt
    #[arg(long)]
    prompt: Option<String>,
    /// New labels, as a JSON object
    #[arg(long, value_name = "JSON")]
    labels: Option<String>,
    /// New annotations, as a JSON object
    #[arg(long, value_name = "JSON")]
    annotations: Option<String>,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.target.project(ctx)?;
    let format = args.output.format(ctx)?;
    let given = args.target.agent()?;
    pairs::refuse_other(args.labels.as_deref(), args.annotations.as_deref())?;
    let mut body = Body::new();
    body.set_given("name", args.name.as_deref());
    body.set_given("prompt", args.prompt.as_deref());
    body.set_given("labels", args.labels.as_deref());
    body.set_given("annotations", args.annotations.as_deref());
    outcome::judge_change(ctx, &body)?;
    let client = ctx.client()?;
    let agent = ctx.block_on(async {
        let agent = lookup::agent(client, &project, given).await?;
        let agents = Collection::agents(&project);
        renaming::refuse_taken(client, &agents, agent.id(), args.name.as_deref()).await?;
        let request = agents.request(Method::Patch, agent.id()).body(body);
        client.fetch(&AGENT, &request).await.context("update agent")
    })?;
    outcome::updated(ctx, &agent, (given, args.name.as_deref()), &format)
}
