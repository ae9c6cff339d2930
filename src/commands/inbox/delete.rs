//! `acpctl inbox delete`

use anyhow::Context as _;

use super::owner::{OwnerArgs, required};
use crate::api::Method;
use crate::commands::outcome::WriteArgs;
use crate::commands::several;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::lookup;
use crate::resources::{INBOX_MESSAGE, Record};

const EXAMPLES: &str = "acpctl inbox delete --pa-id lead --msg-id 3MX85aKNFVYjNaWSBgG3UcSclTU";

/// Delete messages without confirmation
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    owner: OwnerArgs,
    /// Message ID (required, repeatable)
    #[arg(long, value_name = "ID")]
    msg_id: Vec<String>,
    #[command(flatten)]
    output: WriteArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let inbox = args.owner.inbox(ctx)?;
    required("msg-id", args.msg_id.first().map(String::as_str))?;
    for message in &args.msg_id {
        lookup::check_id("message ID", message)?;
    }
    let format = args.output.format(ctx)?;
    let client = ctx.client()?;
    let as_list = args.msg_id.len() > 1;
    let delete = |message: &str| {
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
        Ok(Some((deleted, format!("inbox-message/{message} deleted"))))
    };
    several::each(ctx, &INBOX_MESSAGE, &args.msg_id, as_list, &format, delete)?;
    Ok(())
}
