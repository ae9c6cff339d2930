//! Which provider a credential is of, and whether its content fits.

use crate::compat::grammar::nearest;
use crate::compat::quote::quote;
use crate::exit::Failure;
use crate::kubeconfig::{Base64, Kubeconfig, Source, decode_input};
use crate::resources::PROVIDERS;

use super::judge::UNKNOWN_PROVIDER;

/// The provider of kubeconfigs.
pub const KUBECONFIG: &str = "kubeconfig";

/// Refuses a provider that no runner knows, unless the user insists: with a misspelt one nothing is checked, and a session
/// gets nothing.
///
/// # Errors
/// A usage failure with the provider that was likely meant.
pub fn check(provider: &str, allowed: &[String]) -> Result<(), Failure> {
    let known = || PROVIDERS.iter().map(|(name, _)| *name);
    if known().any(|name| name == provider) || allowed.iter().any(|code| code == UNKNOWN_PROVIDER) {
        return Ok(());
    }
    let meant = match nearest(provider, known()) {
        Some(name) => format!("did you mean {name}?"),
        None => format!(
            "the known ones are {}.",
            known().collect::<Vec<_>>().join(", ")
        ),
    };
    Err(
        Failure::usage(format!("unknown provider {}", quote(provider))).hint(format!(
            "{meant} To store it all the same, add --allow {UNKNOWN_PROVIDER}"
        )),
    )
}

/// True for the text of a kubeconfig, in whatever encoding.
#[must_use]
pub fn is_kubeconfig(bytes: &[u8]) -> bool {
    let Ok(decoded) = decode_input(bytes, Base64::Decode) else {
        return false;
    };
    // Saves reading what can't be one.
    if !decoded.text.contains("clusters") && !decoded.text.contains("users") {
        return false;
    }
    let source = Source {
        name: "",
        bytes: decoded.text.as_bytes(),
        dir: std::path::Path::new(""),
    };
    Kubeconfig::read(&[source]).is_ok_and(|kubeconfig| kubeconfig.is_config())
}

/// What to say where a kubeconfig goes to another provider.
#[must_use]
pub fn elsewhere(provider: &str) -> String {
    format!(
        "the secret is a kubeconfig, but the provider is {provider}: nothing of it is checked or cut"
    )
}
