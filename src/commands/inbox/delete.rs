//! `acpctl inbox delete`

use anyhow::Context as _;

use super::{Owner, inbox, required};
use crate::api::{Method, Request};
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;

/// Delete a message; nothing is asked
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    owner: Owner,
    /// Message ID (required)
    #[arg(long, value_name = "ID")]
    msg_id: Option<String>,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let (project, agent) = args.owner.ids()?;
    let message = required("msg-id", args.msg_id.as_deref())?;
    let client = ctx.client()?;
    let request = Request::new(Method::Delete, inbox(project, agent, &[message])).project(project);
    ctx.block_on(async { client.send(&request).await.context("delete inbox message") })?;
    ctx.out.line(&format!("inbox-message/{message} deleted"))
}
