//! `acpctl scheduled-session update`

use anyhow::Context as _;

use super::fields::Fields;
use super::schedule::ScheduleArgs;
use crate::api::Method;
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::renaming;
use crate::resources::SCHEDULED_SESSION;

const EXAMPLES: &str =
    "acpctl scheduled-session update nightly --schedule '30 6 * * *' --timezone Europe/Prague";

/// Change the given fields of a scheduled session
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: ScheduleArgs,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.target.project(ctx)?;
    let format = args.output.format(ctx)?;
    let given = args.target.schedule()?;
    args.fields.check()?;
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let found = lookup::scheduled_session(client, &project, given).await?;
        let agent = args.fields.agent(client, &project).await?;
        let body = args.fields.for_update(agent.as_deref());
        outcome::judge_change(ctx, &body)?;
        let schedules = Collection::scheduled_sessions(&project);
        let name = args.fields.name.as_deref();
        renaming::refuse_taken(client, &schedules, found.id(), name).await?;
        let request = schedules.request(Method::Patch, found.id()).body(body);
        client
            .fetch(&SCHEDULED_SESSION, &request)
            .await
            .context("update scheduled session")
    })?;
    outcome::updated(ctx, &record, (given, args.fields.name.as_deref()), &format)
}
