//! `acpctl inbox mark-read`

use anyhow::Context as _;

use super::{Owner, message_id};
use crate::api::{Body, Method};
use crate::commands::outcome;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::INBOX_MESSAGE;

/// Mark a message as read
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    owner: Owner,
    /// Message ID (required)
    #[arg(long, value_name = "ID")]
    msg_id: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let inbox = args.owner.read(ctx)?;
    let message = message_id(args.msg_id.as_deref())?;
    let format = args.output.format()?;
    let mut body = Body::new();
    body.set("read", true);
    let client = ctx.client()?;
    let marked = ctx.block_on(async {
        let marked = inbox.act(client, async |place, _| {
            let request = inbox.request(Method::Patch, place, message);
            client
                .fetch(&INBOX_MESSAGE, &request.body(body.clone()))
                .await
        });
        marked.await.context("mark-read inbox message")
    })?;
    let sentence = format!("inbox-message/{message} marked as read");
    outcome::done(ctx, &marked, &format, &sentence)
}
