//! The secrets that this run knows: they are hidden in whatever comes back.
//!
//! Whoever gets hold of a secret says so with [`know`]; whoever passes on the words of a server, an issuer or a library
//! hides the secrets in them with [`hide`]. Both streams for people do it once more.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

use super::mask::Mask;

static KNOWN: Mutex<Known> = Mutex::new(Known {
    secrets: Vec::new(),
    mask: None,
});

struct Known {
    secrets: Vec<SecretString>,
    /// Made when it is first needed.
    mask: Option<Mask>,
}

/// Remembers a secret for the rest of the run.
pub fn know(secret: &SecretString) {
    let mut known = lock();
    let is_new = |other: &SecretString| other.expose_secret() != secret.expose_secret();
    if !secret.expose_secret().is_empty() && known.secrets.iter().all(is_new) {
        known.secrets.push(secret.clone());
        known.mask = None;
    }
}

/// The text without the secrets of this run.
#[must_use]
pub fn hide(text: &str) -> Cow<'_, str> {
    let mut known = lock();
    if known.secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let Known { secrets, mask } = &mut *known;
    Cow::Owned(mask.get_or_insert_with(|| Mask::new(secrets)).apply(text))
}

fn lock() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}
