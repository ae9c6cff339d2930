//! Ends a login at its issuer, so that its refresh token is worth nothing any more.

use secrecy::{ExposeSecret as _, SecretString};

use super::oidc::{Issuer, Revocation};
use super::store::{self, Login};
use super::{refresh, token};
use crate::config::file::{CLIENT_ID, ISSUER_URL};
use crate::config::{Config, Settings};

/// A login that its issuer can end.
pub(crate) struct Revocable {
    pub issuer: String,
    client: String,
    client_secret: Option<SecretString>,
    refresh: SecretString,
    session: Option<String>,
}

impl Revocable {
    /// Returns the stored login; `None` if it can't be read or has no refresh token.
    #[must_use]
    pub(crate) fn of(config: &Config) -> Option<Self> {
        let issuer = config.text(ISSUER_URL)?;
        let client = config.text(CLIENT_ID)?;
        let login = store::load(config).ok()?;
        Some(Self {
            issuer: issuer.to_owned(),
            client: client.to_owned(),
            client_secret: refresh::client_secret(&login, issuer, client)
                .ok()
                .flatten(),
            session: session(&login),
            refresh: login.refresh?,
        })
    }

    /// True if this login and a newer one are of one session at the issuer: revoking one token would end both.
    #[must_use]
    pub(crate) fn lives_on_in(&self, newer: &Login) -> bool {
        let is_same_token = newer
            .refresh
            .as_ref()
            .is_some_and(|refresh| refresh.expose_secret() == self.refresh.expose_secret());
        is_same_token || self.session.is_some() && self.session == session(newer)
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
