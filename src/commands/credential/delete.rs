//! `acpctl credential delete`

use anyhow::Context as _;

use super::minted::Minted;
use crate::commands::confirm::ConfirmArgs;
use crate::commands::gateway_credentials::ForceArgs;
use crate::commands::outcome::WriteArgs;
use crate::commands::removal;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::Candidates;
use crate::text::acpctl;

const EXAMPLES: &str = "\
acpctl credential delete prod
# Without confirmation
acpctl credential delete prod --yes";

/// Delete a credential
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
    credential: String,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    force: ForceArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    const DOING: &str = "delete credential";
    let given = &args.credential;
    let format = args.output.format(ctx)?;
    let credentials = Collection::credentials();
    credentials.check(given)?;
    args.confirm.require(ctx, &format!("credential/{given}"))?;
    let client = ctx.client()?;
    let found = ctx.block_on(async { lookup::credential(client, given).await.context(DOING) })?;
    args.force.check(given, &found)?;
    if Minted::of(&found).is_some() {
        let revoke = acpctl(&["credential", "revoke", given]);
        ctx.out.note(&format!(
            "The credential was minted, and deleting it leaves its access in the cluster; to take that back as well: {revoke}"
        ));
    }
    removal::remove(
        ctx,
        &args.confirm,
        &credentials,
        &found,
        given,
        &format,
        DOING,
    )
}
