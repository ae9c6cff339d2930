//! `acpctl scheduled-session get`

use anyhow::Context as _;

use crate::commands::project_args::ProjectArgs;
use crate::commands::several;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::resources::{Candidates, SCHEDULED_SESSION};
use crate::text::quote;

const EXAMPLES: &str = "acpctl scheduled-session get nightly";

/// Show scheduled sessions
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "SESSION", required = true)]
    #[arg(add = Candidates::SCHEDULED_SESSIONS)]
    sessions: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let format = args.output.format()?;
    for name in &args.sessions {
        lookup::check("scheduled session name or ID", name)?;
    }
    let client = ctx.client()?;
    let schedules = Collection::scheduled_sessions(&project);
    several::show(ctx, &SCHEDULED_SESSION, &args.sessions, &format, |name| {
        ctx.block_on(async {
            match lookup::find_if_any(client, &schedules, name).await {
                Ok(Some(record)) => Ok(record),
                Ok(None) => Err(lookup::not_found(client, &schedules, name).await.into()),
                Err(error) => Err(error),
            }
            .with_context(|| format!("get scheduled session {}", quote(name)))
        })
    })
}
