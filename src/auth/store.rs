//! The place of a login: `config.json`, which the Go tool reads too, the system's keyring, or nowhere
//! (docs/interface/field.md row 47).
//!
//! The user or `login` chooses the place at login, which reports it and remembers it under a key of our own; the choice
//! never changes silently. With the keyring, `config.json` holds no token. If the user writes a token into the file
//! anyway, that token counts and the keyring is not used. An entry of the keyring names its server, and is not used
//! for another one.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::config::file::{ACCESS_TOKEN, CLIENT_SECRET, KEYRING_ENTRY, REFRESH_TOKEN, TOKEN_STORE};
use crate::config::settings::{login_url, origin_of};
use crate::env;
use crate::keyring::{self, KeyringError};
use crate::text::url_for_people;

const SERVICE: &str = "acpctl";
/// The key of an entry that names the server: scheme, host and port.
const SERVER: &str = "server";

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

/// Returns the place that a configuration names.
#[must_use]
pub(crate) fn named(config: &Config) -> Option<Store> {
    match config.text(TOKEN_STORE) {
        Some("keyring") => Some(Store::Keyring),
        Some("file") => Some(Store::File),
        Some("none") => Some(Store::None),
        _ => None,
    }
}

/// Returns the place of the tokens. If the configuration names none, it is the file, as with the Go tool.
#[must_use]
pub(crate) fn chosen(config: &Config) -> Store {
    match named(config) {
        Some(Store::Keyring) if config.text(ACCESS_TOKEN).is_none() => Store::Keyring,
        Some(Store::None) => Store::None,
        _ => Store::File,
    }
}

/// True if a keyring may answer. On Linux it needs a session bus, which servers and containers do not have.
#[must_use]
pub(crate) fn has_keyring() -> bool {
    cfg!(target_os = "macos") || env::DBUS_SESSION_BUS_ADDRESS.get().is_some()
}

/// The secrets of a login.
#[derive(Default)]
pub(crate) struct Login {
    pub access: Option<SecretString>,
    pub refresh: Option<SecretString>,
    /// The secret of the client, if the user wanted it to be kept.
    pub client_secret: Option<SecretString>,
}

/// Returns the access token from the place that the configuration names.
///
/// # Errors
/// As [`load`].
pub(crate) fn access(config: &Config) -> Result<Option<SecretString>, KeyringError> {
    Ok(load(config)?.access)
}

/// Reads the tokens from the place that the configuration names.
///
/// # Errors
/// The keyring does not answer, or refuses.
pub(crate) fn load(config: &Config) -> Result<Login, KeyringError> {
    if chosen(config) != Store::Keyring {
        return Ok(Login {
            access: config.secret(ACCESS_TOKEN),
            refresh: config.secret(REFRESH_TOKEN),
            client_secret: config.secret(CLIENT_SECRET),
        });
    }
    let found = match account(config) {
        Some(account) => keyring::read(SERVICE, &account)?,
        None => None,
    };
    let Some(text) = found else {
        return Ok(Login::default());
    };
    let value: Value = serde_json::from_str(&text).map_err(|_| KeyringError::Damaged)?;
    check_server(config, &value)?;
    let secret = |key: &str| {
        let text = value.get(key)?.as_str()?;
        (!text.is_empty()).then(|| SecretString::from(text))
    };
    Ok(Login {
        access: secret(ACCESS_TOKEN),
        refresh: secret(REFRESH_TOKEN),
        client_secret: secret(CLIENT_SECRET),
    })
}

/// Saves the tokens in a place. The configuration holds them afterwards if that place is the file.
///
/// # Errors
/// The keyring does not answer, or refuses; nothing is changed then.
pub(crate) fn save(config: &mut Config, store: Store, login: &Login) -> Result<(), KeyringError> {
    let text = |secret: &Option<SecretString>| {
        secret
            .as_ref()
            .map(|secret| Value::from(secret.expose_secret()))
    };
    let mut values = [
        (ACCESS_TOKEN, text(&login.access)),
        (REFRESH_TOKEN, text(&login.refresh)),
        (CLIENT_SECRET, text(&login.client_secret)),
    ];
    if store == Store::Keyring {
        let tokens = values
            .iter()
            .filter_map(|(key, value)| Some(((*key).to_owned(), value.clone()?)));
        let server = (SERVER.to_owned(), server(config).into());
        let entry: Map<String, Value> = tokens.chain([server]).collect();
        let entry = Zeroizing::new(Value::Object(entry).to_string());
        let before = config.keyring_entry();
        config.claim_keyring_entry().map_err(KeyringError::Thread)?;
        let account = account(config).ok_or(KeyringError::NoKeyring)?;
        if let Err(why) = keyring::write(SERVICE, &account, entry) {
            config.set(KEYRING_ENTRY, before.map(Value::from));
            return Err(why);
        }
    }
    for (key, value) in &mut values {
        config.set(key, value.take().filter(|_| store == Store::File));
    }
    Ok(())
}

/// Records the choice of the place for later logins.
pub(crate) fn remember(config: &mut Config, store: Store) {
    let word = match store {
        Store::Keyring => "keyring",
        Store::File => "file",
        Store::None => "none",
    };
    config.set(TOKEN_STORE, Some(word.into()));
}

/// Removes the login from the keyring, if the configuration names the keyring as its place. An entry that another
/// context names too is left to that one.
///
/// # Errors
/// The keyring does not answer, or refuses.
pub(crate) fn leave_keyring(config: &mut Config) -> Result<(), KeyringError> {
    if named(config) != Some(Store::Keyring) {
        return Ok(());
    }
    if let Some(account) = account(config)
        && !config.shares_keyring_entry()
    {
        keyring::delete(SERVICE, &account)?;
    }
    config.set(KEYRING_ENTRY, None);
    Ok(())
}

/// Removes the tokens from every place.
///
/// # Errors
/// The keyring holds them and does not answer.
pub(crate) fn clear(config: &mut Config) -> Result<(), KeyringError> {
    let cleared = leave_keyring(config);
    for key in [ACCESS_TOKEN, REFRESH_TOKEN, CLIENT_SECRET] {
        config.set(key, None);
    }
    // While the keyring keeps its entry, the next logout must know that.
    if cleared.is_ok() {
        config.set(TOKEN_STORE, None);
    }
    cleared
}

/// Returns the name of the keyring's entry: two files are two logins, and so are two contexts of a file. A context that
/// was never stored in the keyring has none.
fn account(config: &Config) -> Option<String> {
    let path = std::path::absolute(config.path()).unwrap_or_else(|_| config.path().to_owned());
    let number = config.keyring_entry()?;
    Some(format!("{}#{number}", path.to_string_lossy()))
}

/// Returns the server that the login of a configuration is for, as an entry of the keyring names it.
fn server(config: &Config) -> String {
    origin_of(login_url(config))
}

/// Refuses an entry that was made for another server: programs and people change the configuration beside it.
fn check_server(config: &Config, entry: &Value) -> Result<(), KeyringError> {
    let made_for = entry.get(SERVER).and_then(Value::as_str);
    let wanted = server(config);
    if made_for == Some(&wanted) {
        return Ok(());
    }
    Err(KeyringError::Another {
        made_for: url_for_people(made_for.unwrap_or("a server that it does not name")),
        wanted: url_for_people(&wanted),
    })
}
