//! `acpctl provider get`

use super::secret;
use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object::Target;
use crate::commands::server_mode::ServerModeArgs;
use crate::commands::several;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs};
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
    mode: ServerModeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let find = |given: &str| {
        let target = Target {
            resource: &PROVIDER,
            given,
            project: &args.project,
        };
        target.find(ctx)
    };
    let found = several::find(&args.providers, find)?;
    several::show_found(ctx, &PROVIDER, &found, &format)?;
    if matches!(format, Format::Table | Format::Wide) {
        for provider in &found {
            secret::say(ctx, &args.mode, provider)?;
        }
    }
    Ok(())
}
