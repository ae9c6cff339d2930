//! Decodes kubeconfigs into plain UTF-8. Every copy is wiped when it is dropped.

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::findings;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{Base64, Decoded, Finding, OwnedSource, decode_input};

/// Turns each source into plain UTF-8, so that every later reader sees the same text.
///
/// # Errors
/// [`Kind::Data`] if a source is too large, or is not text.
pub(crate) fn decode(sources: &mut [OwnedSource]) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for source in sources {
        let mut decoded = decoded(source)?;
        findings.append(&mut decoded.findings);
        source.bytes = Zeroizing::new(decoded.text.as_bytes().to_vec());
    }
    Ok(findings)
}

/// Returns the single source as it is, in UTF-8.
///
/// # Errors
/// If there are several sources, or the one is not text.
pub(super) fn whole(sources: &[OwnedSource]) -> Result<SecretString, Failure> {
    match sources {
        [source] => Ok(SecretString::from(decoded(source)?.text.as_str())),
        _ => Err(
            Failure::usage("several kubeconfig files can't be stored as they are").hint(
                "leave out --no-flatten and --skip-validation, or name one file with --from-file",
            ),
        ),
    }
}

fn decoded(source: &OwnedSource) -> Result<Decoded, Failure> {
    decode_input(&source.bytes, Base64::Report).map_err(|finding| {
        let name = source.path.to_string_lossy();
        Failure::new(Kind::Data, findings::text(&name, &finding)).hint("nothing was sent")
    })
}
