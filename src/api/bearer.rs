//! The token of a client, and the way to a new one if the server refuses it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{PoisonError, RwLock};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use crate::text::secrets;

/// Returns a new token in place of one that the server refuses; `None` if there is none.
pub(crate) type Renewal = Box<
    dyn Fn(SecretString) -> Pin<Box<dyn Future<Output = Option<SecretString>> + Send>>
        + Send
        + Sync,
>;

pub(super) struct Bearer {
    token: RwLock<Option<SecretString>>,
    /// Requests that are refused at the same time take turns: the first one renews the token for all.
    renewal: Option<Mutex<Renewal>>,
}

impl Bearer {
    pub(super) fn new(token: Option<SecretString>) -> Self {
        token.iter().for_each(secrets::know);
        Self {
            token: RwLock::new(token),
            renewal: None,
        }
    }

    pub(super) fn renew_with(&mut self, renewal: Renewal) {
        self.renewal = Some(Mutex::new(renewal));
    }

    pub(super) fn token(&self) -> Option<SecretString> {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        token.clone()
    }

    /// Replaces a token that the server refuses. True if a request with the new one is worth a try.
    pub(super) async fn renew(&self, refused: &SecretString) -> bool {
        let Some(renewal) = &self.renewal else {
            return false;
        };
        let renew = renewal.lock().await;
        let is_other = |token: &SecretString| token.expose_secret() != refused.expose_secret();
        if self.token().as_ref().is_some_and(is_other) {
            return true;
        }
        let Some(token) = renew(refused.clone()).await.filter(is_other) else {
            return false;
        };
        secrets::know(&token);
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
        true
    }
}
