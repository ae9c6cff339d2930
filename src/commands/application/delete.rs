//! `acpctl application delete`

use anyhow::Context as _;

use crate::commands::removal::DeleteArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::Candidates;

const EXAMPLES: &str = "\
acpctl application delete web --yes
# Several at once; a missing one is not an error
acpctl application delete web old --ignore-not-found --yes";

/// Delete applications
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "APPLICATION")]
    #[arg(add = Candidates::APPLICATIONS)]
    applications: Vec<String>,
    #[command(flatten)]
    delete: DeleteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    const DOING: &str = "delete application";
    let find = |name: &str| {
        let client = ctx.client()?;
        ctx.block_on(async { lookup::application(client, name).await.context(DOING) })
    };
    let applications = Collection::applications();
    args.delete
        .delete(ctx, &applications, &args.applications, DOING, &find)
}
