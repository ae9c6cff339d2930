//! `acpctl inbox list`

use anyhow::Context as _;

use super::{Owner, inbox};
use crate::commands::listing::ListArgs;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::resources::INBOX_MESSAGE;

/// List the messages in an agent's inbox
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let (project, agent) = args.owner.ids()?;
    let format = args.list.format()?;
    let client = ctx.client()?;
    let mut options = args.list.options(false);
    options.project = Some(project.to_owned());
    let list = ctx.block_on(async {
        client
            .list(&INBOX_MESSAGE, &inbox(project, agent, &[]), &options)
            .await
            .context("list inbox messages")
    })?;
    args.list.show(ctx, list, &format)
}
