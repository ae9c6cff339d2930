//! `acpctl application create`

use anyhow::Context as _;

use super::fields::Fields;
use crate::commands::name_word::NameWord;
use crate::commands::outcome::WriteArgs;
use crate::commands::{outcome, required};
use crate::ctx::Ctx;
use crate::lookup::Collection;
use crate::resources::APPLICATION;

const EXAMPLES: &str = "\
acpctl application create shop --source-repo-url https://git.example.org/shop --source-path deploy --destination-project team-a";

/// Create an application
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    word: NameWord,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let mut fields = args.fields.clone();
    fields.name = args
        .word
        .or(args.fields.name.as_deref())?
        .map(str::to_owned);
    for (flag, title, value) in [
        ("name", "Name", &mut fields.name),
        (
            "source-repo-url",
            "URL of the Git repository",
            &mut fields.source_repo_url,
        ),
        (
            "source-path",
            "Folder of the manifests in it",
            &mut fields.source_path,
        ),
        (
            "destination-project",
            "Project that they are for",
            &mut fields.destination_project,
        ),
    ] {
        *value = Some(required::value(ctx, flag, title, value.as_deref())?);
    }
    fields.doubt(ctx);
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
