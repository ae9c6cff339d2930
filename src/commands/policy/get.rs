//! `acpctl policy get`

use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object::Target;
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::{Candidates, POLICY};

const EXAMPLES: &str = "acpctl policy get tight";

/// Show a policy
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::POLICIES)]
    policy: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let target = Target {
        resource: &POLICY,
        given: &args.policy,
        project: &args.project,
    };
    target.show(ctx, &args.output)
}
