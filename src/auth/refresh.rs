//! Renews an expired login silently, and only once if many runs start at the same time (docs/interface/cli-core.md section
//! 3.2).

use std::fmt::Display;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use super::oidc::Issuer;
use super::store::{self, Login};
use super::token;
use crate::config::file::{CLIENT_ID, ISSUER_URL, Lock};
use crate::config::{Config, Settings};
use crate::keyring::KeyringError;
use crate::output::Out;

/// Returns the token to use: the stored one, renewed if it has expired and can be renewed. `renew` makes the exchange with
/// the issuer, as [`renew`] does. If renewing fails, a warning says so and the old token is used: the server decides.
///
/// # Errors
/// The keyring that holds the login does not answer.
pub(crate) fn fresh(
    config: &Config,
    now: Timestamp,
    out: &Out,
    renew: impl FnOnce(&Config, &Login) -> anyhow::Result<Login>,
) -> Result<Option<SecretString>, KeyringError> {
    let login = store::load(config)?;
    if !is_due(config, &login, now) {
        return Ok(login.access);
    }
    // The first of several runs renews the login; the others wait here and then find the new token.
    let locked = Lock::take(config.path())
        .and_then(|lock| Config::load(config.path()).map(|config| (lock, config)));
    let (lock, mut config) = match locked {
        Ok(locked) => locked,
        Err(why) => {
            warn(out, &why);
            return Ok(login.access);
        }
    };
    let login = store::load(&config)?;
    if !is_due(&config, &login, now) {
        return Ok(login.access);
    }
    match renew(&config, &login) {
        Ok(renewed) => {
            if let Err(why) = save(&mut config, &lock, &renewed) {
                out.note(&format!(
                    "warning: failed to persist refreshed token: {why}"
                ));
            }
            Ok(renewed.access)
        }
        Err(why) => {
            warn(out, &why);
            Ok(login.access)
        }
    }
}

fn save(config: &mut Config, lock: &Lock, login: &Login) -> anyhow::Result<()> {
    let chosen = store::chosen(config);
    store::save(config, chosen, login)?;
    Ok(config.write(lock)?)
}

fn warn(out: &Out, why: &dyn Display) {
    out.warn(&format!(
        "the login has expired and could not be renewed ({why}); run 'acpctl login' again"
    ));
}

/// True if the token is an expired JWT and can be renewed.
fn is_due(config: &Config, login: &Login, now: Timestamp) -> bool {
    let Some(access) = &login.access else {
        return false;
    };
    let end = token::read(access.expose_secret()).expires_at();
    end.is_some_and(|end| end < now) && is_renewable(config, login)
}

/// True if the refresh token, the issuer and the client are known.
#[must_use]
pub(crate) fn is_renewable(config: &Config, login: &Login) -> bool {
    login.refresh.is_some() && config.text(ISSUER_URL).is_some() && config.text(CLIENT_ID).is_some()
}

/// Exchanges the refresh token for a new login.
///
/// # Errors
/// The issuer can't be reached, or refuses.
pub(crate) async fn renew(
    settings: &Settings,
    config: &Config,
    login: &Login,
) -> anyhow::Result<Login> {
    let issuer = Issuer::new(config.text(ISSUER_URL).unwrap_or_default(), settings)?;
    let refresh = login.refresh.clone().unwrap_or_default();
    let form = [
        ("client_id", config.text(CLIENT_ID).unwrap_or_default()),
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.expose_secret()),
    ];
    let tokens = issuer.tokens(&form).await?;
    Ok(Login {
        access: Some(tokens.access),
        refresh: tokens.refresh.or(login.refresh.clone()),
    })
}
