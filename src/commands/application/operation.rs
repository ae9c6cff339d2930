//! `sync` and `refresh`: a field of the application tells the server what to do.

use anyhow::Context as _;

use super::application;
use crate::api::Body;
use crate::commands::named::check_identifier;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs};
use crate::resources::APPLICATION;

#[derive(Debug, clap::Args)]
pub struct Target {
    /// ID
    id: String,
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
    check_identifier("application ID", &target.id)?;
    let mut body = Body::new();
    body.set(field, value);
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let record = client
            .update(&APPLICATION, &application(&target.id), body)
            .await;
        record.with_context(|| format!("{verb} application"))
    })?;
    match format {
        Format::Table | Format::Wide => ctx
            .out
            .line(&format!("application/{} {verb} triggered", record.name())),
        format => ctx.out.record(&record, &format, ctx.now()),
    }
}
