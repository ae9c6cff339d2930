//! `acpctl inbox mark-read`

use anyhow::Context as _;

use super::{Owner, inbox, required};
use crate::api::{Body, Method, Request};
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;

/// Mark a message as read
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
    let mut body = Body::new();
    body.set("read", true);
    let client = ctx.client()?;
    let request = Request::new(Method::Patch, inbox(project, agent, &[message]))
        .body(body)
        .project(project);
    ctx.block_on(async {
        client
            .send(&request)
            .await
            .context("mark-read inbox message")
    })?;
    ctx.out
        .line(&format!("inbox-message/{message} marked as read"))
}
