//! `acpctl scheduled-session runs`

use anyhow::Context as _;

use super::target::{Target, schedules};
use crate::commands::listing::ListArgs;
use crate::commands::runs;
use crate::ctx::Ctx;
use crate::lookup;
use crate::resources::SESSION;

/// List the sessions that a schedule has started
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    list: ListArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.target.project_id.as_deref())?;
    let format = args.list.format()?;
    args.target.check()?;
    let client = ctx.client()?;
    let mut options = args.list.options(false);
    options.project = Some(project.clone());
    let list = ctx.block_on(async {
        let found = lookup::scheduled_session(client, &project, &args.target.session).await?;
        client
            .list(
                &SESSION,
                &schedules(&project).item(found.id(), &["runs"]),
                &options,
            )
            .await
            .context("list runs")
    })?;
    runs::show(ctx, &args.list, list, &format)
}
