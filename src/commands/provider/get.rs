//! `acpctl provider get`

use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object;
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::{Candidates, PROVIDER};

const EXAMPLES: &str = "acpctl provider get github";

/// Show providers
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "PROVIDER", required = true)]
    #[arg(add = Candidates::PROVIDER_RECORDS)]
    providers: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    project_object::show(ctx, &PROVIDER, &args.providers, &args.project, &args.output)
}
