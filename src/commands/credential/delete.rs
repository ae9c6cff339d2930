//! `acpctl credential delete`

use anyhow::Context as _;

use super::minted::Minted;
use crate::commands::gateway_credentials::ForceArgs;
use crate::commands::removal::DeleteArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::{Candidates, Record};
use crate::text::acpctl_for;

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
    #[command(flatten)]
    force: ForceArgs,
    #[command(flatten)]
    delete: DeleteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    const DOING: &str = "delete credential";
    let find = |name: &str| -> anyhow::Result<Record> {
        let client = ctx.client()?;
        let found =
            ctx.block_on(async { lookup::credential(client, name).await.context(DOING) })?;
        args.force.check(name, &found)?;
        if Minted::of(&found).is_some() {
            let revoke = acpctl_for(&["credential", "revoke"], name, &[]);
            ctx.out.note(&format!(
                "The credential was minted, and deleting it leaves its access in the cluster; to take that back as well: {revoke}"
            ));
        }
        Ok(found)
    };
    let credentials = Collection::credentials();
    args.delete
        .delete(ctx, &credentials, &args.credentials, DOING, &find)
}
