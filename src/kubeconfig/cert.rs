//! Certificates and private keys: what Kubernetes' client accepts, and what lint wants to know
//! (contract kubeconfig.md sections 8 and 12).

use jiff::Timestamp;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytesSize, PublicKey as EcPublic, SecretKey,
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use x509_cert::der::asn1::{ObjectIdentifier, OctetStringRef, UintRef};
use x509_cert::der::{AnyRef, Decode, Reader, SliceReader, Tag, Tagged};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use zeroize::Zeroizing;

use super::pem;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const ANY_USE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// What is known about a certificate.
pub(super) struct Certificate {
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) is_ca: bool,
    /// Its key usage does not exclude TLS client authentication.
    pub(super) for_clients: bool,
    /// Its organisation is `system:masters`: full rights in every cluster.
    pub(super) system_masters: bool,
    key: PublicKey,
}

impl Certificate {
    pub(super) fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

enum PublicKey {
    /// The modulus.
    Rsa(Vec<u8>),
    /// An uncompressed point.
    Ec(Curve, Vec<u8>),
    Ed25519(Vec<u8>),
    Other,
}

enum PrivateKey {
    /// The modulus.
    Rsa(Vec<u8>),
    Ec(EcKey),
    Ed25519(Zeroizing<Vec<u8>>),
}

struct EcKey {
    curve: Curve,
    scalar: Zeroizing<Vec<u8>>,
    /// The public point written beside the scalar, if any.
    public: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Curve {
    P224,
    P256,
    P384,
    P521,
}

impl Curve {
    fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        const CURVES: [(&str, Curve); 4] = [
            ("1.3.132.0.33", Curve::P224),
            ("1.2.840.10045.3.1.7", Curve::P256),
            ("1.3.132.0.34", Curve::P384),
            ("1.3.132.0.35", Curve::P521),
        ];
        let name = oid.to_string();
        CURVES
            .into_iter()
            .find_map(|(known, curve)| (known == name).then_some(curve))
    }

    /// Bytes of one coordinate.
    fn size(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// Why a certificate, a key or their pair is refused: a finding code and the detail.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault(pub(super) &'static str, pub(super) &'static str);

/// Checks a CA bundle. One usable certificate is enough; an empty text means the system's roots.
pub(super) fn check_ca(text: &[u8]) -> Result<(), Fault> {
    if text.is_empty() || !ca_certificates(text).is_empty() {
        return Ok(());
    }
    let fault = if pem::blocks(text).next().is_none() {
        "it holds no PEM block"
    } else if pem::blocks(text).any(|block| block.is_certificate() && !block.has_headers) {
        "its certificates are damaged or of an unsupported kind"
    } else {
        "it holds no block of type CERTIFICATE without header lines"
    };
    Err(Fault("bad-ca", fault))
}

/// The usable certificates of a CA bundle.
pub(super) fn ca_certificates(text: &[u8]) -> Vec<Certificate> {
    pem::blocks(text)
        .filter(|block| block.is_certificate() && !block.has_headers)
        .filter_map(|block| parse_certificate(&block.der))
        .collect()
}

/// The certificate that a client would present: the first block.
pub(super) fn client_certificate(text: &[u8]) -> Option<Certificate> {
    let block = pem::blocks(text).find(pem::Block::is_certificate)?;
    parse_certificate(&block.der)
}

/// Checks that a client certificate and a key are usable and belong together. Dates and key usage
/// do not matter here.
pub(super) fn check_pair(certificate: &[u8], key: &[u8]) -> Result<(), Fault> {
    let Some(block) = pem::blocks(certificate).find(pem::Block::is_certificate) else {
        let fault = match pem::blocks(certificate).next() {
            None => "it holds no PEM block",
            Some(block) if block.is_private_key() => {
                "it holds a private key; certificate and key may be swapped"
            }
            Some(_) => "it holds no block of type CERTIFICATE",
        };
        return Err(Fault("bad-certificate", fault));
    };
    let Some(key_block) = pem::blocks(key).find(pem::Block::is_private_key) else {
        let fault = match pem::blocks(key).next() {
            None => "it holds no PEM block",
            Some(block) if block.is_certificate() => "it holds a certificate instead of a key",
            Some(_) => "it holds no private key block",
        };
        return Err(Fault("bad-private-key", fault));
    };
    let certificate = parse_certificate(&block.der).ok_or(Fault(
        "bad-certificate",
        "it is damaged or of an unsupported kind",
    ))?;
    let key = parse_private_key(&key_block.der).ok_or(Fault(
        "bad-private-key",
        "it is damaged, encrypted or of an unsupported kind",
    ))?;
    check_match(&certificate.key, &key)
}

fn check_match(public: &PublicKey, private: &PrivateKey) -> Result<(), Fault> {
    let same = match (public, private) {
        (PublicKey::Rsa(modulus), PrivateKey::Rsa(other)) => modulus == other,
        (PublicKey::Ec(curve, point), PrivateKey::Ec(key)) => {
            *curve == key.curve && matches_point(key, point)
        }
        (PublicKey::Ed25519(point), PrivateKey::Ed25519(seed)) => {
            Ed25519KeyPair::from_seed_unchecked(seed)
                .is_ok_and(|pair| pair.public_key().as_ref() == point.as_slice())
        }
        (PublicKey::Other, _) => {
            return Err(Fault(
                "bad-certificate",
                "its key is of an unsupported kind",
            ));
        }
        _ => return Err(Fault("key-mismatch", "they are of different kinds")),
    };
    if same {
        Ok(())
    } else {
        Err(Fault("key-mismatch", ""))
    }
}

fn matches_point(key: &EcKey, point: &[u8]) -> bool {
    match key.curve {
        Curve::P256 => public_point::<p256::NistP256>(&key.scalar).as_deref() == Some(point),
        Curve::P384 => public_point::<p384::NistP384>(&key.scalar).as_deref() == Some(point),
        Curve::P521 => public_point::<p521::NistP521>(&key.scalar).as_deref() == Some(point),
        // No crate of the same family has this curve; the point written in the key has to do.
        Curve::P224 => key.public.as_deref().is_none_or(|public| public == point),
    }
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

fn is_on_curve(curve: Curve, point: &[u8]) -> bool {
    fn on<C>(point: &[u8]) -> bool
    where
        C: CurveArithmetic,
        FieldBytesSize<C>: ModulusSize,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    {
        EcPublic::<C>::from_sec1_bytes(point).is_ok()
    }
    let uncompressed = point.first() == Some(&4) && point.len() == 1 + 2 * curve.size();
    uncompressed
        && match curve {
            Curve::P224 => true,
            Curve::P256 => on::<p256::NistP256>(point),
            Curve::P384 => on::<p384::NistP384>(point),
            Curve::P521 => on::<p521::NistP521>(point),
        }
}

fn parse_certificate(der: &[u8]) -> Option<Certificate> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let tbs = certificate.tbs_certificate();
    if certificate.signature_algorithm() != tbs.signature() {
        return None;
    }
    let constraints = extension::<BasicConstraints>(tbs)?;
    let usage = extension::<KeyUsage>(tbs)?;
    let extended = extension::<ExtendedKeyUsage>(tbs)?;
    extension::<SubjectAltName>(tbs)?;
    let time = |time: &x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
        Timestamp::from_second(seconds).ok()
    };
    let signs = usage.is_none_or(|usage| usage.digital_signature());
    let for_clients =
        extended.is_none_or(|uses| uses.0.contains(&CLIENT_AUTH) || uses.0.contains(&ANY_USE));
    Some(Certificate {
        not_before: time(&tbs.validity().not_before)?,
        not_after: time(&tbs.validity().not_after)?,
        is_ca: constraints.is_some_and(|constraints| constraints.ca),
        for_clients: signs && for_clients,
        system_masters: tbs.subject().iter().any(|attribute| {
            attribute.oid == ORGANIZATION && attribute.value.value() == b"system:masters"
        }),
        key: public_key(tbs.subject_public_key_info())?,
    })
}

/// An extension: `None` if it is malformed, `Some(None)` if it is absent.
#[allow(clippy::option_option)] // malformed, absent and present are three answers
fn extension<'a, T>(tbs: &'a x509_cert::TbsCertificate) -> Option<Option<T>>
where
    T: Decode<'a> + x509_cert::der::oid::AssociatedOid,
{
    match tbs.get_extension::<T>() {
        Ok(found) => Some(found.map(|(_, value)| value)),
        Err(_) => None,
    }
}

/// `None` refuses the certificate; a kind that the client does not know is [`PublicKey::Other`].
fn public_key(info: &SubjectPublicKeyInfoOwned) -> Option<PublicKey> {
    let bytes = info.subject_public_key.as_bytes()?;
    let parameters = info.algorithm.parameters.as_ref();
    match info.algorithm.oid {
        RSA => {
            parameters.filter(|any| any.is_null())?;
            let mut reader = SliceReader::new(bytes).ok()?;
            let modulus = reader
                .sequence(|inner| {
                    let modulus = UintRef::decode(inner)?.as_bytes().to_vec();
                    UintRef::decode(inner)?;
                    Ok::<_, x509_cert::der::Error>(modulus)
                })
                .ok()?;
            Some(PublicKey::Rsa(modulus))
        }
        EC => {
            let curve = Curve::from_oid(parameters?.decode_as().ok()?)?;
            is_on_curve(curve, bytes).then(|| PublicKey::Ec(curve, bytes.to_vec()))
        }
        ED25519 => {
            (parameters.is_none() && bytes.len() == 32).then(|| PublicKey::Ed25519(bytes.to_vec()))
        }
        _ => Some(PublicKey::Other),
    }
}

/// PKCS#1, PKCS#8 or SEC 1, in this order.
fn parse_private_key(der: &[u8]) -> Option<PrivateKey> {
    pkcs1(der)
        .or_else(|| pkcs8(der))
        .or_else(|| sec1(der, None).map(PrivateKey::Ec))
}

fn pkcs1(der: &[u8]) -> Option<PrivateKey> {
    let mut reader = SliceReader::new(der).ok()?;
    let modulus = reader
        .sequence(|inner| {
            let version = u8::decode(inner)?;
            if version > 1 {
                return Err(Tag::Integer.value_error().into());
            }
            let modulus = UintRef::decode(inner)?.as_bytes().to_vec();
            for _ in ["e", "d", "p", "q", "dp", "dq", "qinv"] {
                UintRef::decode(inner)?;
            }
            while !inner.is_finished() {
                AnyRef::decode(inner)?;
            }
            Ok::<_, x509_cert::der::Error>(modulus)
        })
        .ok()?;
    let sound = reader.is_finished() && !is_inconsistent(der);
    sound.then_some(PrivateKey::Rsa(modulus))
}

/// Whether the parts of an RSA key contradict each other, as those of a damaged one do. Keys too
/// small for the check pass.
fn is_inconsistent(der: &[u8]) -> bool {
    ring::rsa::KeyPair::from_der(der)
        .is_err_and(|rejected| rejected.to_string() == "InconsistentComponents")
}

fn pkcs8(der: &[u8]) -> Option<PrivateKey> {
    let mut reader = SliceReader::new(der).ok()?;
    let (algorithm, key) = reader
        .sequence(|inner| {
            u8::decode(inner)?;
            let algorithm = x509_cert::spki::AlgorithmIdentifierRef::decode(inner)?;
            let key = <&OctetStringRef>::decode(inner)?.as_bytes();
            while !inner.is_finished() {
                AnyRef::decode(inner)?;
            }
            Ok::<_, x509_cert::der::Error>((algorithm, key))
        })
        .ok()?;
    match algorithm.oid {
        RSA => pkcs1(key),
        EC => {
            let curve = Curve::from_oid(algorithm.parameters?.decode_as().ok()?)?;
            sec1(key, Some(curve)).map(PrivateKey::Ec)
        }
        ED25519 => {
            let seed = <&OctetStringRef>::from_der(key).ok()?.as_bytes();
            let fits = algorithm.parameters.is_none() && seed.len() == 32;
            fits.then(|| PrivateKey::Ed25519(Zeroizing::new(seed.to_vec())))
        }
        _ => None,
    }
}

/// An EC private key; `curve` is the one that a PKCS#8 wrapper names.
fn sec1(der: &[u8], curve: Option<Curve>) -> Option<EcKey> {
    let mut reader = SliceReader::new(der).ok()?;
    let (scalar, named, public) = reader
        .sequence(|inner| {
            if u8::decode(inner)? != 1 {
                return Err(Tag::Integer.value_error().into());
            }
            let scalar = <&OctetStringRef>::decode(inner)?.as_bytes();
            let (mut named, mut public) = (None, None);
            while !inner.is_finished() {
                let any = AnyRef::decode(inner)?;
                match any.tag().number().value() {
                    0 => named = ObjectIdentifier::from_der(any.value()).ok(),
                    1 => public = bit_string(any.value()),
                    _ => {}
                }
            }
            Ok::<_, x509_cert::der::Error>((scalar, named, public))
        })
        .ok()?;
    let curve = curve.or_else(|| Curve::from_oid(named?))?;
    let significant = scalar
        .iter()
        .position(|b| *b != 0)
        .map_or(&[][..], |at| &scalar[at..]);
    let missing = curve.size().checked_sub(significant.len())?;
    let mut padded = Zeroizing::new(vec![0; missing]);
    padded.extend_from_slice(significant);
    Some(EcKey {
        curve,
        scalar: padded,
        public,
    })
}

fn bit_string(der: &[u8]) -> Option<Vec<u8>> {
    let bits = x509_cert::der::asn1::BitStringRef::from_der(der).ok()?;
    bits.as_bytes().map(<[u8]>::to_vec)
}
