//! `acpctl config get`

use super::values;
use crate::config::keys::DESCRIBED;
use crate::ctx::Ctx;
use crate::resources::Candidates;

const EXAMPLES: &str = "acpctl config get api_url";

/// Print the effective value of a setting
///
/// "acpctl config view" lists the keys.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Key
    #[arg(add = Candidates::Described(&DESCRIBED))]
    key: String,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let key = values::find(&args.key)?;
    let (value, _) = values::effective(key, ctx.settings()?, ctx.config()?);
    ctx.out.line(value.as_deref().unwrap_or(values::UNSET))
}
