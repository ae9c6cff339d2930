//! `acpctl agent update`

use anyhow::Context as _;

use super::{agents, check};
use crate::api::{Body, Method};
use crate::commands::outcome;
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::OutputArgs;
use crate::resources::{AGENT, Candidates};

/// Change an agent; only what is given changes
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::AGENTS)]
    agent: String,
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
    check(&args.agent)?;
    let mut body = Body::new();
    body.set_given("name", args.name.as_deref());
    body.set_given("prompt", args.prompt.as_deref());
    body.set_given("labels", args.labels.as_deref());
    body.set_given("annotations", args.annotations.as_deref());
    let client = ctx.client()?;
    let agent = ctx.block_on(async {
        let agent = lookup::agent(client, &project, &args.agent).await?;
        let request = agents(&project)
            .request(Method::Patch, agent.id())
            .body(body);
        client.fetch(&AGENT, &request).await.context("update agent")
    })?;
    let sentence = format!("agent/{} updated", agent.name());
    outcome::done(ctx, &agent, &format, &sentence)
}
