//! `acpctl session events`

use super::follow;
use crate::commands::named::check_identifier;
use crate::ctx::Ctx;

/// Stream the events of a session as they are
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Session ID
    session: String,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check_identifier("session ID", &args.session)?;
    let client = ctx.client()?;
    let printed = ctx.block_on(follow::until_interrupted(async {
        let opened = follow::open(client, &args.session, None).await;
        let mut stream = opened.map_err(|error| follow::not_open(&error))?;
        ctx.out.text(&format!(
            "Streaming events for session {} (Ctrl+C to stop)...\n\n",
            args.session
        ))?;
        while let Some(event) = stream.next().await.map_err(follow::broken)? {
            ctx.out.json_line(&event.data)?;
        }
        Ok(())
    }));
    printed.map(|_left| ())
}
