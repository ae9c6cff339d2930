//! `acpctl credential delete`

use anyhow::Context as _;

use crate::commands::gateway_credentials::ForceArgs;
use crate::commands::minted_access::{self, Consent};
use crate::commands::removal::DeleteArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::{Candidates, Record};

const EXAMPLES: &str = "\
acpctl credential delete prod
# Without confirmation; a missing one is not an error
acpctl credential delete prod staging --ignore-not-found --yes
# All with these labels
acpctl credential delete -l team=a --yes";

/// Delete credentials
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "CREDENTIAL")]
    #[arg(add = Candidates::CREDENTIALS)]
    credentials: Vec<String>,
    /// Also a credential that the platform made for its own gateways, or a minted one, whose access then stays in the
    /// cluster
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    delete: DeleteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    const DOING: &str = "delete credential";
    let find = |name: &str| -> anyhow::Result<Record> {
        let client = ctx.client()?;
        let found =
            ctx.block_on(async { lookup::credential(client, name).await.context(DOING) })?;
        ForceArgs::of(args.force).check(name, &found)?;
        let consent = if args.force {
            Consent::Given
        } else {
            args.delete.consent(ctx)
        };
        minted_access::check_deletion(ctx, name, &found, consent)?;
        Ok(found)
    };
    let credentials = Collection::credentials();
    args.delete
        .delete(ctx, &credentials, &args.credentials, DOING, &find)
}
