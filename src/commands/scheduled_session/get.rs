//! `acpctl scheduled-session get`

use anyhow::Context as _;

use super::target::{Target, schedules};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::OutputArgs;

/// Show a scheduled session
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.target.project_id.as_deref())?;
    let format = args.output.format()?;
    args.target.check()?;
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let (all, given) = (schedules(&project), &args.target.session);
        match lookup::find_if_any(client, &all, given).await {
            Ok(Some(record)) => Ok(record),
            Ok(None) => Err(lookup::not_found(client, &all, given).await.into()),
            Err(error) => Err(error),
        }
        .with_context(|| format!("get scheduled session {}", quote(given)))
    })?;
    ctx.out.record(&record, &format, ctx.now())
}
