//! The sessions of one agent or schedule: a table without the columns that are the same in each row.

use super::listing::{ListArgs, say_left_out};
use crate::ctx::Ctx;
use crate::output::Format;
use crate::resources::{List, RUN_COLUMNS};

/// Shows the list.
///
/// # Errors
/// When standard output can't be written.
pub fn show(ctx: &Ctx, args: &ListArgs, mut list: List, format: &Format) -> anyhow::Result<()> {
    if *format != Format::Table {
        return args.show(ctx, list, format);
    }
    let total = args.narrow(&mut list, None)?;
    ctx.out.table(RUN_COLUMNS, &[], list.items(), ctx.now())?;
    say_left_out(ctx, &list, total);
    Ok(())
}
