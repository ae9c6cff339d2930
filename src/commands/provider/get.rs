//! `acpctl provider get`

use super::secret;
use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object::Target;
use crate::commands::server_mode::ServerModeArgs;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs};
use crate::resources::{Candidates, PROVIDER};

const EXAMPLES: &str = "acpctl provider get github";

/// Show a provider
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::PROVIDER_RECORDS)]
    provider: String,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    mode: ServerModeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let target = Target {
        resource: &PROVIDER,
        given: &args.provider,
        project: &args.project,
    };
    let format = args.output.format()?;
    let provider = target.find(ctx)?;
    ctx.out.record(&provider, &format, ctx.now())?;
    match format {
        Format::Table | Format::Wide => secret::say(ctx, &args.mode, &provider),
        _ => Ok(()),
    }
}
