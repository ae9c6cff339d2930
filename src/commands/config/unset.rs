//! `acpctl config unset`

use serde_json::json;

use super::keys::KEYS;
use super::set;
use crate::commands::outcome;
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::Candidates;

/// Remove a setting
///
/// Keys: `api_url`, project, pager.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Key
    #[arg(add = Candidates::Described(KEYS))]
    key: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    set::save(ctx, &args.key, None)?;
    let result = json!({"key": args.key, "value": null});
    outcome::said(ctx, &format, &format!("Unset {}", args.key), &result)?;
    set::warn(ctx, &args.key)
}
