//! `acpctl config get`

use serde_json::json;

use super::values;
use crate::config::keys::DESCRIBED;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs};
use crate::resources::Candidates;

const EXAMPLES: &str = "\
acpctl config get api_url
acpctl config get project -o json";

/// Print the effective value of a setting
///
/// "acpctl config view" lists the keys.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Key
    #[arg(add = Candidates::Described(&DESCRIBED))]
    key: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let key = values::find(&args.key)?;
    let (value, _) = values::effective(key, ctx.settings()?, ctx.config()?);
    let result = json!({"key": args.key, "value": value});
    let shown = value.as_deref().unwrap_or(values::UNSET);
    match format {
        Format::Table | Format::Wide => ctx.out.line(shown),
        format => ctx.out.value(&result, &format),
    }
}
