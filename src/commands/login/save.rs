//! Saves a login: the tokens in their place, the address and the other settings in the configuration.

use serde_json::Value;

use super::args::{Args, Mode};
use super::issuer::Provider;
use crate::auth::refresh::CLIENT_CREDENTIALS;
use crate::auth::store::{self, Login, Store};
use crate::auth::{cleartext, login};
use crate::config::file::{self, Error, Lock};
use crate::config::{Config, Place, Settings, contexts};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::keyring::KeyringError;
use crate::text::command::shell_word;
use crate::text::quote;

/// Saves the login and the other settings in one step. Returns the notes about the login's place.
///
/// # Errors
/// The configuration or the keyring can't be written.
pub(super) fn save(
    ctx: &Ctx,
    args: &Args,
    place: &Place,
    url: Option<&str>,
    login: &Login,
    provider: Option<&Provider>,
    mode: Mode,
) -> Result<Vec<String>, Failure> {
    let failed = |words: &'static str| {
        move |why: Error| Failure::new(Kind::Other, format!("{words}: {why}"))
    };
    let lock = Lock::take(&place.path).map_err(failed("save config"))?;
    let mut config = Config::load(place).map_err(failed("load config"))?;
    let mut kept = Vec::new();
    if let (Err(_), Some(name)) = (config.check_context(), &place.context) {
        kept.push(add_context(&mut config, name)?);
    }
    // The server first: an entry of the keyring names it.
    kept.extend(change(ctx, &mut config, ctx.settings()?, url));
    kept.extend(keep(ctx, args, &mut config, login)?);
    let issuer = provider.map(|provider| Value::from(provider.issuer_url.as_str()));
    let client = provider.map(|provider| Value::from(provider.client_id.as_str()));
    let grant = (mode == Mode::ClientCredentials).then(|| CLIENT_CREDENTIALS.into());
    config.set(file::ISSUER_URL, issuer);
    config.set(file::CLIENT_ID, client);
    config.set(file::LOGIN_GRANT, grant);
    config.write(&lock).map_err(failed("save config"))?;
    Ok(kept)
}

/// Creates the context that the login is for. It is the current one only if it is the first: a login must not make
/// other commands use another server.
fn add_context(config: &mut Config, name: &str) -> Result<String, Failure> {
    let note = if contexts::create(config, name)? {
        format!("Context {} created; it is the current one", quote(name))
    } else {
        let choose = shell_word(name);
        format!(
            "Context {} created; to make it the current one: acpctl config use-context {choose}",
            quote(name)
        )
    };
    Ok(note)
}

/// Saves the tokens where the user wants them, or else where the last login is, or else in the keyring if one answers,
/// or else in the file. The choice never changes silently.
fn keep(
    ctx: &Ctx,
    args: &Args,
    config: &mut Config,
    login: &Login,
) -> Result<Vec<String>, Failure> {
    const FILE: &str = "The login is in the configuration file, mode 0600";
    const KEYRING: &str = "The login is in the system's keyring";
    let mut notes = Vec::new();
    let Some(place) = args.store.or(store::named(config)) else {
        if store::has_keyring() {
            match store::save(config, Store::Keyring, login) {
                Ok(()) => {
                    store::remember(config, Store::Keyring);
                    return Ok(vec![KEYRING.to_owned()]);
                }
                Err(why) => notes.push(format!("{FILE}: no keyring accepted it ({why})")),
            }
        } else if ctx.may_ask() {
            notes.push(FILE.to_owned());
        }
        store::save(config, Store::File, login).map_err(|why| cannot_keep(&why))?;
        return Ok(notes);
    };
    if place != Store::Keyring
        && let Err(why) = store::leave_keyring(config)
    {
        notes.push(format!(
            "Warning: the previous login is still in the keyring ({why})"
        ));
    }
    store::save(config, place, login).map_err(|why| cannot_keep(&why))?;
    if args.store.is_some() {
        store::remember(config, place);
        notes.push(
            match place {
                Store::Keyring => KEYRING,
                Store::File => FILE,
                Store::None => "The token was not saved; set AMBIENT_TOKEN to use it",
            }
            .to_owned(),
        );
    }
    Ok(notes)
}

fn cannot_keep(why: &KeyringError) -> Failure {
    Failure::new(Kind::Other, format!("keep the login: {why}"))
        .hint("use --store file to keep it in config.json, mode 0600")
}

/// Changes the settings that a login saves beside the tokens. Returns a note about the verification of certificates if
/// that is not as the user may think.
fn change(
    ctx: &Ctx,
    config: &mut Config,
    settings: &Settings,
    url: Option<&str>,
) -> Option<String> {
    let note = login::made_for(config, url, settings);
    if let Some(origin) = cleartext::exposed(url.unwrap_or(&settings.api_url.value)) {
        cleartext::remember(config, &origin);
    }
    if let Some(project) = ctx
        .globals
        .project
        .as_deref()
        .filter(|project| !project.is_empty())
    {
        config.set(file::PROJECT, Some(project.into()));
    }
    match ctx.globals.insecure_skip_tls_verify {
        Some(true) if config.text(file::LOGIN_URL).is_some() => Some(
            "--insecure-skip-tls-verify is not saved: the configuration has the address of another server"
                .to_owned(),
        ),
        Some(on) => {
            config.set(file::INSECURE, on.then(|| true.into()));
            None
        }
        None => note,
    }
}
