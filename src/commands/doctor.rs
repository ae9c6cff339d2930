//! `acpctl doctor`

use crate::ctx::Ctx;

/// Check configuration, login, server and tools
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_ctx: &Ctx, _args: &Args) -> anyhow::Result<()> {
    Ok(())
}
