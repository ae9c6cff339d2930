//! Renewing an expired login without a word, once, also when many runs start together
//! (contract cli-core.md section 3.2).

use secrecy::{ExposeSecret as _, SecretString};

use super::oidc::Issuer;
use super::store::{self, Login};
use super::token;
use crate::config::Config;
use crate::config::file::{CLIENT_ID, ISSUER_URL, Lock};
use crate::ctx::Ctx;
use crate::text::acpctl;

/// Gives the token to use: the stored one, renewed if it has expired and can be renewed. What goes
/// wrong is said, and the old token is used: the server has the last word.
///
/// # Errors
/// When the keyring that holds the login does not answer.
pub fn fresh(ctx: &Ctx, config: &Config) -> Result<Option<SecretString>, String> {
    let login = store::load(config)?;
    if !is_due(ctx, config, &login) {
        return Ok(login.access);
    }
    // The first of several runs renews; the others wait, and find the new token.
    let locked = Lock::take(config.path())
        .and_then(|lock| Config::load(config.path()).map(|config| (lock, config)));
    let (lock, mut config) = match locked {
        Ok(locked) => locked,
        Err(why) => {
            say(ctx, &why);
            return Ok(login.access);
        }
    };
    let login = store::load(&config)?;
    if !is_due(ctx, &config, &login) {
        return Ok(login.access);
    }
    match renew(ctx, &config, &login) {
        Ok(renewed) => {
            let chosen = store::chosen(&config);
            let saved =
                store::save(&mut config, chosen, &renewed).and_then(|()| config.write(&lock));
            if let Err(why) = saved {
                ctx.out.note(&format!(
                    "warning: failed to persist refreshed token: {why}"
                ));
            }
            Ok(renewed.access)
        }
        Err(why) => {
            say(ctx, &why);
            Ok(login.access)
        }
    }
}

fn say(ctx: &Ctx, why: &str) {
    ctx.out.warn(&format!(
        "the login has expired and could not be renewed ({why}); log in again: {}",
        acpctl(&["login", "URL"])
    ));
}

/// An expired JWT, with all that a renewal needs.
fn is_due(ctx: &Ctx, config: &Config, login: &Login) -> bool {
    let Some(access) = &login.access else {
        return false;
    };
    let end = token::read(access.expose_secret()).expires_at();
    end.is_some_and(|end| end < ctx.now())
        && login.refresh.is_some()
        && config.text(ISSUER_URL).is_some()
        && config.text(CLIENT_ID).is_some()
}

fn renew(ctx: &Ctx, config: &Config, login: &Login) -> Result<Login, String> {
    let issuer = config.text(ISSUER_URL).unwrap_or_default();
    let client_id = config.text(CLIENT_ID).unwrap_or_default();
    let refresh = login.refresh.clone().unwrap_or_default();
    let settings = ctx.settings().map_err(|failure| failure.message)?;
    let issuer = Issuer::new(issuer, settings, &ctx.globals).map_err(|error| error.to_string())?;
    let form = [
        ("client_id", client_id),
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.expose_secret()),
    ];
    let tokens = ctx
        .block_on(async { Ok(issuer.tokens(&form).await?) })
        .map_err(|error| error.to_string())?;
    Ok(Login {
        access: Some(tokens.access),
        refresh: tokens.refresh.or(login.refresh.clone()),
    })
}
