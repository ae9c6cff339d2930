//! `acpctl provider delete`

use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object;
use crate::commands::removal::DeleteArgs;
use crate::ctx::Ctx;
use crate::resources::{Candidates, PROVIDER};

const EXAMPLES: &str = "\
acpctl provider delete github --yes
# Several at once; a missing one is not an error
acpctl provider delete github old --ignore-not-found --yes";

/// Delete providers
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "PROVIDER")]
    #[arg(add = Candidates::PROVIDER_RECORDS)]
    providers: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    delete: DeleteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    project_object::delete(ctx, &PROVIDER, &args.providers, &args.project, &args.delete)
}
