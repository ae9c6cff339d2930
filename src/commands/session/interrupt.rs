//! `acpctl session interrupt`

use anyhow::Context as _;

use crate::api::Method;
use crate::commands::outcome;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::resources::{Candidates, Record, SESSION};

/// Interrupt what a session does right now; the session itself goes on
#[derive(Debug, clap::Args)]
pub struct Args {
    /// ID or name of the session, or name of its agent
    #[arg(add = Candidates::SESSIONS)]
    session: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    lookup::check("session name or ID", &args.session)?;
    let format = args.output.format()?;
    let client = ctx.client()?;
    let session = ctx.block_on(async {
        let sessions = Collection::global(&SESSION);
        lookup::act(client, &sessions, &args.session, async |id| {
            let request = sessions.request_below(Method::Post, id, &["agui", "interrupt"]);
            client.send(&request).await?;
            // The runner's answer says nothing of the session.
            let mut session = Record::empty(&SESSION);
            session.replace("id", id);
            Ok(session)
        })
        .await
        .with_context(|| format!("interrupt session {}", quote(&args.session)))
    })?;
    let sentence = format!("session/{} interrupted", session.id());
    outcome::done(ctx, &session, &format, &sentence)
}
