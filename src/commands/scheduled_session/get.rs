//! `acpctl scheduled-session get`

use anyhow::Context as _;

use super::lookup::{self, Target};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::output::OutputArgs;

/// Show a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.target.project_id.as_deref())?;
    let format = args.output.format()?;
    lookup::check(&args.target.session)?;
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let record = lookup::find(client, &project, &args.target.session).await;
        record.with_context(|| format!("get scheduled session {}", quote(&args.target.session)))
    })?;
    ctx.out.record(&record, &format, ctx.now())
}
