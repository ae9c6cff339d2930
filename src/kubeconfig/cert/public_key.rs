//! Reads the public key of a certificate.

use super::curve::Curve;
use super::damage::Damage;
use super::der::{Der, Integer, Oid, SEQUENCE};

pub(super) const RSA: Oid<'_> = Oid(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1]);
pub(super) const EC: Oid<'_> = Oid(&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1]);
pub(super) const ED25519: Oid<'_> = Oid(&[0x2B, 0x65, 0x70]);
const DSA: Oid<'_> = Oid(&[0x2A, 0x86, 0x48, 0xCE, 0x38, 4, 1]);

const NULL: [u8; 2] = [5, 0];

/// A public key. Two keys with equal fields are the same key.
#[derive(PartialEq, Eq)]
pub(super) enum PublicKey {
    Rsa {
        modulus: Vec<u8>,
        exponent: i64,
    },
    /// An uncompressed point.
    Ec(Curve, Vec<u8>),
    Ed25519(Vec<u8>),
    /// A kind of key that a CA may have, but a client may not.
    Other,
}

impl PublicKey {
    pub(super) fn parse(body: &mut Der<'_>) -> Result<Self, Damage> {
        let malformed = Damage("its public key is malformed");
        let mut info = body.take(SEQUENCE).ok_or(malformed)?;
        let mut identifier = info.take(SEQUENCE).ok_or(malformed)?;
        let (kind, parameters) = algorithm(&mut identifier).ok_or(malformed)?;
        let key = info.bits().ok_or(malformed)?.right_aligned();
        match kind {
            RSA => rsa(&key, parameters).ok_or(Damage("its RSA key is malformed")),
            EC => ec(&key, parameters).ok_or(Damage(
                "its key is not a point on one of the curves P-224, P-256, P-384 and P-521",
            )),
            ED25519 if parameters.is_empty() && key.len() == 32 => {
                Ok(Self::Ed25519(key.into_owned()))
            }
            ED25519 => Err(Damage("its Ed25519 key is malformed")),
            DSA => dsa(&key, parameters)
                .map(|()| Self::Other)
                .ok_or(Damage("its DSA key is malformed")),
            _ => Ok(Self::Other),
        }
    }

    pub(super) fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Returns the identifier of an algorithm, and its parameters with tag and length, if it has any.
pub(super) fn algorithm<'a>(der: &mut Der<'a>) -> Option<(Oid<'a>, &'a [u8])> {
    let id = der.oid()?;
    if der.is_empty() {
        return Some((id, &[]));
    }
    der.any().map(|parameters| (id, parameters.whole))
}

fn rsa(key: &[u8], parameters: &[u8]) -> Option<PublicKey> {
    let mut fields = Der(key).take(SEQUENCE)?;
    let modulus = fields.integer()?;
    let exponent = fields.integer()?.to_i64()?;
    let sound = parameters == NULL && modulus.is_positive() && exponent > 0;
    sound.then(|| PublicKey::Rsa {
        modulus: modulus.magnitude().to_vec(),
        exponent,
    })
}

fn ec(key: &[u8], parameters: &[u8]) -> Option<PublicKey> {
    let curve = Curve::named(Der(parameters).oid()?)?;
    curve.holds(key).then(|| PublicKey::Ec(curve, key.to_vec()))
}

fn dsa(key: &[u8], parameters: &[u8]) -> Option<()> {
    let y = Der(key).integer()?;
    let mut group = Der(parameters).take(SEQUENCE)?;
    let [p, q, g] = [group.integer()?, group.integer()?, group.integer()?];
    [y, p, q, g]
        .into_iter()
        .all(Integer::is_positive)
        .then_some(())
}
