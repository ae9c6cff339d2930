//! `acpctl project update`

use anyhow::Context as _;

use crate::api::{Body, Method};
use crate::commands::outcome::WriteArgs;
use crate::commands::{outcome, pairs};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::{Candidates, PROJECT, check_project_name};

const EXAMPLES: &str = "acpctl project update team-a --description 'The shop and its tests'";

/// Change a project; only the flags you pass are changed
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Name or ID
    #[arg(add = Candidates::PROJECTS)]
    project_id: String,
    /// New name
    #[arg(long)]
    name: Option<String>,
    /// New description
    #[arg(long)]
    description: Option<String>,
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
    let projects = Collection::projects();
    projects.check(&args.project_id)?;
    let format = args.output.format(ctx)?;
    if let Some(name) = args.name.as_deref().filter(|name| !name.is_empty()) {
        let id = args.project_id.as_str();
        check_project_name(name, &["project", "update", id, "--name"])?;
    }
    pairs::doubt_other(ctx, args.labels.as_deref(), args.annotations.as_deref());
    let mut body = Body::new();
    body.set_given("name", args.name.as_deref());
    body.set_given("description", args.description.as_deref());
    body.set_given("prompt", args.prompt.as_deref());
    body.set_given("labels", args.labels.as_deref());
    body.set_given("annotations", args.annotations.as_deref());
    let client = ctx.client()?;
    if body.is_empty() {
        return Err(Failure::usage("nothing to update: give at least one of --name, --description, --prompt, --labels, --annotations").into());
    }
    let record = ctx.block_on(async {
        lookup::act(client, &projects, &args.project_id, async |id| {
            let request = projects.request(Method::Patch, id).body(body.clone());
            client.fetch(&PROJECT, &request).await
        })
        .await
        .context("update project")
    })?;
    outcome::updated(
        ctx,
        &record,
        (&args.project_id, args.name.as_deref()),
        &format,
    )
}
