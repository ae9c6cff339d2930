//! `acpctl policy update`

use super::fields::Fields;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object::Target;
use crate::ctx::Ctx;
use crate::resources::{Candidates, POLICY};

const EXAMPLES: &str = "acpctl policy update tight --from-file policy.yaml";

/// Change a policy; only the flags you pass are changed
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::POLICIES)]
    policy: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let target = Target {
        resource: &POLICY,
        given: &args.policy,
        project: &args.project,
    };
    let body = args.fields.body()?;
    target.update(
        ctx,
        &body,
        "--spec, --from-file, --labels, --annotations",
        &args.output,
    )
}
