//! `acpctl version` (docs/interface/cli-core.md section 7.4). It never fails: if the server can't be reached, it prints
//! that.

pub(crate) mod drift;
mod newest;

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::api::{Answer, BASE_PATH, Client, Error, Request};
use crate::auth::login;
use crate::commands::server_mode::ServerModeArgs;
use crate::compat::{go_url, json as text};
use crate::config::Settings;
use crate::config::settings::check_token;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs};
use crate::runner::server_mode;
use crate::runner::table::Target;
use crate::text::{acpctl, quote, url_for_people};

/// The time limit for the server's answer.
const LIMIT: Duration = Duration::from_secs(5);

const EXAMPLES: &str = "\
acpctl version
acpctl version -o json
# Only on request: is there a newer acpctl?
acpctl version --check";

/// Print the client and server version
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print only the version of this program; does not contact the server
    #[arg(long)]
    client: bool,
    /// Look for a newer acpctl, at the address in `ACPCTL_RELEASE_URL`; does not contact the server
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    mode: ServerModeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let client = json!({
        "version": crate::version::VERSION,
        "commit": option_env!("ACPCTL_COMMIT").unwrap_or("unknown"),
        "build_time": option_env!("ACPCTL_BUILD_TIME").unwrap_or("unknown"),
    });
    let plain = matches!(format, Format::Table | Format::Wide);
    let part = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    if plain && ctx.out.is_quiet() && !args.check {
        return ctx.out.line(crate::version::VERSION);
    }
    if plain {
        let line = format!(
            "Client: {} (commit: {}, built: {})",
            part(&client, "version"),
            part(&client, "commit"),
            part(&client, "build_time")
        );
        ctx.out.line(&line)?;
    }
    if args.check {
        return newest::report(ctx, &client, &format);
    }
    if args.client || ctx.settings().is_err() {
        return if plain {
            Ok(())
        } else {
            ctx.out.value(&json!({"client": client}), &format)
        };
    }
    // In a pipe, the Go tool's lines are printed.
    if plain && ctx.out.is_terminal() && !ctx.has_server() {
        return ctx.out.line(&format!(
            "Server: none is set up yet ({}, or --local)",
            acpctl(&["login", "URL"])
        ));
    }
    let server = ask(ctx);
    let given = args.mode.given();
    let mode = || given.or_else(|| server.as_ref().ok().and_then(|_| mode(ctx)));
    if !plain {
        let mode = mode();
        let server = server.unwrap_or_else(|why| json!({"unavailable": why}));
        let mut value = json!({"client": client, "server": server});
        if let Some(name) = &ctx.settings()?.context {
            value["context"] = json!(name);
        }
        if let Some(mode) = mode {
            value["server_mode"] = json!(mode);
        }
        return ctx.out.value(&value, &format);
    }
    // In a pipe, the text is the Go tool's, unless the user asks for more by naming the mode.
    let is_shown = ctx.out.is_terminal() || given.is_some();
    let mode = is_shown.then(mode).flatten();
    if let Ok(server) = &server {
        drift::warn(ctx, server);
    }
    ctx.out.line(&match server {
        Ok(server) => format!(
            "Server: {} (tag: {}, built: {})",
            part(&server, "version"),
            part(&server, "git_tag"),
            part(&server, "build_time")
        ),
        Err(why) => format!("Server: unavailable ({why})"),
    })?;
    if let Some(name) = ctx
        .settings()?
        .context
        .as_ref()
        .filter(|_| ctx.out.is_terminal())
    {
        ctx.out.line(&format!("Context: {name}"))?;
    }
    match mode {
        Some(mode) => {
            let source = given.map_or("", |_| " (--server-mode)");
            ctx.out.line(&format!("Sessions: {}{source}", mode.word()))
        }
        None => Ok(()),
    }
}

/// Asks the server how it runs sessions; `None` if it does not tell, or if it is this machine.
fn mode(ctx: &Ctx) -> Option<Target> {
    let settings = ctx.settings().ok()?;
    if settings.is_local() {
        return None;
    }
    let fits = |token: &SecretString| check_token(token, "").is_ok();
    let token = ctx.stored_token(settings).ok().flatten().filter(fits);
    let client = Client::without_project(settings, token).ok()?;
    let asked =
        ctx.block_on(async { Ok(server_mode::ask(&client, &settings.cache_key(), None).await) });
    asked.ok().flatten()
}

/// Requests the server's version. Sends the login along, since a server may require one.
///
/// # Errors
/// The reason for having no version, as it is printed.
fn ask(ctx: &Ctx) -> Result<Value, String> {
    let settings = ctx.settings().map_err(|failure| failure.message)?;
    if !settings.is_local() {
        let base = &settings.api_url.value;
        let url = format!(
            "{}{BASE_PATH}/version",
            base.strip_suffix('/').unwrap_or(base)
        );
        if let Some(fault) = go_url::fault(&url) {
            let (url, cause) = (quote(&url_for_people(&url)), fault.cause);
            return Err(if fault.unreadable {
                format!("create request: parse {url}: {cause}")
            } else {
                format!("HTTP request failed: Get {url}: {cause}")
            });
        }
    }
    let fits = |token: &SecretString| check_token(token, "").is_ok();
    let token = login::at_hand(settings).filter(fits);
    let is_known = token.is_some();
    let mut answer = send(ctx, settings, token)?;
    // A keyring may be slow, so it is read only if the server requires a login.
    if answer.status == 401
        && !is_known
        && let Some(token) = ctx.stored_token(settings).ok().flatten().filter(fits)
    {
        answer = send(ctx, settings, Some(token))?;
    }
    if answer.status != 200 {
        return Err(format!("server returned HTTP {}", answer.status));
    }
    text::parse(&answer.body).map_err(|why| format!("unmarshal response: {why}"))
}

fn send(ctx: &Ctx, settings: &Settings, token: Option<SecretString>) -> Result<Answer, String> {
    let client = Client::without_project(settings, token).map_err(|error| format!("{error:#}"))?;
    let request = Request::get("/version");
    let answer = ctx.block_on(async {
        let answer = tokio::time::timeout(LIMIT, client.send_once(&request)).await;
        Ok(answer.unwrap_or_else(|_| Err(client.timed_out(&request))))
    });
    answer
        .map_err(|error| error.to_string())?
        .map_err(|error: Error| error.to_string())
}
