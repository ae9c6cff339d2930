//! `acpctl stop` (contract cli-core.md section 7.14).

use anyhow::Context as _;

use super::named;
use crate::api::{Client, Error, Method, Request, path};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::resources::{Record, SESSION};

/// Stop an agentic session
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Session ID
    session: String,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    named::check_identifier("session ID", &args.session)?;
    let client = ctx.client()?;
    let session = ctx.block_on(async {
        stop(client, &args.session)
            .await
            .with_context(|| format!("stop session {}", quote(&args.session)))
    })?;
    ctx.out.line(&format!(
        "session/{} stopped (phase: {})",
        session.id(),
        session.text("phase")
    ))
}

/// Asks the server to stop a session.
pub async fn stop(client: &Client, id: &str) -> Result<Record, Error> {
    client
        .fetch(
            &SESSION,
            &Request::new(Method::Post, path(&["sessions", id, "stop"])),
        )
        .await
}
