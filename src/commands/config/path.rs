//! `acpctl config path`

use crate::config::paths;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};

const EXAMPLES: &str = "acpctl config path";

/// Print the path of the configuration file
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

pub(super) fn run(ctx: &Ctx, _args: &Args) -> anyhow::Result<()> {
    let path = paths::config_file().map_err(|why| Failure::new(Kind::Other, why))?;
    ctx.out.line(&path.to_string_lossy())
}
