//! `acpctl session interrupt`

use crate::api::{Client, Error, Method};
use crate::commands::session_control::{Acted, SessionArgs, Verb};
use crate::ctx::Ctx;
use crate::lookup::Collection;
use crate::resources::{Record, SESSION};

const EXAMPLES: &str = "acpctl session interrupt fix";

/// Interrupt what a session is doing; the session itself goes on
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    session: SessionArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let verb = Verb {
        word: "interrupt",
        done: "interrupted",
        ignores_missing: false,
        instead: Some("stop"),
    };
    args.session.act(ctx, &verb, &interrupt)
}

/// Asks the session's runner to stop its current turn. The runner's answer does not describe the session, so the
/// record that is returned holds the id alone.
async fn interrupt(client: &Client, id: &str) -> Result<Acted, Error> {
    let request = Collection::sessions().request_below(Method::Post, id, &["agui", "interrupt"]);
    client.send(&request).await?;
    let mut session = Record::empty(&SESSION);
    session.replace("id", id);
    Ok(session.into())
}
