//! `acpctl project list`

use anyhow::Context as _;

use crate::commands::listing::{ListArgs, View};
use crate::ctx::Ctx;
use crate::lookup::Collection;
use crate::output::{Columns, Format};
use crate::resources::{AGE, PROJECT, column};

/// The columns differ from those of `get projects`, as in the Go tool.
const COLUMNS: Columns = Columns {
    piped: &[
        column("NAME", 30, "name"),
        column("DESCRIPTION", 50, "description"),
        AGE,
    ],
    screen: PROJECT.screen,
};

const EXAMPLES: &str = "acpctl project list";

/// List projects
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    list: ListArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.list.format()?;
    let client = ctx.client()?;
    let options = args.list.options(false);
    let mut list = ctx.block_on(async {
        client
            .listed(&PROJECT, &Collection::projects().path, &options)
            .await
            .context("list projects")
    })?;
    let total = args.list.narrow(&mut list, None)?;
    if list.items().is_empty()
        && list.gap.is_none()
        && format == Format::Table
        && !ctx.out.is_terminal()
    {
        return ctx.out.tell("No projects found");
    }
    let view = View {
        format: &format,
        columns: Some(COLUMNS),
        is_searched: false,
        project: None,
    };
    args.list.print(ctx, &list, total, &view)
}
