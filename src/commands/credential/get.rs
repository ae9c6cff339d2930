//! `acpctl credential get`

use anyhow::Context as _;

use crate::commands::listing::shows_screen;
use crate::commands::{several, used_by};
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::resources::{CREDENTIAL, Candidates};
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl credential get prod
acpctl credential get prod staging
acpctl credential get prod -o jsonpath='{.annotations}'";

/// Show credentials without their secrets
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs
    #[arg(value_name = "CREDENTIAL", required = true)]
    #[arg(add = Candidates::CREDENTIALS)]
    credentials: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    for name in &args.credentials {
        Collection::credentials().check(name)?;
    }
    let client = ctx.client()?;
    several::show(ctx, &CREDENTIAL, &args.credentials, &format, |name| {
        let mut record = ctx.block_on(async {
            let mut record = lookup::credential(client, name)
                .await
                .with_context(|| format!("get credential {}", quote(name)))?;
            if shows_screen(ctx, &format) {
                used_by::join(client, std::slice::from_mut(&mut record)).await;
            }
            Ok(record)
        })?;
        record.remove("token");
        Ok(record)
    })
}
