//! `acpctl scheduled-session runs`

use anyhow::Context as _;

use super::schedule::ScheduleArgs;
use crate::commands::listing::ListArgs;
use crate::commands::runs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::SESSION;

const EXAMPLES: &str = "acpctl scheduled-session runs nightly --limit 5";

/// List the sessions that a schedule has started
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: ScheduleArgs,
    #[command(flatten)]
    list: ListArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.target.project(ctx)?;
    let format = args.list.format()?;
    let given = args.target.schedule()?;
    let client = ctx.client()?;
    let mut options = args.list.options(false);
    options.project = Some(project.clone());
    let list = ctx.block_on(async {
        let found = lookup::scheduled_session(client, &project, given).await?;
        let runs = Collection::scheduled_sessions(&project).item(found.id(), &["runs"]);
        client
            .listed(&SESSION, &runs, &options)
            .await
            .context("list runs")
    })?;
    runs::show(ctx, &args.list, list, &format)
}
