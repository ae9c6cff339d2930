//! `acpctl scheduled-session get`

use anyhow::Context as _;

use super::schedule::ScheduleArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::text::quote;

const EXAMPLES: &str = "acpctl scheduled-session get nightly";

/// Show a scheduled session
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: ScheduleArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.target.project(ctx)?;
    let format = args.output.format()?;
    let given = args.target.schedule()?;
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let schedules = Collection::scheduled_sessions(&project);
        match lookup::find_if_any(client, &schedules, given).await {
            Ok(Some(record)) => Ok(record),
            Ok(None) => Err(lookup::not_found(client, &schedules, given).await.into()),
            Err(error) => Err(error),
        }
        .with_context(|| format!("get scheduled session {}", quote(given)))
    })?;
    ctx.out.record(&record, &format, ctx.now())
}
