//! Where a login lives: in `config.json`, which the Go tool reads too, in the system's keyring, or
//! nowhere (contract field.md row 47).
//!
//! The choice is made at login, said there, and remembered under a key of our own; it never changes
//! silently. With the keyring, `config.json` holds no token; a token that stands there all the same,
//! because somebody wrote it, is the one that counts, and the keyring is left alone.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use keyring::v1::{Entry, Error};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::config::file::{ACCESS_TOKEN, REFRESH_TOKEN};
use crate::env;

/// Our own key in `config.json`.
pub const TOKEN_STORE: &str = "token_store";
const SERVICE: &str = "acpctl";
/// How long the keyring may take.
const LIMIT: Duration = Duration::from_secs(2);

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
    cfg!(target_os = "macos") || env::DBUS_SESSION_BUS_ADDRESS.get().is_some()
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
    let account = account(config);
    let found = within(
        move || match Entry::new(SERVICE, &account)?.get_password() {
            Err(Error::NoEntry) => Ok(None),
            other => other.map(|text| Some(Zeroizing::new(text))),
        },
    )?;
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
        let account = account(config);
        let entry =
            Zeroizing::new(json!({ACCESS_TOKEN: access, REFRESH_TOKEN: refresh}).to_string());
        within(move || Entry::new(SERVICE, &account)?.set_password(&entry))?;
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
    let account = account(config);
    within(
        move || match Entry::new(SERVICE, &account)?.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            other => other,
        },
    )
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

/// Asks the keyring on a thread of its own: a secret service that waits for a person, or never
/// answers, must not hold a command up.
fn within<T: Send + 'static>(
    ask: impl FnOnce() -> keyring::v1::Result<T> + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // The one who asked may have gone.
        let _ = sender.send(ask().map_err(|error| error.to_string()));
    });
    let late = || Err("the keyring did not answer within 2 seconds".to_owned());
    receiver.recv_timeout(LIMIT).unwrap_or_else(|_| late())
}
