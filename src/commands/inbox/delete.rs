//! `acpctl inbox delete`

use anyhow::Context as _;

use super::{Owner, message_id};
use crate::api::Method;
use crate::commands::outcome;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::{INBOX_MESSAGE, Record};

/// Delete a message; nothing is asked
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
    let client = ctx.client()?;
    ctx.block_on(async {
        // The server answers 404 for a message that is not there.
        let deleted = inbox.act(client, async |place, _| {
            let request = inbox.request(Method::Delete, place, message);
            client.send(&request).await
        });
        deleted.await.context("delete inbox message")
    })?;
    let mut gone = Record::empty(&INBOX_MESSAGE);
    gone.replace("id", message);
    let sentence = format!("inbox-message/{message} deleted");
    outcome::done(ctx, &gone, &format, &sentence)
}
