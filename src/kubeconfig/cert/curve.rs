//! The elliptic curves that Kubernetes' client knows.

use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, PublicKey, SecretKey};
use zeroize::Zeroizing;

use super::der::Oid;

/// A curve, by its name in certificates.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P224,
    P256,
    P384,
    P521,
}

const CURVES: [(Oid<'_>, Curve); 4] = [
    (Oid(&[0x2B, 0x81, 4, 0, 33]), Curve::P224),
    (Oid(&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]), Curve::P256),
    (Oid(&[0x2B, 0x81, 4, 0, 34]), Curve::P384),
    (Oid(&[0x2B, 0x81, 4, 0, 35]), Curve::P521),
];

impl Curve {
    pub(super) fn named(name: Oid<'_>) -> Option<Self> {
        CURVES
            .into_iter()
            .find_map(|(known, curve)| (known == name).then_some(curve))
    }

    /// Returns the size of a scalar and of one coordinate, in bytes.
    fn size(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Returns true for the bytes of an uncompressed point on the curve.
    pub(super) fn holds(self, point: &[u8]) -> bool {
        let uncompressed = point.first() == Some(&4) && point.len() == 1 + 2 * self.size();
        uncompressed
            && match self {
                Self::P224 => is_point::<p224::NistP224>(point),
                Self::P256 => is_point::<p256::NistP256>(point),
                Self::P384 => is_point::<p384::NistP384>(point),
                Self::P521 => is_point::<p521::NistP521>(point),
            }
    }

    /// Returns a private key in its full length. It may have too few or too many leading zeros.
    pub(super) fn padded(self, scalar: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let zeros = scalar.iter().take_while(|byte| **byte == 0).count();
        let significant = &scalar[zeros..];
        let missing = self.size().checked_sub(significant.len())?;
        let mut padded = Zeroizing::new(vec![0; self.size()]);
        padded[missing..].copy_from_slice(significant);
        Some(padded)
    }

    /// Returns the uncompressed public point of a private key of full length.
    pub(super) fn public_point(self, scalar: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::P224 => public_point::<p224::NistP224>(scalar),
            Self::P256 => public_point::<p256::NistP256>(scalar),
            Self::P384 => public_point::<p384::NistP384>(scalar),
            Self::P521 => public_point::<p521::NistP521>(scalar),
        }
    }
}

fn is_point<C>(point: &[u8]) -> bool
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
{
    PublicKey::<C>::from_sec1_bytes(point).is_ok()
}

fn public_point<C>(scalar: &[u8]) -> Option<Vec<u8>>
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
{
    let key = SecretKey::<C>::from_slice(scalar).ok()?;
    Some(key.public_key().to_sec1_point(false).as_bytes().to_vec())
}
