//! `sync` and `refresh`: a field of the application tells the server what to do.

use anyhow::Context as _;

use super::applications;
use crate::api::{Body, Method};
use crate::commands::outcome;
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::OutputArgs;
use crate::resources::{APPLICATION, Candidates};

#[derive(Debug, clap::Args)]
pub struct Target {
    /// Name or ID
    #[arg(add = Candidates::APPLICATIONS)]
    application: String,
    #[command(flatten)]
    output: OutputArgs,
}

/// Asks for the operation by setting `field`.
pub fn trigger(
    ctx: &Ctx,
    target: &Target,
    verb: &str,
    field: &'static str,
    value: &str,
) -> anyhow::Result<()> {
    let format = target.output.format()?;
    lookup::check("application name or ID", &target.application)?;
    let mut body = Body::new();
    body.set(field, value);
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let all = applications();
        lookup::act(client, &all, &target.application, async |id| {
            let request = all.request(Method::Patch, id).body(body.clone());
            client.fetch(&APPLICATION, &request).await
        })
        .await
        .with_context(|| format!("{verb} application"))
    })?;
    let sentence = format!("application/{} {verb} triggered", record.name());
    outcome::done(ctx, &record, &format, &sentence)
}
