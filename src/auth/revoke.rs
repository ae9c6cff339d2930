//! Ends a login at its issuer, so that its refresh token is worth nothing any more.

use secrecy::{ExposeSecret as _, SecretString};

use super::discovery::base;
use super::oidc::{Issuer, Revocation};
use super::store::{self, Login, Store};
use super::{refresh, token};
use crate::config::file::{CLIENT_ID, ISSUER_URL};
use crate::config::{Config, Settings, contexts};
use crate::keyring::KeyringError;

/// A login that its issuer can end.
pub(crate) struct Revocable {
    pub issuer: String,
    client: String,
    client_secret: Option<SecretString>,
    refresh: SecretString,
    session: Option<String>,
    /// Another context whose login revoking this one would end too.
    pub shared_with: Option<Sharer>,
}

/// A context whose login is of the same session as another one, or may be.
pub(crate) struct Sharer {
    pub context: String,
    /// Why nobody can tell whether it is.
    pub doubt: Option<KeyringError>,
}

/// The logins that a configuration holds in the file and in the keyring.
#[derive(Default)]
pub(crate) struct Held {
    pub logins: Vec<Revocable>,
    /// Why the issuer of a login is not known, so that nobody can end it.
    pub unknown: Option<String>,
    /// Why an earlier login can't be removed from the keyring, which is not the place of logins any more.
    pub left: Option<KeyringError>,
}

impl Held {
    /// Reads the logins. The caller has the lock, so no other run replaces a refresh token that is revoked here.
    ///
    /// # Errors
    /// The keyring that holds one of them does not answer, or refuses. A damaged entry does not count as that.
    pub(crate) fn of(config: &Config) -> Result<Self, KeyringError> {
        let mut held = Self::default();
        let (issuer, client) = (config.text(ISSUER_URL), config.text(CLIENT_ID));
        held.logins
            .extend(revocable(config, &store::in_file(config), issuer, client));
        if config.keyring_entry().is_some() && !config.shares_keyring_entry() {
            held.add_entry(config)?;
        }
        held.add_left(config);
        for login in &mut held.logins {
            login.shared_with = login.other_context(config);
        }
        Ok(held)
    }

    /// Adds the login in the keyring's entry that the configuration names.
    fn add_entry(&mut self, config: &Config) -> Result<(), KeyringError> {
        let (issuer, client) = (config.text(ISSUER_URL), config.text(CLIENT_ID));
        let is_in_keyring = store::chosen(config) == Store::Keyring;
        match store::entry(config) {
            Ok(Some(entry)) => {
                // An entry of an earlier version names no issuer.
                let (issuer, client) = match &entry.issuer {
                    None if is_in_keyring => (issuer, client),
                    named => (named.as_deref(), entry.client.as_deref()),
                };
                let login = revocable(config, &entry.login, issuer, client);
                if login.is_none() && entry.login.refresh.is_some() {
                    self.miss("nothing names its issuer and its client");
                }
                self.logins.extend(login);
            }
            Ok(None) if is_in_keyring => self.miss("the keyring has no entry for it"),
            Ok(None) => {}
            Err(KeyringError::Damaged) => self.miss(&KeyringError::Damaged.to_string()),
            Err(why) if is_in_keyring => return Err(why),
            Err(why) => self.left = Some(why),
        }
        Ok(())
    }

    /// Adds the logins in entries that were left behind, as far as they name their issuer.
    fn add_left(&mut self, config: &Config) {
        for number in config.left_in_keyring() {
            match store::entry_at(number) {
                Ok(Some(entry)) => {
                    let (issuer, client) = (entry.issuer.as_deref(), entry.client.as_deref());
                    self.logins
                        .extend(revocable(config, &entry.login, issuer, client));
                }
                Ok(None) | Err(KeyringError::Damaged) => {}
                // The keyring would not answer about the others either.
                Err(why) => return self.left = Some(why),
            }
        }
    }

    fn miss(&mut self, why: &str) {
        self.unknown = Some(why.to_owned());
    }
}

/// Returns a stored login; `None` if it has no refresh token, or nothing names its issuer.
fn revocable(
    config: &Config,
    login: &Login,
    issuer: Option<&str>,
    client: Option<&str>,
) -> Option<Revocable> {
    let (issuer, client) = (issuer?, client?);
    let secret = refresh::client_secret(config, login, issuer, client);
    Revocable::new(login, issuer, client, secret.ok().flatten().as_ref())
}

impl Revocable {
    /// Returns a login of this issuer; `None` if it has no refresh token.
    #[must_use]
    pub(crate) fn new(
        login: &Login,
        issuer: &str,
        client: &str,
        client_secret: Option<&SecretString>,
    ) -> Option<Self> {
        Some(Self {
            issuer: issuer.to_owned(),
            client: client.to_owned(),
            client_secret: client_secret.cloned(),
            refresh: login.refresh.clone()?,
            session: session(login),
            shared_with: None,
        })
    }

    /// Returns another context that holds this login too, or one of its session. A login that a keyring does not show
    /// may be such a one: revoking ends more than the user asked for, and can't be undone.
    #[must_use]
    pub(crate) fn other_context(&self, config: &Config) -> Option<Sharer> {
        let mut doubtful = None;
        for (context, other) in contexts::others(config) {
            let doubt = match self.lives_on_where(&other) {
                Ok(false) => continue,
                Ok(true) => None,
                Err(why) => Some(why),
            };
            let is_sure = doubt.is_none();
            let sharer = Sharer { context, doubt };
            if is_sure {
                return Some(sharer);
            }
            doubtful.get_or_insert(sharer);
        }
        doubtful
    }

    /// True if the selected context holds this login, or one of its session.
    ///
    /// # Errors
    /// The keyring that has the login of the context does not answer, or refuses.
    pub(crate) fn lives_on_where(&self, config: &Config) -> Result<bool, KeyringError> {
        // Only the keyring's entry of a login that comes into question is read.
        let Some(issuer) = config.text(ISSUER_URL).filter(|issuer| self.is_of(issuer)) else {
            return Ok(false);
        };
        match store::load(config) {
            Ok(login) => Ok(self.lives_on_in(&login, Some(issuer))),
            // Nobody can use such an entry.
            Err(
                KeyringError::Damaged
                | KeyringError::Another { .. }
                | KeyringError::OtherIssuer { .. },
            ) => Ok(false),
            // No answer could show that an unnamed session is the same one.
            Err(_) if self.session.is_none() => Ok(false),
            Err(why) => Err(why),
        }
    }

    fn is_of(&self, issuer: &str) -> bool {
        base(issuer) == base(&self.issuer)
    }

    /// True if this login and another one are of one session: revoking one token would end both. `issuer` is that of
    /// the other one, if it is known: sessions of two issuers may have one name.
    #[must_use]
    pub(crate) fn lives_on_in(&self, other: &Login, issuer: Option<&str>) -> bool {
        let is_same_token = other
            .refresh
            .as_ref()
            .is_some_and(|refresh| refresh.expose_secret() == self.refresh.expose_secret());
        let is_same_issuer = issuer.is_none_or(|issuer| self.is_of(issuer));
        is_same_token || is_same_issuer && self.session.is_some() && self.session == session(other)
    }

    /// Asks the issuer to end the login.
    pub(crate) async fn revoke(&self, settings: &Settings) -> Revocation {
        match Issuer::new(&self.issuer, settings) {
            Ok(issuer) => {
                issuer
                    .revoke(&self.client, self.client_secret.as_ref(), &self.refresh)
                    .await
            }
            Err(why) => Revocation::Not(why.to_string()),
        }
    }
}

/// Returns the session that a login belongs to, as the access token names it.
fn session(login: &Login) -> Option<String> {
    let token = token::read(login.access.as_ref()?.expose_secret());
    let claim = token.claim("sid").or_else(|| token.claim("session_state"));
    claim.map(str::to_owned)
}
