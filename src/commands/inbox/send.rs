//! `acpctl inbox send`

use anyhow::Context as _;

use super::owner::{OwnerArgs, required};
use crate::api::{Body, Method, Request};
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::resources::INBOX_MESSAGE;

const EXAMPLES: &str = "acpctl inbox send --pa-id lead --body 'The build is red'";

/// Send a message to an agent's inbox
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    owner: OwnerArgs,
    /// Text of the message (required)
    #[arg(long)]
    body: Option<String>,
    /// Name of the sender
    #[arg(long, value_name = "NAME")]
    from_name: Option<String>,
    /// Agent ID of the sender
    #[arg(long, value_name = "ID")]
    from_pa_id: Option<String>,
    #[command(flatten)]
    output: WriteArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let inbox = args.owner.inbox(ctx)?;
    let text = required("body", args.body.as_deref())?;
    let body = |agent: &str| {
        let mut body = Body::new();
        body.set("agent_id", agent);
        body.set("body", text);
        body.set_filled("from_agent_id", args.from_pa_id.as_deref());
        body.set_filled("from_name", args.from_name.as_deref());
        body
    };
    let client = ctx.client()?;
    let sent = ctx.block_on(async {
        inbox
            .act(client, async |path, agent| {
                let request = Request::new(Method::Post, path)
                    .body(body(agent))
                    .project(&inbox.project);
                client.fetch(&INBOX_MESSAGE, &request).await
            })
            .await
            .context("send inbox message")
    })?;
    outcome::refuse_nameless(&sent, "send inbox message")?;
    let sentence = format!("inbox-message/{} sent", sent.id());
    outcome::done(ctx, &sent, &format, &sentence)
}
