//! Connections: the client for a context, with what the header says about it.

use secrecy::ExposeSecret as _;

use super::event::About;
use crate::api::Client;
use crate::auth::token;
use crate::config::Settings;
use crate::ctx::Ctx;
use crate::globals::Globals;
use crate::server::USER;
use crate::text::url_for_people;

/// The context of the embedded API, which is always there.
pub(super) const LOCAL: &str = "local";

/// A client, and the server that it is for.
pub(super) struct Connection {
    pub client: Client,
    pub about: About,
}

/// Connects with the settings of the command line.
///
/// # Errors
/// As [`Ctx::client`], in the Go tool's words.
pub(super) fn first(ctx: &Ctx) -> anyhow::Result<Connection> {
    let client = ctx.connect().map_err(|error| error.context("connect"))?;
    let about = about(ctx.settings()?, &client);
    Ok(Connection { client, about })
}

/// Connects to a context by its name, or again with the login that is stored now. Everything is read anew: settings, token,
/// certificates.
///
/// # Errors
/// There is no such context, or as [`Ctx::client`].
pub(super) fn again(globals: &Globals, context: Option<&str>) -> anyhow::Result<Connection> {
    let mut globals = globals.clone();
    match context {
        None => {}
        Some(LOCAL) => globals.local = true,
        Some(name) => {
            globals.local = false;
            let known = names(&globals)?;
            if !known.iter().any(|(known, _)| known == name) {
                anyhow::bail!("context {name:?} not found");
            }
        }
    }
    first(&Ctx::new(patient(globals)))
}

/// Returns the global flags for a screen: it repeats requests itself, with a countdown that the user sees.
#[must_use]
pub(super) fn patient(mut globals: Globals) -> Globals {
    globals.retries = Some(0);
    globals
}

/// Returns the contexts by name, each with its server.
///
/// # Errors
/// The configuration can't be read.
pub(super) fn names(globals: &Globals) -> anyhow::Result<Vec<(String, String)>> {
    let mut globals = globals.clone();
    globals.local = false;
    let ctx = Ctx::new(globals);
    let settings = ctx.settings()?;
    let mut names = vec![(LOCAL.to_owned(), crate::config::settings::LOCAL.to_owned())];
    if !settings.is_local() {
        let server = url_for_people(&settings.api_url.value);
        names.push((name_of(settings), server));
    }
    Ok(names)
}

/// Returns the name of the server that the settings lead to: its host.
fn name_of(settings: &Settings) -> String {
    if settings.is_local() {
        return LOCAL.to_owned();
    }
    let url = url::Url::parse(&settings.api_url.value).ok();
    let host = url
        .as_ref()
        .and_then(url::Url::host_str)
        .unwrap_or("default");
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

fn about(settings: &Settings, client: &Client) -> About {
    let is_local = settings.is_local();
    let user = match client.token() {
        _ if is_local => Some(USER.to_owned()),
        Some(token) => {
            let read = token::read(token.expose_secret());
            let email = read.claim("email").map(str::to_owned);
            read.user().map(str::to_owned).or(email)
        }
        None => None,
    };
    About {
        context: name_of(settings),
        server: url_for_people(&settings.api_url.value),
        user: user.unwrap_or_else(|| "unknown".to_owned()),
        project: settings.project.value.clone().unwrap_or_default(),
        is_local,
    }
}
