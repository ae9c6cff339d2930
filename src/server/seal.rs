//! Tokens at rest: XChaCha20-Poly1305, bound to their record and to the number of the key.
//!
//! The envelope is text: `acp1:<key number>:<base64 of nonce, ciphertext, tag>`. The nonce is random;
//! at 24 bytes that needs no counter. A value that was moved to another record, or whose number was
//! changed, does not open (compare contract api.md section 7.6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// 32 random bytes.
pub type Key = Zeroizing<[u8; 32]>;

const SCHEME: &str = "acp1";
const NONCE: usize = 24;

/// Why a token can't be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the stored value is not a sealed token")]
    NotSealed,
    #[error("key version {0} not found in keyring")]
    UnknownKey(u32),
    #[error("message authentication failed")]
    Refused,
    #[error("no randomness from the system")]
    NoRandomness,
}

/// Seals a token for a record.
///
/// # Errors
/// When the system gives no randomness.
pub fn seal(number: u32, key: &Key, record: &str, token: &str) -> Result<String, SealError> {
    let mut nonce = [0_u8; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
    let aad = bound_to(record, number);
    let payload = Payload {
        msg: token.as_bytes(),
        aad: aad.as_bytes(),
    };
    let sealed = XChaCha20Poly1305::new((&**key).into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| SealError::Refused)?;
    let mut bytes = Vec::with_capacity(NONCE + sealed.len());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    let mut envelope = format!("{SCHEME}:{number}:");
    STANDARD.encode_string(bytes, &mut envelope);
    Ok(envelope)
}

/// The number of the key that sealed an envelope.
///
/// # Errors
/// When it is no envelope.
pub fn key_number(envelope: &str) -> Result<u32, SealError> {
    parts(envelope).map(|(number, _)| number)
}

/// Opens the envelope of a record.
///
/// # Errors
/// When it is no envelope, was changed or moved, or another key sealed it.
pub fn open(key: &Key, record: &str, envelope: &str) -> Result<Zeroizing<String>, SealError> {
    let (number, encoded) = parts(envelope)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| SealError::NotSealed)?;
    let (nonce, sealed) = bytes
        .split_first_chunk::<NONCE>()
        .ok_or(SealError::NotSealed)?;
    let aad = bound_to(record, number);
    let payload = Payload {
        msg: sealed,
        aad: aad.as_bytes(),
    };
    let plain = XChaCha20Poly1305::new((&**key).into())
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| SealError::Refused)?;
    String::from_utf8(plain)
        .map(Zeroizing::new)
        .map_err(|_| SealError::NotSealed)
}

fn parts(envelope: &str) -> Result<(u32, &str), SealError> {
    let mut parts = envelope.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(SCHEME), Some(number), Some(encoded)) => number
            .parse()
            .map(|number| (number, encoded))
            .map_err(|_| SealError::NotSealed),
        _ => Err(SealError::NotSealed),
    }
}

fn bound_to(record: &str, number: u32) -> String {
    format!("{SCHEME}:{number}:{record}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Zeroizing::new([byte; 32])
    }

    #[test]
    fn a_sealed_token_opens_for_its_record_only() {
        let envelope = seal(3, &key(1), "a", "t\0é").unwrap();
        assert!(envelope.starts_with("acp1:3:") && key_number(&envelope) == Ok(3));
        assert_eq!(*open(&key(1), "a", &envelope).unwrap(), "t\0é");
        assert_eq!(open(&key(1), "b", &envelope), Err(SealError::Refused));
        assert_eq!(open(&key(2), "a", &envelope), Err(SealError::Refused));
        let renumbered = envelope.replacen(":3:", ":4:", 1);
        assert_eq!(open(&key(1), "a", &renumbered), Err(SealError::Refused));
    }

    #[test]
    fn the_same_token_is_never_sealed_alike() {
        assert_ne!(
            seal(1, &key(1), "a", "t").unwrap(),
            seal(1, &key(1), "a", "t").unwrap()
        );
    }

    #[test]
    fn text_that_is_no_envelope_is_never_a_token() {
        for text in [
            "",
            "ghp_clear",
            "enc:v1:AAAA",
            "acp1:1:",
            "acp1:x:AAAA",
            "acp1:1:!!",
        ] {
            assert_eq!(
                open(&key(1), "a", text),
                Err(SealError::NotSealed),
                "{text}"
            );
        }
    }
}
