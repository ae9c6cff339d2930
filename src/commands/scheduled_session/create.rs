//! `acpctl scheduled-session create`

use anyhow::Context as _;

use super::fields::Fields;
use super::lookup;
use crate::api::{Method, Request};
use crate::commands::created;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::exit::Failure;
use crate::output::OutputArgs;
use crate::resources::SCHEDULED_SESSION;

/// Create a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    fields: Fields,
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    project_id: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.project_id.as_deref())?;
    let format = args.output.format()?;
    let client = ctx.client()?;
    let fields = &args.fields;
    let missing: Vec<&str> = [
        ("name is required", &fields.name),
        ("schedule is required", &fields.schedule),
    ]
    .into_iter()
    .filter(|(_, value)| value.as_deref().unwrap_or_default().is_empty())
    .map(|(message, _)| message)
    .collect();
    if !missing.is_empty() {
        let message = format!(
            "build scheduled session: validation failed: {}",
            missing.join("\n")
        );
        return Err(Failure::usage(message).into());
    }
    let request = Request::new(Method::Post, lookup::place(&project, &[]))
        .body(fields.for_create(&project))
        .project(&project);
    let record = ctx.block_on(async {
        let record = client.fetch(&SCHEDULED_SESSION, &request).await;
        record.context("create scheduled session")
    })?;
    created::show(ctx, &record, &format)
}
