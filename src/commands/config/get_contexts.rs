//! `acpctl config get-contexts`

use serde_json::{Value, json};

use crate::auth::own_server;
use crate::config::contexts::{self, Context};
use crate::config::server_url::is_local;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs};
use crate::resources::Candidates;
use crate::text::url_for_people;

const EXAMPLES: &str = "\
acpctl config get-contexts
# Only the names
acpctl config get-contexts -o name";

/// List the servers of the configuration
///
/// Each context is a server with its own login and project; the one with `*` is used. `local` is the embedded API of
/// this machine and always there. These are not the contexts of a kubeconfig, which `credential create --context`
/// takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Show only this context
    #[arg(add = Candidates::ServerContexts)]
    name: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let config = ctx.config_of_any_context()?;
    let mut found = contexts::list(config);
    if let Some(name) = &args.name {
        found.retain(|context| context.name == *name);
        if found.is_empty() {
            return Err(contexts::not_found(config, name).into());
        }
    }
    let names = || found.iter().map(|context| context.name.as_str());
    match format {
        Format::Table | Format::Wide if ctx.out.is_quiet() => {
            names().try_for_each(|name| ctx.out.line(name))
        }
        Format::Table | Format::Wide => {
            let rows: Vec<Vec<String>> = found.iter().map(row).collect();
            let titles = ["CURRENT", "NAME", "SERVER", "PROJECT", "LOGIN"];
            ctx.out.fitted(&titles, &rows, format == Format::Wide)
        }
        Format::Name => names().try_for_each(|name| ctx.out.line(&format!("context/{name}"))),
        format => {
            let items: Vec<Value> = found.iter().map(object).collect();
            ctx.out.value(&json!({"items": items}), &format)
        }
    }
}

fn row(context: &Context) -> Vec<String> {
    let login = match context.has_login {
        _ if context.is_local() => "not needed",
        // Commands find the token of the user's own server, whatever login is stored.
        _ if own_server::token_for(&context.server).is_some() => "not needed",
        true => "yes",
        false if context.has_login_elsewhere => "for another server",
        false => "no",
    };
    vec![
        if context.is_current { "*" } else { "" }.to_owned(),
        context.name.clone(),
        address(&context.server),
        context.project.clone().unwrap_or_default(),
        login.to_owned(),
    ]
}

/// Returns the address for people; `local` for the embedded API.
fn address(server: &str) -> String {
    if is_local(server) {
        return "local".to_owned();
    }
    url_for_people(server)
}

/// Returns a context as programs read it.
pub(super) fn object(context: &Context) -> Value {
    json!({
        "name": context.name,
        "server": url_for_people(&context.server),
        "project": context.project,
        "current": context.is_current,
        "logged_in": context.has_login,
    })
}
