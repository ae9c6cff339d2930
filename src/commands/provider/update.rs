//! `acpctl provider update`

use super::fields::Fields;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object::Target;
use crate::ctx::Ctx;
use crate::resources::{Candidates, PROVIDER};

const EXAMPLES: &str = "acpctl provider update github --secret other-token";

/// Change a provider; only the flags you pass are changed
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::PROVIDER_RECORDS)]
    provider: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let target = Target {
        resource: &PROVIDER,
        given: &args.provider,
        project: &args.project,
    };
    args.output.format(ctx)?;
    let body = args.fields.body(ctx, &args.project.project(ctx)?)?;
    target.update(
        ctx,
        &body,
        "--type, --secret, --labels, --annotations",
        &args.output,
    )
}
