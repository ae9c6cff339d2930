//! `acpctl inbox list`

use anyhow::Context as _;

use super::owner::OwnerArgs;
use crate::commands::listing::ListArgs;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::resources::INBOX_MESSAGE;

const EXAMPLES: &str = "acpctl inbox list --pa-id lead";

/// List the messages in an agent's inbox
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    owner: OwnerArgs,
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let inbox = args.owner.inbox(ctx)?;
    let format = args.list.format()?;
    let client = ctx.client()?;
    let mut options = args.list.options(false);
    options.project = Some(inbox.project.clone());
    let list = ctx.block_on(async {
        inbox
            .act(client, async |path, _| {
                client.listed(&INBOX_MESSAGE, path, &options).await
            })
            .await
            .context("list inbox messages")
    })?;
    args.list.show(ctx, list, &format)
}
