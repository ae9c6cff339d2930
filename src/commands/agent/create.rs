//! `acpctl agent create`

use anyhow::Context as _;

use crate::api::{Body, Method, Request};
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::{outcome, required};
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::lookup::Collection;
use crate::resources::AGENT;

const EXAMPLES: &str =
    "acpctl agent create --name reviewer --prompt 'Review the open pull requests'";

/// Create an agent
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name
    #[arg(long)]
    name: Option<String>,
    /// Prompt
    #[arg(long)]
    prompt: Option<String>,
    /// Labels, as a JSON object
    #[arg(long, value_name = "JSON")]
    labels: Option<String>,
    /// Annotations, as a JSON object
    #[arg(long, value_name = "JSON")]
    annotations: Option<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    output: WriteArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let format = args.output.format(ctx)?;
    let name = required::value(ctx, "name", "Name", args.name.as_deref())?;
    let mut body = Body::new();
    body.set("name", name);
    body.set("project_id", project.as_str());
    body.set_filled("prompt", args.prompt.as_deref());
    body.set_filled("labels", args.labels.as_deref());
    body.set_filled("annotations", args.annotations.as_deref());
    let client = ctx.client()?;
    let request = Request::new(Method::Post, Collection::agents(&project).path)
        .body(body)
        .project(&project);
    let agent =
        ctx.block_on(async { client.fetch(&AGENT, &request).await.context("create agent") })?;
    outcome::created(ctx, &agent, &format)
}
