//! A client certificate with its key, as a client logs in with them.

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::curve::Curve;
use super::public_key::PublicKey;
use super::{CertFault, pem, read_pair};

/// A client certificate and its key, in PEM. No `Debug`: it holds a secret.
pub struct ClientPair {
    certificate: String,
    key: SecretString,
}

/// What a handshake needs. No `Debug`: it holds a secret.
pub struct ClientLogin {
    /// The client's certificate and the authorities above it, in DER.
    pub chain: Vec<Vec<u8>>,
    /// The key in DER: PKCS#1, PKCS#8, or SEC 1 with the public part.
    pub key: Zeroizing<Vec<u8>>,
    /// The kind of the key for people, such as `RSA with 2048 bits`.
    pub kind: String,
}

impl ClientPair {
    #[must_use]
    pub fn new(certificate: String, key: &str) -> Self {
        Self {
            certificate,
            key: SecretString::from(key),
        }
    }

    pub(crate) fn key(&self) -> &str {
        self.key.expose_secret()
    }

    /// Reads both as Kubernetes' client does.
    ///
    /// # Errors
    /// Code and reason if they can't be used, or do not belong together.
    pub fn read(&self) -> Result<ClientLogin, (&'static str, &'static str)> {
        let certificate = self.certificate.as_bytes();
        let key = read_pair(certificate, self.key().as_bytes())
            .map_err(|CertFault(code, detail)| (code, detail))?;
        let blocks = pem::blocks(certificate).filter(pem::Block::is_certificate);
        Ok(ClientLogin {
            chain: blocks.map(|block| block.der.to_vec()).collect(),
            kind: kind(&key.public),
            key: key.der,
        })
    }
}

fn kind(public: &PublicKey) -> String {
    match public {
        PublicKey::Rsa { modulus, .. } => format!("RSA with {} bits", bits(modulus)),
        PublicKey::Ec(Curve::P224, _) => "P-224".to_owned(),
        PublicKey::Ec(Curve::P256, _) => "P-256".to_owned(),
        PublicKey::Ec(Curve::P384, _) => "P-384".to_owned(),
        PublicKey::Ec(Curve::P521, _) => "P-521".to_owned(),
        PublicKey::Ed25519(_) => "Ed25519".to_owned(),
        PublicKey::Other => "unknown".to_owned(),
    }
}

/// Returns the length of a number without leading zeros.
fn bits(number: &[u8]) -> usize {
    let first = number.first().map_or(0, |byte| byte.leading_zeros());
    number.len() * 8 - first as usize
}
