//! Digests that recognize a stored secret without revealing anything about it.
//!
//! `credential create` and `apply` write one to the annotation `acpctl/digest`. It is an HMAC with a key of this
//! installation, so nobody can compare it across machines or find the secret by guessing.

use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::config::paths;
use crate::plain_file::{self, Links};
use crate::secret_file;

const KEY_LEN: usize = 32;

/// Returns the digest of a secret; `None` if no key can be stored, as in a read-only home.
#[must_use]
pub(crate) fn keyed(secret: &[u8]) -> Option<String> {
    let key = key(&paths::data_dir().ok()?.join("digest.key"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key[..]).ok()?;
    mac.update(secret);
    Some(format!("hmac-sha256:{}", hex(&mac.finalize().into_bytes())))
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
