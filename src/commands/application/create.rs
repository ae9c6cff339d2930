//! `acpctl application create`

use anyhow::Context as _;

use super::fields::Fields;
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::Collection;
use crate::resources::APPLICATION;

const EXAMPLES: &str = "\
acpctl application create --name shop --source-repo-url https://git.example.org/shop --source-path deploy --destination-project team-a";

/// Create an application
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    output: WriteArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let fields = &args.fields;
    for (flag, value) in [
        ("name", &fields.name),
        ("source-repo-url", &fields.source_repo_url),
        ("source-path", &fields.source_path),
        ("destination-project", &fields.destination_project),
    ] {
        if value.as_deref().unwrap_or_default().is_empty() {
            return Err(Failure::usage(format!("--{flag} is required")).into());
        }
    }
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let credential = fields.credential(client).await?;
        let body = fields.for_create(credential.as_deref());
        let path = Collection::applications().path;
        let record = client.create(&APPLICATION, &path, body).await;
        record.context("create application")
    })?;
    outcome::created(ctx, &record, &format)
}
