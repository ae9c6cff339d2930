//! `acpctl scheduled-session list`

use anyhow::Context as _;

use super::target::schedules;
use crate::commands::listing::ListArgs;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::lookup;
use crate::resources::{Candidates, SCHEDULED_SESSION};

/// List the scheduled sessions of a project
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
    project_id: Option<String>,
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.project_id.as_deref())?;
    let format = args.list.format()?;
    let client = ctx.client()?;
    let mut options = args.list.options(false);
    options.project = Some(project.clone());
    let list = ctx.block_on(async {
        let list = client
            .list(&SCHEDULED_SESSION, &schedules(&project).path, &options)
            .await;
        let list = list.context("list scheduled sessions")?;
        lookup::doubt_empty(client, list.items(), &project).await?;
        Ok(list)
    })?;
    args.list.show(ctx, list, &format)
}
