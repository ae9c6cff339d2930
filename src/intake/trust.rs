//! The certificate authorities that a managed installation trusts (`--trust-bundle`).

use std::path::Path;

use crate::failure::{Failure, Kind};
use crate::input;
use crate::kubeconfig::has_certificate;
use crate::text::quote;

/// Reads the bundle, if one is named.
///
/// # Errors
/// It can't be read, or holds no certificate.
pub(crate) fn trust_bundle(path: Option<&Path>) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = path else {
        return Ok(None);
    };
    let read = input::from_path(path)?;
    if !has_certificate(&read.bytes) {
        let name = quote(&path.to_string_lossy());
        return Err(Failure::new(
            Kind::Data,
            format!("the trust bundle {name} holds no certificate"),
        )
        .hint("name the installation's bundle, a PEM file with BEGIN CERTIFICATE"));
    }
    Ok(Some(read.bytes.to_vec()))
}
