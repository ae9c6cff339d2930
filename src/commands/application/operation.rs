//! `sync` and `refresh`, which ask the server for an operation by setting a field of the application.

use anyhow::Context as _;

use crate::api::{Body, Method};
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::{APPLICATION, Candidates};

/// The arguments of both verbs.
#[derive(Debug, clap::Args)]
pub(super) struct TriggerArgs {
    /// Name or ID
    #[arg(add = Candidates::APPLICATIONS)]
    application: String,
    #[command(flatten)]
    output: WriteArgs,
}

/// Requests the operation by setting `field` to `value`.
pub(super) fn trigger(
    ctx: &Ctx,
    args: &TriggerArgs,
    verb: &str,
    field: &'static str,
    value: &str,
) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let applications = Collection::applications();
    applications.check(&args.application)?;
    let mut body = Body::new();
    body.set(field, value);
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        lookup::act(client, &applications, &args.application, async |id| {
            let request = applications.request(Method::Patch, id).body(body.clone());
            client.fetch(&APPLICATION, &request).await
        })
        .await
        .with_context(|| format!("{verb} application"))
    })?;
    let sentence = format!("application/{} {verb} triggered", record.name());
    outcome::done(ctx, &record, &format, &sentence)
}
