//! `acpctl scheduled-session update`

use anyhow::Context as _;

use super::fields::Fields;
use super::target::{Target, schedules};
use crate::api::Method;
use crate::commands::outcome;
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::OutputArgs;
use crate::resources::SCHEDULED_SESSION;

/// Change a scheduled session; only what is given changes
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.target.project_id.as_deref())?;
    let format = args.output.format()?;
    args.target.check()?;
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let found = lookup::scheduled_session(client, &project, &args.target.session).await?;
        let agent = args.fields.agent(client, &project).await?;
        let request = schedules(&project)
            .request(Method::Patch, found.id())
            .body(args.fields.for_update(agent.as_deref()));
        client
            .fetch(&SCHEDULED_SESSION, &request)
            .await
            .context("update scheduled session")
    })?;
    let sentence = format!("scheduled-session/{} updated", record.name());
    outcome::done(ctx, &record, &format, &sentence)
}
