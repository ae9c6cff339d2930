//! `acpctl agent create`

use anyhow::Context as _;

use crate::agent_once;
use crate::api::{Body, Method, Request};
use crate::commands::name_word::NameWord;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::{outcome, pairs, required};
use crate::ctx::Ctx;
use crate::lookup::Collection;
use crate::resources::AGENT;

const EXAMPLES: &str = "acpctl agent create reviewer --prompt 'Review the open pull requests'";

/// Create an agent
///
/// Creating the same agent again changes nothing. An agent of this name that differs is an error: change it with
/// "agent update".
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    word: NameWord,
    /// Name (required, here or as the argument)
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
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let format = args.output.format(ctx)?;
    let name = args.word.or(args.name.as_deref())?;
    let name = required::value(ctx, "name", "Name", name)?;
    pairs::refuse_other(args.labels.as_deref(), args.annotations.as_deref())?;
    let mut body = Body::new();
    body.set("name", name.as_str());
    body.set("project_id", project.as_str());
    body.set_filled("prompt", args.prompt.as_deref());
    body.set_filled("labels", args.labels.as_deref());
    body.set_filled("annotations", args.annotations.as_deref());
    let client = ctx.client()?;
    let before = ctx.block_on(agent_once::same_before(client, &project, &name, &body))?;
    if let Some(agent) = before {
        return outcome::done(ctx, &agent, &format, &format!("agent/{name} unchanged"));
    }
    let request = Request::new(Method::Post, Collection::agents(&project).path)
        .body(body)
        .project(&project);
    let agent =
        ctx.block_on(async { client.fetch(&AGENT, &request).await.context("create agent") })?;
    outcome::created(ctx, &agent, &format)
}
