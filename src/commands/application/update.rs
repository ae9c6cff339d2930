//! `acpctl application update`

use anyhow::Context as _;

use super::fields::Fields;
use crate::api::Method;
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::renaming;
use crate::resources::{APPLICATION, Candidates};

const EXAMPLES: &str = "acpctl application update web --source-target-revision v2";

/// Change an application; only the flags you pass are changed
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::APPLICATIONS)]
    application: String,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let applications = Collection::applications();
    applications.check(&args.application)?;
    let format = args.output.format(ctx)?;
    args.fields.doubt(ctx);
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let credential = args.fields.credential(client).await?;
        let body = args.fields.for_update(credential.as_deref());
        outcome::judge_change(ctx, &body)?;
        let name = args.fields.name.as_deref();
        renaming::refuse_taken(client, &applications, &args.application, name).await?;
        lookup::act(client, &applications, &args.application, async |id| {
            let request = applications.request(Method::Patch, id).body(body.clone());
            client.fetch(&APPLICATION, &request).await
        })
        .await
        .context("update application")
    })?;
    outcome::updated(
        ctx,
        &record,
        (&args.application, args.fields.name.as_deref()),
        &format,
    )
}
