//! Seals tokens at rest with XChaCha20-Poly1305. A sealed token is bound to its record, the record's provider and
//! address, and the number of the key.
//!
//! The envelope is text: `acp2:<key number>:<base64 of nonce, ciphertext, tag>`. Envelopes that begin with `acp1:` were
//! written by earlier versions and are bound to the record and the key's number only; they can still be opened. The
//! nonce is random; with 24 bytes it needs no counter. A value that was moved to another record, or whose number was
//! changed, can't be opened (compare docs/interface/api.md section 7.6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// 32 random bytes.
pub(super) type Key = Zeroizing<[u8; 32]>;

const SCHEME: &str = "acp2";
const EARLIER: &str = "acp1";
const NONCE: usize = 24;
const TAG: usize = 16;

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

/// The purpose that a token is sealed for. It can't be opened for another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purpose<'a> {
    pub record: &'a str,
    pub provider: &'a str,
    pub url: &'a str,
}

impl<'a> Purpose<'a> {
    /// Returns the purpose of something that is not a credential.
    pub(super) const fn only(record: &'a str) -> Self {
        Self {
            record,
            provider: "",
            url: "",
        }
    }

    fn bound_to(&self, scheme: &str, number: u32) -> String {
        let Self {
            record,
            provider,
            url,
        } = self;
        if scheme == EARLIER {
            return format!("{scheme}:{number}:{record}");
        }
        // Each part has its length before it, so that the end of one can't count as the beginning of the next.
        let parts: String = [record, provider, url]
            .iter()
            .map(|part| format!(":{}:{part}", part.len()))
            .collect();
        format!("{scheme}:{number}{parts}")
    }
}

/// Seals a token for a purpose.
///
/// # Errors
/// When the system provides no randomness.
pub(super) fn seal(
    number: u32,
    key: &Key,
    purpose: Purpose<'_>,
    token: &str,
) -> Result<String, SealError> {
    let mut nonce = [0_u8; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
    let aad = purpose.bound_to(SCHEME, number);
    // Encrypts in place, after the nonce: a token may be large, and every copy would have to be wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(NONCE + token.len() + TAG));
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(token.as_bytes());
    let tag = XChaCha20Poly1305::new((&**key).into())
        .encrypt_inout_detached(
            &XNonce::from(nonce),
            aad.as_bytes(),
            (&mut bytes[NONCE..]).into(),
        )
        .map_err(|_| SealError::Refused)?;
    bytes.extend_from_slice(&tag);
    let begin = format!("{SCHEME}:{number}:");
    let encoded = base64::encoded_len(bytes.len(), true).unwrap_or_default();
    let mut envelope = String::with_capacity(begin.len() + encoded);
    envelope.push_str(&begin);
    STANDARD.encode_string(&*bytes, &mut envelope);
    Ok(envelope)
}

/// Returns the number of the key that sealed an envelope.
///
/// # Errors
/// When the text is not an envelope.
pub(super) fn key_number(envelope: &str) -> Result<u32, SealError> {
    parts(envelope).map(|(_, number, _)| number)
}

/// Whether an earlier version sealed the envelope, so that it is bound to less.
pub(super) fn is_earlier(envelope: &str) -> bool {
    parts(envelope).is_ok_and(|(scheme, ..)| scheme == EARLIER)
}

/// Opens an envelope.
///
/// # Errors
/// When the text is not an envelope, was changed or moved, or was sealed with another key.
pub(super) fn open(
    key: &Key,
    purpose: Purpose<'_>,
    envelope: &str,
) -> Result<Zeroizing<String>, SealError> {
    let (scheme, number, encoded) = parts(envelope)?;
    let mut bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| SealError::NotSealed)?);
    let (nonce, sealed) = bytes
        .split_first_chunk_mut::<NONCE>()
        .ok_or(SealError::NotSealed)?;
    let (text, tag) = sealed
        .split_last_chunk_mut::<TAG>()
        .ok_or(SealError::Refused)?;
    let aad = purpose.bound_to(scheme, number);
    XChaCha20Poly1305::new((&**key).into())
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            aad.as_bytes(),
            text.into(),
            &Tag::from(*tag),
        )
        .map_err(|_| SealError::Refused)?;
    // Keeps the text alone, without copying it to other memory.
    let end = bytes.len() - TAG;
    bytes.truncate(end);
    bytes.drain(..NONCE);
    String::from_utf8(std::mem::take(&mut *bytes))
        .map(Zeroizing::new)
        .map_err(|_| SealError::NotSealed)
}

fn parts(envelope: &str) -> Result<(&str, u32, &str), SealError> {
    let mut parts = envelope.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(scheme @ (SCHEME | EARLIER)), Some(number), Some(encoded)) => number
            .parse()
            .map(|number| (scheme, number, encoded))
            .map_err(|_| SealError::NotSealed),
        _ => Err(SealError::NotSealed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chacha20poly1305::aead::{Aead as _, Payload};

    fn key(byte: u8) -> Key {
        Zeroizing::new([byte; 32])
    }

    const A: Purpose<'_> = Purpose {
        record: "a",
        provider: "jira",
        url: "https://a.example",
    };

    #[test]
    fn a_sealed_token_opens_for_its_purpose_only() {
        let envelope = seal(3, &key(1), A, "t\0é").unwrap();
        assert!(envelope.starts_with("acp2:3:") && key_number(&envelope) == Ok(3));
        assert_eq!(*open(&key(1), A, &envelope).unwrap(), "t\0é");
        for other in [
            Purpose { record: "b", ..A },
            Purpose {
                provider: "github",
                ..A
            },
            Purpose {
                url: "https://b.example",
                ..A
            },
            Purpose {
                record: "a:4:jira",
                provider: "",
                ..A
            },
        ] {
            let opened = open(&key(1), other, &envelope);
            assert_eq!(opened, Err(SealError::Refused), "{other:?}");
        }
        assert_eq!(open(&key(2), A, &envelope), Err(SealError::Refused));
        for changed in [
            envelope.replacen(":3:", ":4:", 1),
            envelope.replacen("acp2", "acp1", 1),
        ] {
            assert_eq!(open(&key(1), A, &changed), Err(SealError::Refused));
        }
    }

    /// The envelope of an earlier version, sealed with a key of 32 ones.
    #[test]
    fn envelopes_of_earlier_versions_open() {
        let payload = Payload {
            msg: b"token",
            aad: b"acp1:1:a",
        };
        let sealed = XChaCha20Poly1305::new((&*key(1)).into())
            .encrypt(&XNonce::from([7; NONCE]), payload)
            .unwrap();
        let bytes = [&[7; NONCE][..], &sealed].concat();
        let envelope = format!("acp1:1:{}", STANDARD.encode(bytes));
        assert!(is_earlier(&envelope));
        assert_eq!(*open(&key(1), A, &envelope).unwrap(), "token");
        let other = Purpose { record: "b", ..A };
        assert_eq!(open(&key(1), other, &envelope), Err(SealError::Refused));
    }

    #[test]
    fn the_same_token_is_never_sealed_alike() {
        assert_ne!(
            seal(1, &key(1), A, "t").unwrap(),
            seal(1, &key(1), A, "t").unwrap()
        );
    }

    #[test]
    fn other_text_is_never_a_token() {
        for text in [
            "",
            "ghp_clear",
            "enc:v1:AAAA",
            "acp1:1:",
            "acp1:x:AAAA",
            "acp1:1:!!",
        ] {
            assert_eq!(open(&key(1), A, text), Err(SealError::NotSealed), "{text}");
        }
    }
}
