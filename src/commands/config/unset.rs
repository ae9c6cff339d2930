//! `acpctl config unset`

use serde_json::json;

use super::set;
use crate::commands::outcome::{self, WriteArgs};
use crate::config::keys::DESCRIBED;
use crate::ctx::Ctx;
use crate::resources::Candidates;

const EXAMPLES: &str = "acpctl config unset project";

/// Remove a setting
///
/// "acpctl config view" lists the keys.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Key
    #[arg(add = Candidates::Described(&DESCRIBED))]
    key: String,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    set::save(ctx, &args.key, None)?;
    let result = json!({"key": args.key, "value": null});
    outcome::said(ctx, &format, &format!("Unset {}", args.key), &result)?;
    set::warn(ctx, &args.key, None)
}
