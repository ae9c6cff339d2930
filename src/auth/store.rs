//! Where a login lives: in `config.json`, which the Go tool reads too, in the system's keyring, or
//! nowhere (contract field.md row 47).
//!
//! The choice is made at login, said there, and remembered under a key of our own; it never changes
//! silently. With the keyring, `config.json` holds no token.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use keyring::v1::{Entry, Error};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::config::Config;
use crate::config::file::{ACCESS_TOKEN, REFRESH_TOKEN};

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

/// The place that a configuration names; the file where it names none, as with the Go tool.
#[must_use]
pub fn chosen(config: &Config) -> Store {
    match config.text(TOKEN_STORE) {
        Some("keyring") => Store::Keyring,
        Some("none") => Store::None,
        _ => Store::File,
    }
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
    let text = within(move || Entry::new(SERVICE, &account)?.get_password())?;
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

/// Puts the tokens in their place, and the choice of the place into the configuration.
///
/// # Errors
/// When the keyring does not answer, or refuses; nothing is changed then.
pub fn save(config: &mut Config, store: Store, login: &Login) -> Result<(), String> {
    let text = |secret: &Option<SecretString>| {
        secret
            .as_ref()
            .map(|secret| Value::from(secret.expose_secret()))
    };
    let (access, refresh) = (text(&login.access), text(&login.refresh));
    let (access, refresh, choice) = match store {
        Store::File => (access, refresh, None),
        Store::Keyring => {
            let account = account(config);
            let entry = json!({ACCESS_TOKEN: access, REFRESH_TOKEN: refresh}).to_string();
            within(move || Entry::new(SERVICE, &account)?.set_password(&entry))?;
            (None, None, Some("keyring"))
        }
        Store::None => (None, None, Some("none")),
    };
    config.set(ACCESS_TOKEN, access);
    config.set(REFRESH_TOKEN, refresh);
    config.set(TOKEN_STORE, choice.map(Value::from));
    Ok(())
}

/// Removes the tokens from every place.
///
/// # Errors
/// When the keyring holds them and does not answer.
pub fn clear(config: &mut Config) -> Result<(), String> {
    let cleared = if chosen(config) == Store::Keyring {
        let account = account(config);
        within(
            move || match Entry::new(SERVICE, &account)?.delete_credential() {
                Err(Error::NoEntry) => Ok(()),
                other => other,
            },
        )
    } else {
        Ok(())
    };
    config.set(ACCESS_TOKEN, None);
    config.set(REFRESH_TOKEN, None);
    config.set(TOKEN_STORE, None);
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
