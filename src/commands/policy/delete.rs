//! `acpctl policy delete`

use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object;
use crate::commands::removal::DeleteArgs;
use crate::ctx::Ctx;
use crate::resources::{Candidates, POLICY};

const EXAMPLES: &str = "\
acpctl policy delete tight --yes
# Several at once; a missing one is not an error
acpctl policy delete tight old --ignore-not-found --yes";

/// Delete policies
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "POLICY")]
    #[arg(add = Candidates::POLICIES)]
    policies: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    delete: DeleteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    project_object::delete(ctx, &POLICY, &args.policies, &args.project, &args.delete)
}
