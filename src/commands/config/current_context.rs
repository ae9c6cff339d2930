//! `acpctl config current-context`

use crate::config::contexts;
use crate::ctx::Ctx;

const EXAMPLES: &str = "acpctl config current-context";

/// Print the name of the context that is used
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

pub(super) fn run(ctx: &Ctx, _args: &Args) -> anyhow::Result<()> {
    let config = ctx.config()?;
    match contexts::current(config) {
        Some(name) => ctx.out.line(&name),
        None => Err(contexts::not_found(config, "").into()),
    }
}
