//! Reads certificates and private keys exactly as Kubernetes' client does, and collects the facts that the lint checks.
//!
//! Input that the client refuses is refused here. Parts that the client does not check (dates, usage, signatures,
//! extensions that it does not know) are not checked here either. The client's own readers are laxer than RFC 5280 in
//! some places and stricter in others, so a general library would judge differently.
//!
//! `der` reads elements; `certificate` reads the fields with `date`, `name`, `public_key` and `extension`;
//! `private_key` has readers of its own, with `curve` and `rsa` for the arithmetic.

mod certificate;
mod client;
mod curve;
mod damage;
mod date;
mod der;
mod extension;
mod name;
mod private_key;
mod public_key;
mod rsa;

use super::pem::{self, Block};
pub(super) use certificate::Certificate;
pub use client::{ClientLogin, ClientPair};
pub(super) use damage::CertFault;
use damage::Damage;
use private_key::PrivateKey;
use public_key::PublicKey;

/// Checks a CA bundle. One usable certificate is enough; an empty text stands for the system's roots.
pub(super) fn check_ca(text: &[u8]) -> Result<(), CertFault> {
    if text.is_empty() {
        return Ok(());
    }
    let mut fault = None;
    for block in ca_blocks(text) {
        match Certificate::parse(&block.der) {
            Ok(_) => return Ok(()),
            Err(Damage(why)) => fault = fault.or(Some(why)),
        }
    }
    let nothing = if pem::blocks(text).next().is_none() {
        "it holds no PEM block"
    } else {
        "it holds no block of type CERTIFICATE without header lines"
    };
    Err(CertFault("bad-ca", fault.unwrap_or(nothing)))
}

/// Returns the usable certificates of a CA bundle.
pub(super) fn ca_certificates(text: &[u8]) -> Vec<Certificate> {
    ca_blocks(text)
        .filter_map(|block| Certificate::parse(&block.der).ok())
        .collect()
}

fn ca_blocks(text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    pem::blocks(text).filter(|block| block.is_certificate() && !block.has_headers)
}

/// Returns the certificate that a client would present: the first block.
pub(super) fn client_certificate(text: &[u8]) -> Option<Certificate> {
    let block = pem::blocks(text).find(Block::is_certificate)?;
    Certificate::parse(&block.der).ok()
}

/// Checks that a client certificate and a key are usable and belong together. Dates and key usage are not checked.
pub(super) fn check_pair(certificate: &[u8], key: &[u8]) -> Result<(), CertFault> {
    read_pair(certificate, key).map(|_| ())
}

/// Reads a client certificate and a key that belong together. Returns the key.
fn read_pair(certificate: &[u8], key: &[u8]) -> Result<PrivateKey, CertFault> {
    let Some(certificate_block) = pem::blocks(certificate).find(Block::is_certificate) else {
        let fault = match pem::blocks(certificate).next() {
            None => "it holds no PEM block",
            Some(block) if block.is_private_key() => {
                "it holds a private key; certificate and key may be swapped"
            }
            Some(_) => "it holds no block of type CERTIFICATE",
        };
        return Err(CertFault("bad-certificate", fault));
    };
    let Some(key_block) = pem::blocks(key).find(Block::is_private_key) else {
        let fault = match pem::blocks(key).next() {
            None => "it holds no PEM block",
            Some(block) if block.is_certificate() => "it holds a certificate instead of a key",
            Some(_) => "it holds no private key block",
        };
        return Err(CertFault("bad-private-key", fault));
    };
    let certificate = Certificate::parse(&certificate_block.der)
        .map_err(|Damage(why)| CertFault("bad-certificate", why))?;
    let key = PrivateKey::read(&key_block.der).ok_or(CertFault(
        "bad-private-key",
        "it is damaged, encrypted or of an unsupported kind",
    ))?;
    if certificate.key == PublicKey::Other {
        Err(CertFault(
            "bad-certificate",
            "its key is of an unsupported kind",
        ))
    } else if certificate.key == key.public {
        Ok(key)
    } else if certificate.key.is_same_kind(&key.public) {
        Err(CertFault("key-mismatch", ""))
    } else {
        Err(CertFault("key-mismatch", "they are of different kinds"))
    }
}
