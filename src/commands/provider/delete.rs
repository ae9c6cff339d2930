//! `acpctl provider delete`

use crate::commands::confirm::ConfirmArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object::Target;
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::{Candidates, PROVIDER};

/// Delete a provider
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::PROVIDER_RECORDS)]
    provider: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let target = Target {
        resource: &PROVIDER,
        given: &args.provider,
        project: &args.project,
    };
    target.delete(ctx, &args.confirm, &args.output)
}
