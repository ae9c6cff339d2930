//! The place of a login: `config.json`, which the Go tool reads too, the system's keyring, or nowhere
//! (docs/interface/field.md row 47).
//!
//! The user or `login` chooses the place at login, which reports it and remembers it under a key of our own; the choice
//! never changes silently. With the keyring, `config.json` holds no token. If the user writes a token into the file
//! anyway, that token counts and the keyring is not used. An entry of the keyring names its server and its issuer, and
//! is not used for others.
//!
//! A login that fails changes nothing: a new entry is made, then the configuration is written, then the old entry goes.
//! The configuration has the number of an entry before the entry is made, and until it is gone, so that a run that is
//! killed leaves nothing that no command finds.

use std::io;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::config::file::{
    ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, ISSUER_URL, KEYRING_ENTRY, Lock, REFRESH_TOKEN,
    TOKEN_STORE,
};
use crate::config::server_url::origin_of;
use crate::config::settings::login_url;
use crate::env;
use crate::keyring::{self, KeyringError};
use crate::system;
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

/// True if a keyring may answer.
#[must_use]
pub(crate) fn has_keyring() -> bool {
    system::HAS_KEYRING || env::DBUS_SESSION_BUS_ADDRESS.get().is_some()
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
/// The keyring does not answer, or refuses; or its entry is not for the server and the issuer of the configuration.
pub(crate) fn load(config: &Config) -> Result<Login, KeyringError> {
    if chosen(config) != Store::Keyring {
        return Ok(in_file(config));
    }
    let Some(entry) = entry(config)? else {
        return Ok(Login::default());
    };
    check_server(config, &entry)?;
    check_issuer(config, &entry)?;
    Ok(entry.login)
}

/// Returns the tokens of the file.
#[must_use]
pub(crate) fn in_file(config: &Config) -> Login {
    Login {
        access: config.secret(ACCESS_TOKEN),
        refresh: config.secret(REFRESH_TOKEN),
        client_secret: config.secret(CLIENT_SECRET),
    }
}

/// What an entry of the keyring holds: a login, and where it belongs.
pub(crate) struct Entry {
    pub login: Login,
    server: Option<String>,
    pub issuer: Option<String>,
    pub client: Option<String>,
}

/// Reads the entry whose number the configuration has, whatever it is for.
///
/// # Errors
/// The keyring does not answer, or refuses; or the entry can't be read.
pub(crate) fn entry(config: &Config) -> Result<Option<Entry>, KeyringError> {
    match config.keyring_entry() {
        Some(number) => entry_at(number),
        None => Ok(None),
    }
}

/// Reads the entry with a number, whatever it is for.
///
/// # Errors
/// As [`entry`].
pub(crate) fn entry_at(number: u64) -> Result<Option<Entry>, KeyringError> {
    let Some(text) = keyring::read(SERVICE, &account(number))? else {
        return Ok(None);
    };
    let value: Value = serde_json::from_str(&text).map_err(|_| KeyringError::Damaged)?;
    let text = |key: &str| {
        let text = value.get(key)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let secret = |key: &str| text(key).map(SecretString::from);
    Ok(Some(Entry {
        login: Login {
            access: secret(ACCESS_TOKEN),
            refresh: secret(REFRESH_TOKEN),
            client_secret: secret(CLIENT_SECRET),
        },
        server: text(SERVER),
        issuer: text(ISSUER_URL),
        client: text(CLIENT_ID),
    }))
}

/// Tries whether a place takes a login, before anything is done that can't be repeated.
///
/// # Errors
/// The keyring does not answer, or refuses.
pub(crate) fn try_out(store: Store) -> Result<(), KeyringError> {
    match store {
        Store::Keyring => keyring::try_out(SERVICE),
        Store::File | Store::None => Ok(()),
    }
}

/// Returns the number of a new entry of the keyring, which the configuration lists as left behind until it names it.
/// The caller writes the configuration before it saves the login. The number is a random one: a number that once was
/// another login's would bring that login back.
///
/// # Errors
/// The system has no random numbers.
pub(crate) fn announce(config: &mut Config) -> io::Result<u64> {
    let number = getrandom::u32().map_err(io::Error::other)?.into();
    config.leave_in_keyring(number, true);
    Ok(number)
}

/// A login that has been put into its place, while the configuration that says so is not written yet.
#[must_use]
pub(crate) struct Saved {
    /// The number of the keyring's entry that was made for it.
    made: Option<u64>,
    /// That of the login before it.
    old: Option<u64>,
}

/// Puts the tokens of a new login into a place, beside those of the login before it, and changes the configuration,
/// which the caller writes: it names the server, the issuer and the client already. The place is the keyring's entry
/// with a number that was announced, or else the file or nowhere.
///
/// # Errors
/// The keyring does not answer, or refuses.
pub(crate) fn save(
    config: &mut Config,
    store: Store,
    announced: Option<u64>,
    login: &Login,
) -> Result<Saved, KeyringError> {
    let old = config
        .keyring_entry()
        .filter(|_| !config.shares_keyring_entry());
    if let Some(number) = announced {
        keyring::write(SERVICE, &account(number), entry_text(config, login))?;
        config.set(KEYRING_ENTRY, Some(number.into()));
        config.leave_in_keyring(number, false);
        if let Some(old) = old {
            config.leave_in_keyring(old, true);
        }
    }
    put(config, store, login);
    Ok(Saved {
        made: announced,
        old,
    })
}

impl Saved {
    /// Removes the entry of the login before this one, and those that were left behind; the configuration has been
    /// written. True if it has to be written once more, because it has numbers of which nothing is left.
    ///
    /// # Errors
    /// The keyring does not answer, or refuses: an entry is still there.
    pub(crate) fn replace_old(&self, config: &mut Config) -> Result<bool, KeyringError> {
        let mut is_changed = sweep(config)?;
        if let Some(old) = self.old.filter(|old| config.keyring_entry() == Some(*old)) {
            delete(old)?;
            config.set(KEYRING_ENTRY, None);
            is_changed = true;
        }
        Ok(is_changed)
    }

    /// Takes the new login back: the configuration could not be written.
    pub(crate) fn take_back(&self) {
        if let Some(made) = self.made {
            // The failure of the configuration is the one to tell.
            let _ = delete(made);
        }
    }
}

/// Removes an entry that was announced and could not be made. True if nothing of it is left.
#[must_use]
pub(crate) fn is_gone(announced: u64) -> bool {
    delete(announced).is_ok()
}

/// Removes an entry of the keyring, and its lock.
fn delete(number: u64) -> Result<(), KeyringError> {
    keyring::delete(SERVICE, &account(number))?;
    Lock::forget_entry(number);
    Ok(())
}

/// Removes the entries that were left behind. True if there were any; the caller writes the configuration.
///
/// # Errors
/// The keyring does not answer, or refuses.
fn sweep(config: &mut Config) -> Result<bool, KeyringError> {
    let left = config.left_in_keyring();
    for number in &left {
        delete(*number)?;
        config.leave_in_keyring(*number, false);
    }
    Ok(!left.is_empty())
}

/// Writes a renewed login over the one that it renews. True if the configuration holds it and has to be written.
///
/// # Errors
/// The keyring does not answer, or refuses.
pub(crate) fn renew(config: &mut Config, login: &Login) -> Result<bool, KeyringError> {
    let store = chosen(config);
    if store == Store::Keyring {
        let number = config.keyring_entry().ok_or(KeyringError::NoKeyring)?;
        let account = account(number);
        keyring::write(SERVICE, &account, entry_text(config, login))?;
        return Ok(false);
    }
    put(config, store, login);
    Ok(true)
}

/// Sets the tokens in the configuration if the file is their place, and removes them otherwise.
fn put(config: &mut Config, store: Store, login: &Login) {
    for (key, secret) in login.secrets() {
        let kept = secret.filter(|_| store == Store::File);
        config.set(key, kept.map(|secret| secret.expose_secret().into()));
    }
}

impl Login {
    fn secrets(&self) -> [(&'static str, Option<&SecretString>); 3] {
        [
            (ACCESS_TOKEN, self.access.as_ref()),
            (REFRESH_TOKEN, self.refresh.as_ref()),
            (CLIENT_SECRET, self.client_secret.as_ref()),
        ]
    }
}

/// Returns the text of an entry: the tokens, and where they belong.
fn entry_text(config: &Config, login: &Login) -> Zeroizing<String> {
    let secrets = login.secrets();
    let secrets = secrets
        .iter()
        .filter_map(|(key, secret)| Some((*key, (*secret)?.expose_secret())));
    let server = server(config);
    let belongs = [
        Some((SERVER, server.as_str())),
        config.text(ISSUER_URL).map(|issuer| (ISSUER_URL, issuer)),
        config.text(CLIENT_ID).map(|client| (CLIENT_ID, client)),
    ];
    let entry: Map<String, Value> = secrets
        .chain(belongs.into_iter().flatten())
        .map(|(key, text)| (key.to_owned(), text.into()))
        .collect();
    Zeroizing::new(Value::Object(entry).to_string())
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

/// What has been removed from the keyring, while the configuration is not written yet.
#[derive(Default)]
pub(crate) struct Removed(Vec<(String, Zeroizing<String>)>);

impl Removed {
    /// Puts everything back: the configuration, which names it, could not be written.
    pub(crate) fn put_back(self) {
        for (account, text) in self.0 {
            // The failure of the configuration is the one to tell.
            let _ = keyring::write(SERVICE, &account, text);
        }
    }

    fn take(&mut self, number: u64) -> Result<(), KeyringError> {
        let account = account(number);
        let text = match keyring::read(SERVICE, &account) {
            // Nobody can use it any more.
            Err(KeyringError::Damaged) => None,
            read => read?,
        };
        delete(number)?;
        self.0.extend(text.map(|text| (account, text)));
        Ok(())
    }
}

/// Removes the configuration's entry from the keyring, and with `all` those that were left behind. An entry that
/// another context names too is left to that one. `removed` gets what was there.
///
/// # Errors
/// The keyring does not answer, or refuses.
pub(crate) fn leave_keyring(
    config: &mut Config,
    all: bool,
    removed: &mut Removed,
) -> Result<(), KeyringError> {
    if let Some(number) = config.keyring_entry()
        && !config.shares_keyring_entry()
    {
        removed.take(number)?;
    }
    config.set(KEYRING_ENTRY, None);
    for number in config.left_in_keyring().into_iter().filter(|_| all) {
        removed.take(number)?;
        config.leave_in_keyring(number, false);
    }
    Ok(())
}

/// Removes the tokens from the configuration, and the place of later logins.
pub(crate) fn forget(config: &mut Config) {
    for key in [ACCESS_TOKEN, REFRESH_TOKEN, CLIENT_SECRET, TOKEN_STORE] {
        config.set(key, None);
    }
}

/// Returns the name of the keyring's entry with a number. The number alone makes it: a file that is moved, or reached
/// by a link, still has its login.
fn account(number: u64) -> String {
    format!("login#{number}")
}

/// Returns the server that the login of a configuration is for, as an entry of the keyring names it.
fn server(config: &Config) -> String {
    origin_of(login_url(config))
}

/// Refuses an entry that was made for another server: programs and people change the configuration beside it.
fn check_server(config: &Config, entry: &Entry) -> Result<(), KeyringError> {
    let made_for = entry.server.as_deref();
    let wanted = server(config);
    if made_for == Some(&wanted) {
        return Ok(());
    }
    Err(KeyringError::Another {
        made_for: url_for_people(made_for.unwrap_or("a server that it does not name")),
        wanted: url_for_people(&wanted),
    })
}

/// Refuses an entry of another issuer, which would get the refresh token. An entry of an earlier version names none.
fn check_issuer(config: &Config, entry: &Entry) -> Result<(), KeyringError> {
    let (Some(made_by), Some(named)) = (entry.issuer.as_deref(), config.text(ISSUER_URL)) else {
        return Ok(());
    };
    if made_by == named {
        return Ok(());
    }
    Err(KeyringError::OtherIssuer {
        made_by: url_for_people(made_by),
        named: url_for_people(named),
    })
}
