//! `acpctl credential delete`

use anyhow::Context as _;

use super::lookup;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};

const EXAMPLES: &str = "\
acpctl credential delete prod
# Without a question
acpctl credential delete prod --yes";

/// Delete a credential
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    credential: String,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// The same as --yes
    #[arg(long)]
    confirm: bool,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    lookup::check_identifier(&args.credential)?;
    if !(args.yes || args.confirm) {
        // On a terminal the server is asked first: a question about nothing is no help.
        if !ctx.may_ask() {
            return Err(Failure::new(
                Kind::Input,
                format!("add --confirm to delete credential/{}", args.credential),
            )
            .into());
        }
        ctx.client()?;
        if !crate::output::prompt::confirm(&format!("Delete credential/{}?", args.credential))? {
            ctx.out.note("Aborted.");
            return Ok(());
        }
    }
    let client = ctx.client()?;
    ctx.block_on(async {
        let id = lookup::resolve_id(client, &args.credential)
            .await
            .context("delete credential")?;
        client
            .delete(&lookup::path_of(&id))
            .await
            .context("delete credential")
    })?;
    ctx.out
        .line(&format!("credential/{} deleted", args.credential))
}
