//! `acpctl scheduled-session update`

use anyhow::Context as _;

use super::fields::Fields;
use super::lookup::{self, Target};
use crate::api::{Method, Request};
use crate::ctx::Ctx;
use crate::resources::SCHEDULED_SESSION;

/// Change a scheduled session; only what is given changes
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    fields: Fields,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.target.project_id.as_deref())?;
    lookup::check(&args.target.session)?;
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let found = lookup::resolve(client, &project, &args.target.session).await?;
        let request = Request::new(Method::Patch, lookup::place(&project, &[found.id()]))
            .body(args.fields.for_update())
            .project(&project);
        client
            .fetch(&SCHEDULED_SESSION, &request)
            .await
            .context("update scheduled session")
    })?;
    ctx.out
        .line(&format!("scheduled-session/{} updated", record.name()))
}
