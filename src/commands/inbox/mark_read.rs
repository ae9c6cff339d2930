//! `acpctl inbox mark-read`

use anyhow::Context as _;

use super::owner::MessageArgs;
use crate::api::{Body, Method};
use crate::commands::outcome;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::resources::INBOX_MESSAGE;

const EXAMPLES: &str = "acpctl inbox mark-read --pa-id lead --msg-id 3MX85aKNFVYjNaWSBgG3UcSclTU";

/// Mark a message as read
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
    let mut body = Body::new();
    body.set("read", true);
    let client = ctx.client()?;
    let marked = ctx.block_on(async {
        let marked = inbox.act(client, async |path, _| {
            let request = inbox.request(Method::Patch, path, message);
            client
                .fetch(&INBOX_MESSAGE, &request.body(body.clone()))
                .await
        });
        marked.await.context("mark-read inbox message")
    })?;
    let sentence = format!("inbox-message/{message} marked as read");
    outcome::done(ctx, &marked, &format, &sentence)
}
