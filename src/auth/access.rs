//! The token for the server in force: the one place that decides which login may go where.
//!
//! A token from the environment goes to the address that the user names beside it. A server of the user's own, on this machine, has a
//! token of its own. A stored login goes to the origin that it was made for, and nowhere else unless `--send-login` says so.

use secrecy::SecretString;

use super::own_server;
use super::refresh;
use super::store::{self, Store};
use crate::config::file::{ACCESS_TOKEN, API_URL, LOGIN_URL};
use crate::config::settings::{
    DEFAULT_API_URL, Origin, is_local, login_url, parse_api_url, same_origin,
};
use crate::config::{Config, Settings};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::secret_file;
use crate::text::url_for_people;

/// The token, renewed if it has expired and can be; none if nobody is logged in.
///
/// # Errors
/// When the stored login is for another server, or can't be read.
pub fn renewed(ctx: &Ctx, settings: &Settings) -> Result<Option<SecretString>, Failure> {
    find(settings, ctx, |config| {
        // In a pipe the next write mends it without a word.
        if ctx.out.is_terminal()
            && store::chosen(config) == Store::File
            && let Some(warning) = secret_file::open_to_others(config.path())
        {
            ctx.out.warn(&warning);
        }
        refresh::fresh(ctx, config)
    })
}

/// The same as it is stored: nothing is asked of the issuer.
///
/// # Errors
/// As [`renewed`].
pub fn stored(ctx: &Ctx, settings: &Settings) -> Result<Option<SecretString>, Failure> {
    find(settings, ctx, |config| Ok(store::load(config)?.access))
}

/// The token that is known without asking a keyring or an issuer, if there is one.
#[must_use]
pub fn at_hand(settings: &Settings) -> Option<SecretString> {
    if settings.is_local() || settings.token_origin == Origin::Environment {
        return settings.token.clone();
    }
    own_server::token_for(&settings.api_url).or_else(|| settings.token.clone())
}

fn find(
    settings: &Settings,
    ctx: &Ctx,
    read: impl FnOnce(&Config) -> Result<Option<SecretString>, String>,
) -> Result<Option<SecretString>, Failure> {
    if settings.is_local() || settings.token_origin == Origin::Environment {
        return Ok(settings.token.clone());
    }
    if let Some(token) = own_server::token_for(&settings.api_url) {
        return Ok(Some(token));
    }
    let config = ctx.config()?;
    match &settings.login_elsewhere {
        Some(other) if is_logged_in(config) => {
            parse_api_url(&settings.api_url)?;
            Err(for_another(other, &settings.api_url))
        }
        Some(_) => Ok(None),
        None => {
            read(config).map_err(|why| Failure::new(Kind::Login, format!("read the login: {why}")))
        }
    }
}

/// True where a login is stored, for whatever server.
#[must_use]
pub fn is_logged_in(config: &Config) -> bool {
    config.text(ACCESS_TOKEN).is_some() || store::chosen(config) == Store::Keyring
}

/// Changes the address of a configuration. A stored login stays with the one that it was made for; one that was
/// made before any address was named belongs to the first one.
pub fn change_url(config: &mut Config, url: Option<&str>) {
    let is_first = config.text(API_URL).or(config.text(LOGIN_URL)).is_none();
    let made_for = login_url(config).to_owned();
    config.set(API_URL, url.map(Into::into));
    if is_first {
        return;
    }
    let now = config.text(API_URL).unwrap_or(DEFAULT_API_URL);
    let is_elsewhere = is_logged_in(config) && !same_origin(&made_for, now);
    config.set(LOGIN_URL, is_elsewhere.then(|| made_for.into()));
}

/// Notes for which address a new login is: the one that it names, which is saved; else that of a flag or
/// variable; else the one that is saved already.
pub fn made_for(config: &mut Config, named: Option<&str>, settings: &Settings) {
    if named.is_some() {
        config.set(API_URL, named.map(Into::into));
    }
    let saved = config.text(API_URL).unwrap_or(DEFAULT_API_URL);
    let is_of_this_run = matches!(settings.api_url_origin, Origin::Flag | Origin::Environment);
    let other = Some(settings.api_url.as_str())
        .filter(|url| named.is_none() && is_of_this_run && !is_local(url))
        .filter(|url| !same_origin(url, saved))
        .map(Into::into);
    config.set(LOGIN_URL, other);
}

fn for_another(other: &str, url: &str) -> Failure {
    let (other, url) = (url_for_people(other), url_for_people(url));
    Failure::new(
        Kind::Login,
        format!("the stored login is for {other} and is not sent to {url}"),
    )
    .hint(format!(
        "log in there with 'acpctl login {url}', or set AMBIENT_TOKEN, or add --send-login if {url} leads to the same platform"
    ))
}
