//! Digests that recognize a stored secret without revealing anything about it.
//!
//! `credential create` and `apply` write one to the annotation `acpctl/digest`. It is an HMAC with a key of this
//! installation, so nobody can compare it across machines or find the secret by guessing. Jobs, whose homes do not
//! last, can share a key in a variable.

use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::config::paths;
use crate::env;
use crate::failure::Failure;
use crate::plain_file::{self, Links};
use crate::secret_file;

const KEY_LEN: usize = 32;

/// Returns the digest of a secret; `None` if no key can be stored, as in a read-only home.
#[must_use]
pub(crate) fn keyed(secret: &[u8]) -> Option<String> {
    let key = match shared_key() {
        Some(key) => key,
        None => key(&paths::data_dir().ok()?.join("digest.key"))?,
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key[..]).ok()?;
    mac.update(secret);
    Some(format!("hmac-sha256:{}", hex(&mac.finalize().into_bytes())))
}

/// Returns the key that a variable holds.
fn shared_key() -> Option<Zeroizing<Vec<u8>>> {
    let text = Zeroizing::new(env::DIGEST_KEY.get()?);
    Some(Zeroizing::new(Sha256::digest(text.as_bytes()).to_vec()))
}

/// Refuses a shared key that could be guessed: with it, digests could be compared with those of guessed secrets.
///
/// # Errors
/// A usage failure, in words that show nothing of the key.
pub(crate) fn check_shared_key() -> Result<(), Failure> {
    let text = env::DIGEST_KEY.get().map(Zeroizing::new);
    if text.is_none_or(|text| text.len() >= KEY_LEN) {
        return Ok(());
    }
    let name = env::DIGEST_KEY.name;
    let message = format!("{name} is shorter than {KEY_LEN} characters");
    Err(Failure::usage(message).hint("make one: openssl rand -hex 32"))
}

/// Returns the key of this installation. The first run creates it.
fn key(path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    if let Some(key) = read_key(path) {
        return Some(key);
    }
    secret_file::create_dir(path.parent()?).ok()?;
    let mut key = Zeroizing::new(vec![0; KEY_LEN]);
    getrandom::fill(&mut key).ok()?;
    // If several first runs race, one creates the file, and all of them use its key.
    match secret_file::write_new_whole(path, &key) {
        Ok(()) => Some(key),
        Err(_) => read_key(path),
    }
}

fn read_key(path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    plain_file::read(path, Links::Follow, KEY_LEN)
        .ok()
        .filter(|key| key.len() == KEY_LEN)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
