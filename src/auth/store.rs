//! Where a login lives: in `config.json`, which the Go tool reads too, in the system's keyring, or
//! nowhere (contract field.md row 47).
//!
//! The choice is made at login, said there, and remembered under a key of our own; it never changes
//! silently. With the keyring, `config.json` holds no token; a token that stands there all the same,
//! because somebody wrote it, is the one that counts, and the keyring is left alone.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::config::file::{ACCESS_TOKEN, REFRESH_TOKEN};
use crate::env;
use crate::keyring;

/// Our own key in `config.json`.
pub const TOKEN_STORE: &str = "token_store";
const SERVICE: &str = "acpctl";

/// The places for tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Store {
    /// The system's keyring
    Keyring,
    /// config.json, mode 0600
    File,
    /// Nowhere: the token comes from the environment
    None,
}

/// The place that a configuration names.
#[must_use]
pub fn named(config: &Config) -> Option<Store> {
    match config.text(TOKEN_STORE) {
        Some("keyring") => Some(Store::Keyring),
        Some("file") => Some(Store::File),
        Some("none") => Some(Store::None),
        _ => None,
    }
}

/// Where the tokens are: in the file where nothing is named, as with the Go tool.
#[must_use]
pub fn chosen(config: &Config) -> Store {
    match named(config) {
        Some(Store::Keyring) if config.text(ACCESS_TOKEN).is_none() => Store::Keyring,
        Some(Store::None) => Store::None,
        _ => Store::File,
    }
}

/// True where a keyring may answer. On Linux that takes a session bus: servers and containers have none.
#[must_use]
pub fn has_keyring() -> bool {
    cfg!(any(target_os = "macos", windows)) || env::DBUS_SESSION_BUS_ADDRESS.get().is_some()
}

/// The tokens of a login.
#[derive(Default)]
pub struct Login {
    pub access: Option<SecretString>,
    pub refresh: Option<SecretString>,
}

/// Reads the tokens from where the configuration says they are.
///
/// # Errors
/// When the keyring does not answer, or refuses.
pub fn load(config: &Config) -> Result<Login, String> {
    if chosen(config) != Store::Keyring {
        return Ok(Login {
            access: config.secret(ACCESS_TOKEN),
            refresh: config.secret(REFRESH_TOKEN),
        });
    }
    let found = keyring::read(SERVICE, &account(config)).map_err(|error| error.to_string())?;
    let Some(text) = found else {
        return Ok(Login::default());
    };
    let value: Value =
        serde_json::from_str(&text).map_err(|_| "the keyring's entry is damaged".to_owned())?;
    let secret = |key: &str| {
        let text = value.get(key)?.as_str()?;
        (!text.is_empty()).then(|| SecretString::from(text))
    };
    Ok(Login {
        access: secret(ACCESS_TOKEN),
        refresh: secret(REFRESH_TOKEN),
    })
}

/// Puts the tokens in their place. The configuration holds them afterwards if that place is the file.
///
/// # Errors
/// When the keyring does not answer, or refuses; nothing is changed then.
pub fn save(config: &mut Config, store: Store, login: &Login) -> Result<(), String> {
    let text = |secret: &Option<SecretString>| {
        secret
            .as_ref()
            .map(|secret| Value::from(secret.expose_secret()))
    };
    let (mut access, mut refresh) = (text(&login.access), text(&login.refresh));
    if store == Store::Keyring {
        let entry =
            Zeroizing::new(json!({ACCESS_TOKEN: access, REFRESH_TOKEN: refresh}).to_string());
        keyring::write(SERVICE, &account(config), entry).map_err(|error| error.to_string())?;
    }
    if store != Store::File {
        (access, refresh) = (None, None);
    }
    config.set(ACCESS_TOKEN, access);
    config.set(REFRESH_TOKEN, refresh);
    Ok(())
}

/// Notes the choice of the place, for the logins to come.
pub fn remember(config: &mut Config, store: Store) {
    let word = match store {
        Store::Keyring => "keyring",
        Store::File => "file",
        Store::None => "none",
    };
    config.set(TOKEN_STORE, Some(word.into()));
}

/// Removes a login from the keyring, if the configuration says that there is one.
///
/// # Errors
/// When the keyring does not answer, or refuses.
pub fn leave_keyring(config: &Config) -> Result<(), String> {
    if named(config) != Some(Store::Keyring) {
        return Ok(());
    }
    keyring::delete(SERVICE, &account(config)).map_err(|error| error.to_string())
}

/// Removes the tokens from every place.
///
/// # Errors
/// When the keyring holds them and does not answer.
pub fn clear(config: &mut Config) -> Result<(), String> {
    let cleared = leave_keyring(config);
    config.set(ACCESS_TOKEN, None);
    config.set(REFRESH_TOKEN, None);
    // As long as the keyring keeps its entry, the next logout has to know.
    if cleared.is_ok() {
        config.set(TOKEN_STORE, None);
    }
    cleared
}

/// One entry for each configuration file: two of them are two logins.
fn account(config: &Config) -> String {
    std::path::absolute(config.path())
        .unwrap_or_else(|_| config.path().to_owned())
        .to_string_lossy()
        .into_owned()
}
