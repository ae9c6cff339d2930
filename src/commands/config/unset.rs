//! `acpctl config unset`

use super::set;
use crate::ctx::Ctx;

/// Remove a setting
///
/// Keys: `api_url`, project, pager.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Key
    key: String,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    set::save(ctx, &args.key, None)?;
    ctx.out.line(&format!("Unset {}", args.key))?;
    set::say(ctx, &args.key)
}
