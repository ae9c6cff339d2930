//! Connections: the client for a context, with what the header says about it.
//!
//! A screen stays with the server that it was started on or that its user chose, whatever another terminal makes the
//! current context: see [`Pin`].

use secrecy::ExposeSecret as _;

use super::event::{About, Way};
use crate::api::{self, Client};
use crate::auth::login::{self, Source};
use crate::auth::{own_server, token};
use crate::config::Settings;
use crate::config::contexts::{self, Context};
use crate::config::server_url;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::globals::Globals;
use crate::server::USER;
use crate::text::command::acpctl_elsewhere;
use crate::text::url_for_people;

/// The context of the embedded API, which is always there.
const LOCAL: &str = "local";

/// A client, and the server that it is for.
pub(super) struct Connection {
    pub client: Client,
    pub about: About,
    pub pin: Pin,
}

/// The way back to a server: the flags that led there, with its context by name, the address that it had then, and
/// where the login came from.
#[derive(Clone)]
pub(super) struct Pin {
    globals: Globals,
    address: String,
    source: Source,
}

/// Connects with the settings of the command line.
///
/// # Errors
/// As [`Ctx::client`], in the Go tool's words.
pub(super) fn first(globals: &Globals) -> anyhow::Result<Connection> {
    of(&Ctx::new(patient(globals)))
}

/// Connects to a context that the user names. Everything is read anew: settings, token, certificates.
///
/// # Errors
/// There is no such context, or as [`Ctx::client`].
pub(super) fn to(globals: &Globals, context: &str) -> anyhow::Result<Connection> {
    let ctx = Ctx::new(patient(globals)).in_context(context)?;
    of(&ctx).map_err(|error| match api::kind_of(&error) {
        Kind::Login => {
            let url = ctx.settings().map(|it| url_for_people(&it.api_url.value));
            let login = login_line(Some(context), url.ok().as_deref());
            anyhow::anyhow!("{error:#}; in another terminal: {login}")
        }
        _ => error,
    })
}

/// Returns the command that logs in to a context. It names the context, since another one may be the current one.
fn login_line(context: Option<&str>, url: Option<&str>) -> String {
    let context = context.map(|name| format!("--context-name={name}"));
    let words = context.as_deref().into_iter().chain(["login"]).chain(url);
    acpctl_elsewhere(&words.collect::<Vec<_>>())
}

/// Returns the sentence for a login that the server has refused. Only a stored login is renewed by a login: the screen
/// does not change to one from elsewhere.
fn refused(source: Source, context: Option<&str>) -> String {
    let (token, issuer, id) = (env::TOKEN.name, env::ISSUER_URL.name, env::CLIENT_ID.name);
    match source {
        Source::Variable => {
            format!(
                "The server refused {token} — leave the screen, set a new one and start it again"
            )
        }
        Source::OwnServer => format!(
            "The server refused the token of {}; it is read again",
            source.words()
        ),
        Source::Job => format!(
            "The server refused the token that the issuer gave to this job — check {issuer} and {id}"
        ),
        Source::Local | Source::Store => {
            let login = login_line(context, None);
            format!("Session expired — run '{login}' in another terminal")
        }
    }
}

/// Connects to the same server again, with the login that is stored now.
///
/// # Errors
/// The context is gone or leads to another server, the login would come from elsewhere, or as [`Ctx::client`].
pub(super) fn again(pin: &Pin) -> anyhow::Result<Connection> {
    let ctx = Ctx::new(pin.globals.clone());
    let settings = ctx.settings()?;
    if address(settings) != pin.address {
        return Err(moved(settings, &pin.address).into());
    }
    let source = login::source(settings)?;
    if source != pin.source {
        let (before, now) = (pin.source.words(), source.words());
        let message = format!(
            "the screen was started with the login of {before} and does not change to {now}: leave it and start it again"
        );
        return Err(Failure::new(Kind::Login, message).into());
    }
    of(&ctx)
}

/// Returns the failure for a context whose address was changed by somebody else: only the user decides to go there.
fn moved(settings: &Settings, before: &str) -> Failure {
    let name = name_of(settings);
    let (now, before) = (&settings.api_url.value, url_for_people(before));
    let message = format!(
        "the configuration now leads to {} instead of {before}; to go there: :context {name}",
        url_for_people(now)
    );
    Failure::new(Kind::Conflict, message)
}

fn of(ctx: &Ctx) -> anyhow::Result<Connection> {
    let client = ctx.connect().map_err(|error| error.context("connect"))?;
    let settings = ctx.settings()?;
    let pin = Pin::new(&ctx.globals, settings, login::source(settings)?);
    let about = About {
        way: pin.way(),
        ..about(settings, &client)
    };
    Ok(Connection { client, about, pin })
}

impl Pin {
    /// The context is not named as the user does it with a flag: that would choose the login that is stored for it,
    /// whatever login the user gave the screen.
    pub(super) fn new(globals: &Globals, settings: &Settings, source: Source) -> Self {
        let is_local = settings.is_local();
        let mut globals = globals.clone();
        globals.local |= is_local;
        if let Some(context) = settings.context.as_ref().filter(|_| !is_local) {
            globals.pinned_context = Some(context.clone());
        }
        Self {
            globals,
            address: address(settings).to_owned(),
            source,
        }
    }

    /// Returns how another run reaches this server with this login: with its address, so that no other one is reached
    /// if the context leads elsewhere by then.
    fn way(&self) -> Way {
        let mut globals = self.globals.clone();
        if !globals.local {
            globals.api_url = Some(self.address.clone());
        }
        let mut flags = globals.to_copy();
        // The user's word for this server is for the commands that the screen runs on it, too.
        flags.extend(globals.send_login.then(|| "--send-login".to_owned()));
        Way {
            flags,
            refused: refused(self.source, globals.pinned_context.as_deref()),
            context: globals.pinned_context,
        }
    }
}

/// Returns the address that the settings lead to. The embedded API has several names in a configuration.
fn address(effective: &Settings) -> &str {
    if effective.is_local() {
        server_url::LOCAL
    } else {
        &effective.api_url.value
    }
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
        Some(token) if own_server::is_token_of(&settings.api_url.value, &token) => {
            Some(USER.to_owned())
        }
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
        way: Way::default(),
    }
}
