//! Connections: the client for a context, with what the header says about it.

use secrecy::ExposeSecret as _;

use super::event::About;
use crate::api::Client;
use crate::auth::token;
use crate::config::Settings;
use crate::config::contexts::{self, Context};
use crate::ctx::Ctx;
use crate::globals::Globals;
use crate::server::USER;
use crate::text::url_for_people;

/// The context of the embedded API, which is always there.
const LOCAL: &str = "local";

/// A client, and the server that it is for.
pub(super) struct Connection {
    pub client: Client,
    pub about: About,
}

/// Connects with the settings of the command line.
///
/// # Errors
/// As [`Ctx::client`], in the Go tool's words.
pub(super) fn first(globals: &Globals) -> anyhow::Result<Connection> {
    of(&Ctx::new(patient(globals)))
}

/// Connects to a context by its name, or again with the login that is stored now. Everything is read anew: settings,
/// token, certificates.
///
/// # Errors
/// There is no such context, or as [`Ctx::client`].
pub(super) fn again(globals: &Globals, context: Option<&str>) -> anyhow::Result<Connection> {
    let ctx = Ctx::new(patient(globals));
    match context {
        Some(name) => of(&ctx.in_context(name)?),
        None => of(&ctx),
    }
}

fn of(ctx: &Ctx) -> anyhow::Result<Connection> {
    let client = ctx.connect().map_err(|error| error.context("connect"))?;
    let about = about(ctx.settings()?, &client);
    Ok(Connection { client, about })
}

/// Returns the global flags for a screen: it repeats requests itself, with a countdown that the user sees.
fn patient(globals: &Globals) -> Globals {
    Globals {
        retries: Some(0),
        ..globals.clone()
    }
}

/// Returns the contexts of the configuration.
///
/// # Errors
/// The configuration can't be read.
pub(super) fn all(globals: &Globals) -> anyhow::Result<Vec<Context>> {
    let ctx = Ctx::new(globals.clone());
    Ok(contexts::list(ctx.config_of_any_context()?))
}

/// Returns the name of the server that the settings lead to: that of its context, or its host.
fn name_of(settings: &Settings) -> String {
    if settings.is_local() {
        return LOCAL.to_owned();
    }
    if let Some(context) = &settings.context {
        return context.clone();
    }
    let url = url::Url::parse(&settings.api_url.value).ok();
    let host = url.as_ref().and_then(url::Url::host_str);
    let host = host.unwrap_or("default");
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

fn about(settings: &Settings, client: &Client) -> About {
    let user = match client.token() {
        _ if settings.is_local() => Some(USER.to_owned()),
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
    }
}
