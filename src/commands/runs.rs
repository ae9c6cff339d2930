//! Shows the sessions of one agent or scheduled session.

use super::listing::{ListArgs, say_left_out};
use crate::ctx::Ctx;
use crate::output::Format;
use crate::resources::{List, RUN_COLUMNS};

/// Shows the list. The table leaves out the columns that would be the same in each row.
pub(crate) fn show(
    ctx: &Ctx,
    args: &ListArgs,
    mut list: List,
    format: &Format,
) -> anyhow::Result<()> {
    if *format != Format::Table {
        return args.show(ctx, list, format);
    }
    let total = args.narrow(&mut list, None)?;
    ctx.out.table(RUN_COLUMNS, &[], list.items(), ctx.now())?;
    say_left_out(ctx, &list, total);
    Ok(())
}
