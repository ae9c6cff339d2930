//! `acpctl project list`

use anyhow::Context as _;

use crate::commands::listing::{ListArgs, say_left_out};
use crate::ctx::Ctx;
use crate::lookup::Collection;
use crate::output::Format;
use crate::resources::{AGE, Column, PROJECT, column};

/// The columns differ from those of `get projects`, as in the Go tool.
const COLUMNS: &[Column] = &[
    column("NAME", 30, "name"),
    column("DESCRIPTION", 50, "description"),
    AGE,
];

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
            .list(&PROJECT, &Collection::projects().path, &options)
            .await
            .context("list projects")
    })?;
    if format != Format::Table {
        return args.list.show(ctx, list, &format);
    }
    let total = args.list.narrow(&mut list, None)?;
    if list.items().is_empty() {
        return ctx.out.line("No projects found");
    }
    ctx.out.table(COLUMNS, &[], list.items(), ctx.now())?;
    say_left_out(ctx, &list, total);
    Ok(())
}
