//! Shows the sessions of one agent or scheduled session.

use super::listing::ListArgs;
use crate::ctx::Ctx;
use crate::output::{Columns, Format};
use crate::resources::{List, RUN_COLUMNS, RUN_SCREEN};

/// Shows the list. The table leaves out the columns that would be the same in each row.
pub(crate) fn show(ctx: &Ctx, args: &ListArgs, list: List, format: &Format) -> anyhow::Result<()> {
    let columns = Columns {
        piped: RUN_COLUMNS,
        screen: RUN_SCREEN,
    };
    args.show_as(ctx, list, format, Some(columns))
}
