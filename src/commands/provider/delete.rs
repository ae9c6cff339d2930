//! `acpctl provider delete`

use crate::commands::confirm::ConfirmArgs;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object::Target;
use crate::ctx::Ctx;
use crate::resources::{Candidates, PROVIDER};

const EXAMPLES: &str = "acpctl provider delete github --yes";

/// Delete a provider
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::PROVIDER_RECORDS)]
    provider: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let target = Target {
        resource: &PROVIDER,
        given: &args.provider,
        project: &args.project,
    };
    target.delete(ctx, &args.confirm, &args.output)
}
