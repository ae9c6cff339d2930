//! `acpctl credential get`

use anyhow::Context as _;

use crate::commands::listing::shows_screen;
use crate::commands::used_by;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::resources::Candidates;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl credential get prod
acpctl credential get prod -o jsonpath='{.annotations}'";

/// Show a credential without its secret
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
    credential: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    Collection::credentials().check(&args.credential)?;
    let client = ctx.client()?;
    let mut record = ctx.block_on(async {
        let mut record = lookup::credential(client, &args.credential)
            .await
            .with_context(|| format!("get credential {}", quote(&args.credential)))?;
        if shows_screen(ctx, &format) {
            used_by::join(client, std::slice::from_mut(&mut record)).await;
        }
        Ok(record)
    })?;
    record.remove("token");
    ctx.out.record(&record, &format, ctx.now())
}
