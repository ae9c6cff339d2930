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
    let chosen = contexts::list(&config);
    let chosen = chosen.iter().find(|context| context.name == *name);
    let server = chosen.map(|context| context.server.as_str());
    let project = chosen.and_then(|context| context.project.as_deref());
    for (variable, saved) in [
        (env::CONTEXT, Some(name.as_str())),
        (env::API_URL, server),
        (env::TOKEN, None),
        (env::PROJECT, project),
    ] {
        // A variable that says the same overrides nothing.
        if variable
            .get()
            .is_some_and(|set| saved != Some(set.as_str()))
        {
            ctx.out.warn(&format!(
                "{} is set and overrides the context",
                variable.name
            ));
        }
    }
    Ok(())
}
