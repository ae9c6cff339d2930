//! `acpctl config use-context`

use super::context_change;
use crate::commands::outcome::WriteArgs;
use crate::config::contexts;
use crate::ctx::Ctx;
use crate::env;
use crate::resources::Candidates;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl config use-context local
# For one command only
acpctl --context-name local get projects";

/// Use another server of the configuration from now on
///
/// "acpctl config get-contexts" lists them. `local` is the embedded API of this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Context
    #[arg(add = Candidates::ServerContexts)]
    name: String,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let name = &args.name;
    let config = context_change::apply(ctx, |config| contexts::choose(config, name))?;
    let sentence = format!("Switched to context {}", quote(name));
    context_change::report(ctx, &config, name, &format, &sentence)?;
    for variable in [env::CONTEXT, env::API_URL, env::TOKEN, env::PROJECT] {
        if variable.get().is_some() {
            ctx.out.warn(&format!(
                "{} is set and overrides the context",
                variable.name
            ));
        }
    }
    Ok(())
}
