//! Proof Key for Code Exchange (RFC 7636): a code is useless without a secret that never leaves the program.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// A random secret, and the digest of it that an issuer gets first.
pub(crate) struct Proof {
    pub verifier: Zeroizing<String>,
    pub challenge: String,
}

impl Proof {
    /// Creates a proof.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let verifier = random(32)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        Ok(Self {
            verifier,
            challenge,
        })
    }
}

/// Returns random bytes as text.
///
/// # Errors
/// The system has no random numbers.
pub(crate) fn random(bytes: usize) -> anyhow::Result<Zeroizing<String>> {
    let mut random = Zeroizing::new(vec![0; bytes]);
    getrandom::fill(&mut random).context("random numbers")?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(&random[..])))
}
