//! `acpctl project update`

use anyhow::Context as _;

use crate::api::{Body, path};
use crate::commands::named::check_identifier;
use crate::ctx::Ctx;
use crate::exit::Failure;
use crate::resources::PROJECT;

/// Change a project; only what is given changes
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
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
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check_identifier("project name or ID", &args.project_id)?;
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
        client
            .update(&PROJECT, &path(&["projects", &args.project_id]), body)
            .await
            .context("update project")
    })?;
    ctx.out.line(&format!("project/{} updated", record.name()))
}
