//! `acpctl config rename-context`

use super::context_change;
use crate::commands::outcome::WriteArgs;
use crate::config::contexts;
use crate::ctx::Ctx;
use crate::resources::Candidates;
use crate::text::quote;

const EXAMPLES: &str = "acpctl config rename-context staging test";

/// Give a server of the configuration another name
///
/// Its login and its project stay.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Context
    #[arg(add = Candidates::ServerContexts)]
    name: String,
    /// New name
    new_name: String,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let (old, new) = (&args.name, &args.new_name);
    let config = context_change::apply(ctx, |config| contexts::rename(config, old, new))?;
    let sentence = format!("Context {} renamed to {}", quote(old), quote(new));
    context_change::report(ctx, &config, new, &format, &sentence)
}
