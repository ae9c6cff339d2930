//! `acpctl config set-context`

use super::context_change;
use crate::auth::{cleartext, login};
use crate::commands::outcome::WriteArgs;
use crate::config::server_url::{Source, check_url};
use crate::config::{Config, contexts, file};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::resources::Candidates;
use crate::text::command::shell_word;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl config set-context staging --server https://staging.example.org --project team-a
# Log in there, then make it the server of all commands
acpctl --context-name staging login --use-auth-code
acpctl config use-context staging";

/// Add a server to the configuration, or change one
///
/// --project and --insecure-skip-tls-verify are saved with the context. The server of a configuration without contexts
/// becomes one, which is named after its host; other programs that read a single server from the file do not find it
/// then. A login stays with the server that it was made for.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Context
    #[arg(add = Candidates::ServerContexts)]
    name: String,
    /// API server URL; a new context needs one
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let name = &args.name;
    let server = args.server.as_deref().filter(|url| !url.is_empty());
    if let Some(url) = server {
        check_url(url, Source::Setting)?;
    }
    let mut is_new = false;
    let mut note = None;
    let config = context_change::apply(ctx, |config| {
        is_new = !contexts::exists(config, name);
        note = change(ctx, config, name, server)?;
        Ok(())
    })?;
    let done = if is_new { "created" } else { "modified" };
    let sentence = format!("Context {} {done}", quote(name));
    context_change::report(ctx, &config, name, &format, &sentence)?;
    if let Some(note) = note {
        ctx.out.aside(&note);
    }
    if let Some(origin) = server.and_then(cleartext::exposed) {
        ctx.out.warn(&cleartext::words(&origin));
    }
    Ok(())
}

/// Changes the context. Returns the note about a permission that has ended with its address.
fn change(
    ctx: &Ctx,
    config: &mut Config,
    name: &str,
    server: Option<&str>,
) -> Result<Option<String>, Failure> {
    if contexts::exists(config, name) {
        contexts::refuse_local(config, name, "changed")?;
        contexts::select(config, name)?;
    } else if server.is_none() {
        return Err(Failure::usage(format!(
            "context {} does not exist, and a new one needs --server",
            quote(name)
        ))
        .hint(format!(
            "acpctl config set-context {} --server URL; those that exist: acpctl config get-contexts",
            shell_word(name)
        )));
    } else {
        contexts::create(config, name)?;
    }
    let note = server.and_then(|_| login::change_url(config, server));
    let globals = &ctx.globals;
    if let Some(project) = globals.project.as_deref().filter(|name| !name.is_empty()) {
        config.set(file::PROJECT, Some(project.into()));
    }
    if let Some(skips) = globals.insecure_skip_tls_verify {
        config.set(file::INSECURE, skips.then(|| true.into()));
    }
    Ok(note.filter(|_| globals.insecure_skip_tls_verify != Some(true)))
}
