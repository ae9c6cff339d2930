//! `acpctl application list`

use anyhow::Context as _;

use crate::commands::listing::{ListArgs, warn_of_project};
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::lookup::Collection;
use crate::resources::APPLICATION;

const EXAMPLES: &str = "acpctl application list";

/// List applications
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.list.format()?;
    let client = ctx.client()?;
    warn_of_project(ctx, &APPLICATION, None);
    let options = args.list.options(false);
    let list = ctx.block_on(async {
        let path = Collection::applications().path;
        let list = client.listed(&APPLICATION, &path, &options).await;
        list.context("list applications")
    })?;
    args.list.show(ctx, list, &format)
}
