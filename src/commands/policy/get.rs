//! `acpctl policy get`

use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object;
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::{Candidates, POLICY};

const EXAMPLES: &str = "acpctl policy get tight";

/// Show policies
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "POLICY", required = true)]
    #[arg(add = Candidates::POLICIES)]
    policies: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    project_object::show(ctx, &POLICY, &args.policies, &args.project, &args.output)
}
