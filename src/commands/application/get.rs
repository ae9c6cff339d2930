//! `acpctl application get`

use anyhow::Context as _;

use crate::commands::several;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::resources::{APPLICATION, Candidates};
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl application get web
acpctl application get web -o yaml";

/// Show applications
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "APPLICATION", required = true)]
    #[arg(add = Candidates::APPLICATIONS)]
    applications: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    for name in &args.applications {
        Collection::applications().check(name)?;
    }
    let client = ctx.client()?;
    several::show(ctx, &APPLICATION, &args.applications, &format, |name| {
        ctx.block_on(async {
            lookup::application(client, name)
                .await
                .with_context(|| format!("get application {}", quote(name)))
        })
    })
}
