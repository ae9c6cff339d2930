//! The request that tells the user whether the server accepts the new login.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::api::{Answer, Client, Request};
use crate::auth::{cleartext, own_server, token};
use crate::config::Settings;
use crate::ctx::Ctx;
use crate::output::progress;
use crate::text::url_for_people;

/// The server's time limit, unless the user sets another.
const SERVER_LIMIT: Duration = Duration::from_secs(5);

/// Sends one request to learn whether the server accepts the token. The login is saved already, so a failure is a
/// warning. Returns true if the server accepts it.
///
/// # Errors
/// The configuration can't be read.
pub(super) fn greet(ctx: &Ctx, url: Option<String>, token: &SecretString) -> anyhow::Result<bool> {
    let mut globals = ctx.globals.clone();
    globals.api_url = match url {
        Some(url) => Some(url),
        None => Some(ctx.settings()?.api_url.value.clone()),
    };
    globals.local = false;
    globals.request_timeout = globals.request_timeout.or(Some(SERVER_LIMIT));
    globals.connect_timeout = globals.connect_timeout.or(Some(SERVER_LIMIT));
    let settings = Settings::new(&globals, ctx.config()?);
    if settings.is_local() {
        return Ok(false);
    }
    let url = url_for_people(&settings.api_url.value);
    if let Some(origin) = cleartext::exposed(&url) {
        ctx.out.warn(&cleartext::words(&origin));
    }
    let saved = if ctx.rehearses() { "" } else { "saved, but " };
    if let Err(failure) = settings.check_connection(Some(token)) {
        ctx.out
            .warn(&format!("{saved}no command can use it: {failure}"));
        return Ok(false);
    }
    let user = token::read(token.expose_secret());
    let answer = || -> anyhow::Result<Answer> {
        let _asking = progress::begin(format!("Asking {url}"));
        let client = Client::without_project(&settings, Some(token.clone()))?;
        let request = Request::get("/projects?page=1&size=1");
        ctx.block_on(async { Ok(client.send_once(&request).await?) })
    };
    let answer = answer();
    let verdict = answer
        .as_ref()
        .map(|answer| (answer.status, is_platform(answer)));
    match &verdict {
        Ok((200 | 403, true)) => ctx.out.note(&match user.user() {
            Some(user) => format!("Logged in to {url} as {user}"),
            None => format!("Logged in to {url}"),
        }),
        Ok((401, _)) => {
            ctx.out
                .warn(&format!("{saved}{url} rejects the token (401)"));
            if own_server::token_for(&settings.api_url.value).is_some() {
                ctx.out.aside(own_server::NEEDS_NO_LOGIN);
            }
        }
        Ok((status, _)) => ctx.out.warn(&format!(
            "{saved}{url} answers {status}, unlike the platform"
        )),
        Err(error) => ctx
            .out
            .warn(&format!("{saved}the server did not answer: {error:#}")),
    }
    Ok(matches!(verdict, Ok((200 | 403, true))))
}

/// True if the answer may be the platform's: a list of projects, or an error in its format. A page for browsers or
/// another API's object says nothing about the token.
fn is_platform(answer: &Answer) -> bool {
    let Ok(said) = answer.json() else {
        return false;
    };
    if answer.status == 200 {
        said.get("items").is_some_and(Value::is_array)
    } else {
        said.get("kind").and_then(Value::as_str) == Some("Error")
    }
}
