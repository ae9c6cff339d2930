//! `--from-env`: takes the credentials from the variables that the platform sets in a session's pod
//! (docs/interface/runner.md section 2).
//!
//! This is stricter than the runner, which could leak a token: the address is checked before anything is sent, no proxy
//! is used, and a damaged variable is an error instead of a start without credentials.

use std::io;

use futures_util::future::join_all;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

use crate::api::{Client, path};
use crate::auth::cleartext::is_near;
use crate::config::Settings;
use crate::config::server_url::parse_api_url;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::lookup::Collection;
use crate::resources::{CREDENTIAL, Record};
use crate::runner::TOKEN_FILE;
use crate::runner::expiry::SessionTime;
use crate::text::quote;

/// Reads the credentials that the variables name, without their secrets. From here on, the run uses the client that the
/// variables describe.
///
/// # Errors
/// If a variable is missing or damaged, or names an address outside the cluster.
pub(super) fn records(ctx: &Ctx) -> anyhow::Result<Vec<Record>> {
    let ids = object(env::CREDENTIAL_IDS)?;
    let in_sidecars = object(env::CREDENTIAL_MCP_URLS)?;
    let wanted = ids
        .iter()
        .filter(|(provider, _)| !in_sidecars.contains_key(*provider))
        .map(|(provider, id)| match id.as_str() {
            Some(id) if is_plain(id) => Ok((provider.as_str(), id)),
            _ => Err(damaged(
                env::CREDENTIAL_IDS,
                "holds an ID that is not a plain word",
            )),
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    ctx.use_client(client(ctx)?);
    let client = ctx.client()?;
    ctx.block_on(async {
        Ok(join_all(
            wanted
                .iter()
                .map(|(provider, id)| metadata(client, provider, id)),
        )
        .await)
    })
}

/// Reads a credential without its secret. If the session's token may not read it, the address and the e-mail address
/// are missing, as they are in the runner.
async fn metadata(client: &Client, provider: &str, id: &str) -> Record {
    let bare = || {
        let value = json!({"id": id, "name": provider, "provider": provider});
        Record::decode(&CREDENTIAL, value).unwrap_or_else(|_| Record::empty(&CREDENTIAL))
    };
    match client
        .get(&CREDENTIAL, &Collection::credentials().item(id, &[]))
        .await
    {
        Ok(record) if record.id() == id && record.text("provider") == provider => record,
        _ => bare(),
    }
}

/// Tells how long the pod's session runs. If its token may not read the session, a usual length is assumed.
///
/// # Errors
/// If no client can be made.
pub(super) fn session_time(ctx: &Ctx) -> anyhow::Result<SessionTime> {
    let Some(id) = env::SESSION_ID.get().filter(|id| is_plain(id)) else {
        return Ok(SessionTime::Assumed);
    };
    let client = ctx.client()?;
    let found = ctx.block_on(async { Ok(client.get_json(&path(&["sessions", &id])).await) })?;
    Ok(found.map_or(SessionTime::Assumed, |session| {
        SessionTime::of_session(&session)
    }))
}

/// Makes a client from the variables and the mounted token, both as they are now.
pub(super) fn client(ctx: &Ctx) -> anyhow::Result<Client> {
    let Some(address) = env::BACKEND_API_URL.get() else {
        return Err(Failure::usage("BACKEND_API_URL is not set")
            .hint("--from-env is for a session's pod")
            .into());
    };
    let url = parse_api_url(&address)?;
    check_host(&url)?;
    let mut settings = Settings::new(&ctx.globals, ctx.config_if_any()?);
    address
        .trim_end_matches('/')
        .clone_into(&mut settings.api_url.value);
    let token = token()?;
    if token.is_none() {
        refuse_exchange()?;
    }
    settings.project.value = env::PROJECT_NAME
        .get()
        .or_else(|| env::AGENTIC_SESSION_NAMESPACE.get())
        .map(|project| project.trim().to_owned());
    settings.direct = true;
    Client::connect(&settings, token)
}

/// Refuses to send the token anywhere except into the cluster or to this machine. A URL without a host, such as
/// `file:`, is refused too.
fn check_host(url: &Url) -> Result<(), Failure> {
    if is_near(url) && matches!(url.scheme(), "http" | "https") {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "refusing to send a token to the external host {}",
        quote(url.host_str().unwrap_or_default())
    ))
    .hint("BACKEND_API_URL must be a service of the cluster or this machine"))
}

/// Reads the mounted token, or else `BOT_TOKEN`.
fn token() -> Result<Option<SecretString>, Failure> {
    match std::fs::metadata(TOKEN_FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(env::BOT_TOKEN.get().map(SecretString::from))
        }
        _ => {
            let input = input::from_path(TOKEN_FILE)?;
            let text = std::str::from_utf8(&input.bytes).unwrap_or_default().trim();
            let token = SecretString::from(text);
            Ok(Some(token).filter(|token| !token.expose_secret().is_empty()))
        }
    }
}

/// Refuses a pod whose runner exchanges the session's ID for a token. The exchange proves nothing about the caller
/// (docs/interface/runner.md section 11, 10), and without a token every request would fail for a reason that is hard to
/// see.
fn refuse_exchange() -> Result<(), Failure> {
    if env::CP_TOKEN_URL.get().is_none() {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Login,
        format!(
            "no token: the exchange at {} is not supported",
            env::CP_TOKEN_URL.name
        ),
    )
    .hint(format!(
        "set {}, or mount the token at {TOKEN_FILE}",
        env::BOT_TOKEN.name
    )))
}

/// Reads a variable that holds a JSON object; a missing one counts as empty.
fn object(variable: env::Var) -> Result<Map<String, Value>, Failure> {
    let text = variable.get().unwrap_or_else(|| "{}".to_owned());
    match serde_json::from_str(&text) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(damaged(variable, "is not a JSON object")),
    }
}

fn damaged(variable: env::Var, what: &str) -> Failure {
    Failure::new(Kind::Data, format!("{} {what}", variable.name))
}

/// True for a text that needs no escapes in a path.
fn is_plain(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
