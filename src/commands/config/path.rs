//! `acpctl config path`

use serde_json::json;

use crate::config::paths;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::{Format, OutputArgs};

const EXAMPLES: &str = "acpctl config path";

/// Print the path of the configuration file
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let path = paths::config_file().map_err(|why| Failure::new(Kind::Other, why))?;
    let path = path.to_string_lossy();
    match format {
        Format::Table | Format::Wide => ctx.out.line(&path),
        format => ctx.out.value(&json!({"path": path}), &format),
    }
}
