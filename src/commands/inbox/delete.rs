//! `acpctl inbox delete`

use anyhow::Context as _;

use super::owner::MessageArgs;
use crate::api::Method;
use crate::commands::outcome;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::resources::{INBOX_MESSAGE, Record};

const EXAMPLES: &str = "acpctl inbox delete --pa-id lead --msg-id 3MX85aKNFVYjNaWSBgG3UcSclTU";

/// Delete a message without confirmation
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    message: MessageArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let inbox = args.message.owner.inbox(ctx)?;
    let message = args.message.message()?;
    let format = args.message.output.format(ctx)?;
    let client = ctx.client()?;
    ctx.block_on(async {
        // No look-up is needed before: the server answers 404 if there is no such message.
        let deleted = inbox.act(client, async |path, _| {
            let request = inbox.request(Method::Delete, path, message);
            client.send(&request).await
        });
        deleted.await.context("delete inbox message")
    })?;
    let mut deleted = Record::empty(&INBOX_MESSAGE);
    deleted.replace("id", message);
    let sentence = format!("inbox-message/{message} deleted");
    outcome::done(ctx, &deleted, &format, &sentence)
}
