//! `acpctl session events`

use super::follow::{self, Form};
use crate::commands::named::check_identifier;
use crate::ctx::Ctx;
use crate::exit::Failure;

/// Stream the events of a session as they are
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Session ID
    session: String,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check_identifier("session ID", &args.session)?;
    let client = ctx.client()?;
    ctx.block_on(async {
        let mut stream = follow::open(client, &args.session).await.map_err(|error| {
            Failure::new(
                error.kind(),
                format!("stream events: {}", follow::why_not_open(&error)),
            )
        })?;
        ctx.out.line(&format!(
            "Streaming events for session {} (Ctrl+C to stop)...\n",
            args.session
        ))?;
        follow::print(ctx, &mut stream, Form::Json, false)
            .await
            .map(drop)
    })
}
