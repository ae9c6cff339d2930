//! Reads private keys: tries PKCS#1, PKCS#8 and SEC 1 in this order, whatever the PEM label says.
//!
//! Their DER is read more leniently than that of certificates: anything after the last known field is skipped, and an
//! optional field counts as absent if another field follows instead.

use ring::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::curve::Curve;
use super::der::{self, Bits, Integer, Oid};
use super::public_key::{EC, ED25519, PublicKey, RSA};
use super::rsa;

/// The size of the largest key that is accepted, in bytes. It bounds the time of the arithmetic; RSA with 16,384 bits
/// fits.
const MAX_BYTES: usize = 16 << 10;

/// A private key. No `Debug`: it is a secret.
pub(super) struct PrivateKey {
    pub(super) public: PublicKey,
    /// As it was read; one on a curve in the form of SEC 1, with the public part that it may lack.
    pub(super) der: Zeroizing<Vec<u8>>,
}

impl PrivateKey {
    /// Returns `None` if the key is damaged, encrypted or of an unsupported kind.
    pub(super) fn read(key: &[u8]) -> Option<Self> {
        if key.len() > MAX_BYTES {
            return None;
        }
        pkcs1(key)
            .map(|public| Self::new(public, key))
            .or_else(|| pkcs8(key))
            .or_else(|| sec1(key, None))
    }

    fn new(public: PublicKey, der: &[u8]) -> Self {
        let der = Zeroizing::new(der.to_vec());
        Self { public, der }
    }
}

fn pkcs1(key: &[u8]) -> Option<PublicKey> {
    let mut input = Fields(key);
    let mut fields = Fields(input.required(SEQUENCE)?);
    if !input.0.is_empty() || fields.integer()?.to_i64()? > 1 {
        return None;
    }
    let mut parts = rsa::Parts {
        modulus: fields.integer()?,
        exponent: fields.integer()?.to_i64()?,
        private_exponent: fields.integer()?,
        primes: vec![fields.integer()?, fields.integer()?],
        precomputed: [None; 3],
    };
    for part in &mut parts.precomputed {
        *part = match fields.optional(INTEGER)? {
            Some(content) => Some(Integer::new(content)?),
            None => None,
        };
    }
    let mut more = Fields(fields.optional(SEQUENCE)?.unwrap_or_default());
    while !more.0.is_empty() {
        let mut prime = Fields(more.required(SEQUENCE)?);
        parts.primes.push(prime.integer()?);
        prime.integer()?;
        prime.integer()?;
    }
    parts.belong_together().then(|| PublicKey::Rsa {
        modulus: parts.modulus.magnitude().to_vec(),
        exponent: parts.exponent,
    })
}

fn pkcs8(key: &[u8]) -> Option<PrivateKey> {
    let mut fields = Fields(Fields(key).required(SEQUENCE)?);
    fields.integer()?.to_i64()?;
    let mut algorithm = Fields(fields.required(SEQUENCE)?);
    let kind = Oid::new(algorithm.required(OBJECT_IDENTIFIER)?)?;
    let parameters = algorithm.any()?;
    let inner = fields.required(OCTET_STRING)?;
    match kind {
        RSA => pkcs1(inner).map(|public| PrivateKey::new(public, inner)),
        EC => {
            let name = Fields(parameters)
                .required(OBJECT_IDENTIFIER)
                .and_then(Oid::new);
            sec1(inner, name)
        }
        ED25519 if parameters.is_empty() => {
            let seed = Fields(inner).required(OCTET_STRING)?;
            let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
            let public = PublicKey::Ed25519(pair.public_key().as_ref().to_vec());
            Some(PrivateKey::new(public, key))
        }
        _ => None,
    }
}

/// Reads a SEC 1 key. `curve` is the one that a wrapper names; it takes precedence over the curve in the key.
fn sec1(key: &[u8], curve: Option<Oid<'_>>) -> Option<PrivateKey> {
    let mut fields = Fields(Fields(key).required(SEQUENCE)?);
    if fields.integer()?.to_i64()? != 1 {
        return None;
    }
    let scalar = fields.required(OCTET_STRING)?;
    let own = fields.explicit(0, OBJECT_IDENTIFIER)?;
    let own = match own {
        Some(content) => Some(Oid::new(content)?),
        None => None,
    };
    if let Some(content) = fields.explicit(1, BIT_STRING)? {
        Bits::new(content)?;
    }
    let curve = Curve::named(curve.or(own)?)?;
    let scalar = curve.padded(scalar)?;
    let point = curve.public_point(&scalar)?;
    Some(PrivateKey {
        der: with_public_part(&scalar, &point),
        public: PublicKey::Ec(curve, point),
    })
}

/// Writes a key on a curve in the form of SEC 1. A wrapper names the curve.
fn with_public_part(scalar: &[u8], point: &[u8]) -> Zeroizing<Vec<u8>> {
    let bits = [&[0], point].concat();
    let point = element(der::BIT_STRING, &bits);
    let fields = [
        &element(der::INTEGER, &[1])[..],
        &element(der::OCTET_STRING, scalar),
        &element(0xA1, &point),
    ];
    element(der::SEQUENCE, &Zeroizing::new(fields.concat()))
}

/// Writes an element of at most 255 bytes.
fn element(tag: u8, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(content.len() + 3));
    out.push(tag);
    if content.len() >= 0x80 {
        out.push(0x81);
    }
    out.push(u8::try_from(content.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(content);
    out
}

/// A tag: its class and form (the upper three bits), and its number.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Tag(u8, u32);

const fn universal(tag: u8) -> Tag {
    Tag(tag & 0xE0, (tag & 0x1F) as u32)
}

const INTEGER: Tag = universal(der::INTEGER);
const BIT_STRING: Tag = universal(der::BIT_STRING);
const OCTET_STRING: Tag = universal(der::OCTET_STRING);
const OBJECT_IDENTIFIER: Tag = universal(der::OBJECT_IDENTIFIER);
const SEQUENCE: Tag = universal(der::SEQUENCE);

/// The fields that are still to be read. Its functions return `None` if a field is malformed.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn required(&mut self, tag: Tag) -> Option<&'a [u8]> {
        self.optional(tag)?
    }

    fn integer(&mut self) -> Option<Integer<'a>> {
        Integer::new(self.required(INTEGER)?)
    }

    /// Returns `Some(None)` if another field or nothing follows.
    #[allow(clippy::option_option)] // malformed, absent and present are three answers
    fn optional(&mut self, tag: Tag) -> Option<Option<&'a [u8]>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let (found, length, rest) = header(self.0)?;
        if found != tag {
            return Some(None);
        }
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some(Some(content))
    }

    /// Reads a field inside `[number]`. The client ignores the length of the outer tag.
    #[allow(clippy::option_option)]
    fn explicit(&mut self, number: u32, tag: Tag) -> Option<Option<&'a [u8]>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let (outer, length, rest) = header(self.0)?;
        if rest.is_empty() {
            return None;
        }
        match outer {
            Tag(0x80 | 0xA0, found) if found == number && length == 0 => return None,
            Tag(0xA0, found) if found == number => {}
            _ => return Some(None),
        }
        let (found, length, rest) = header(rest)?;
        if found != tag {
            return Some(None);
        }
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some(Some(content))
    }

    /// Returns the next field with tag and length, whatever it is; an empty text if there is none.
    fn any(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return Some(self.0);
        }
        let (_, length, rest) = header(self.0)?;
        let (_, after) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Some(whole)
    }
}

/// Reads the tag and the length of the next field, and returns them with the rest.
fn header(input: &[u8]) -> Option<(Tag, usize, &[u8])> {
    let (&first, mut rest) = input.split_first()?;
    let mut tag = universal(first);
    if tag.1 == 0x1F {
        (tag.1, rest) = tag_number(rest)?;
    }
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7F))?;
        if bytes.first().is_none_or(|byte| *byte == 0) {
            return None;
        }
        length = 0;
        for byte in bytes {
            if length >= 1 << 23 {
                return None;
            }
            length = length << 8 | usize::from(*byte);
        }
        if length < 0x80 {
            return None;
        }
        rest = after;
    }
    Some((tag, length, rest))
}

/// Reads a tag number above 30, and returns it with the rest.
fn tag_number(input: &[u8]) -> Option<(u32, &[u8])> {
    let length = 1 + input.iter().position(|byte| *byte < 0x80)?;
    let (digits, rest) = input.split_at(length);
    let digits = Oid::new(digits)?.0;
    let number = digits
        .iter()
        .fold(0, |sum, digit| sum << 7 | u32::from(digit & 0x7F));
    (number > 0x1E).then_some((number, rest))
}
