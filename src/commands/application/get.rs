//! `acpctl application get`

use anyhow::Context as _;

use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::resources::Candidates;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl application get web
acpctl application get web -o yaml";

/// Show an application
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::APPLICATIONS)]
    application: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    Collection::applications().check(&args.application)?;
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        lookup::application(client, &args.application)
            .await
            .with_context(|| format!("get application {}", quote(&args.application)))
    })?;
    ctx.out.record(&record, &format, ctx.now())
}
