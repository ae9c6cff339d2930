//! `acpctl session events`

use super::follow;
use crate::ctx::Ctx;
use crate::lookup::Collection;
use crate::resources::Candidates;

const EXAMPLES: &str = "acpctl session events fix";

/// Stream the events of a session unchanged
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// ID or name of the session, or name of its agent
    #[arg(add = Candidates::SESSIONS)]
    session: String,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    Collection::sessions().check(&args.session)?;
    let client = ctx.client()?;
    let printed = ctx.block_on(follow::until_interrupted(async {
        let (id, mut stream) = follow::open_named(client, &args.session).await?;
        ctx.out.text(&format!(
            "Streaming events for session {id} (Ctrl+C to stop)...\n\n"
        ))?;
        while let Some(event) = stream.next().await.map_err(follow::broken)? {
            ctx.out.json_line(&event.data)?;
        }
        Ok(())
    }));
    printed.map(|_left| ())
}
