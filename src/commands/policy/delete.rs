//! `acpctl policy delete`

use crate::commands::confirm::ConfirmArgs;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object::Target;
use crate::ctx::Ctx;
use crate::resources::{Candidates, POLICY};

const EXAMPLES: &str = "acpctl policy delete tight --yes";

/// Delete a policy
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::POLICIES)]
    policy: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let target = Target {
        resource: &POLICY,
        given: &args.policy,
        project: &args.project,
    };
    target.delete(ctx, &args.confirm, &args.output)
}
