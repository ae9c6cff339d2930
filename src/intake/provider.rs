//! Checks the provider of a credential, and whether the secret fits it.

use secrecy::{ExposeSecret as _, SecretString};

use crate::compat::grammar::nearest;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{Base64, Finding, Kubeconfig, Source, decode_input, placeholder};
use crate::resources::PROVIDERS;
use crate::text::quote;

use super::flags::GateArgs;
use super::gate::{UNCUT_KUBECONFIG, UNKNOWN_PROVIDER};

/// The codes by which a placeholder is accepted, as in a kubeconfig.
const PLACEHOLDERS: [&str; 2] = ["placeholder-value", "redacted-value"];

/// Refuses a provider that no runner knows, unless the user accepts it: the secret of a misspelled provider is not
/// checked, and no session gets it.
///
/// # Errors
/// A usage failure with the provider that was likely meant.
pub(crate) fn check(provider: &str, allowed: &[String]) -> Result<(), Failure> {
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
            "{meant} To store it anyway, add --allow {UNKNOWN_PROVIDER}"
        )),
    )
}

/// True for a provider that is not known, but is much like a known one.
#[must_use]
pub(crate) fn is_misspelled(provider: &str) -> bool {
    let mut known = PROVIDERS.iter().map(|(name, _)| *name);
    !known.clone().any(|name| name == provider) && nearest(provider, &mut known).is_some()
}

/// Refuses a secret of another provider over a stored one: sessions would get the one in place of the other.
///
/// # Errors
/// [`Kind::Conflict`] if the providers differ.
pub(crate) fn refuse_other(name: &str, stored: &str, given: &str) -> Result<(), Failure> {
    if stored == given {
        return Ok(());
    }
    let name = quote(name);
    let message = format!("credential {name} is of the provider {stored}, which can't be changed");
    Err(Failure::new(Kind::Conflict, message))
}

/// Returns the refusal of a filter by a provider that is much like a known one, for a list in which nothing has it.
#[must_use]
pub(crate) fn doubt_name(provider: &str) -> Option<Failure> {
    let known = || PROVIDERS.iter().map(|(name, _)| *name);
    if provider.is_empty() || known().any(|name| name == provider) {
        return None;
    }
    let meant = nearest(provider, known())?;
    let message = format!("no credential is of the provider {}", quote(provider));
    Some(Failure::usage(message).hint(format!("did you mean {meant}?")))
}

/// Returns true for the text of a kubeconfig in any supported encoding.
#[must_use]
pub(crate) fn is_kubeconfig(bytes: &[u8]) -> bool {
    let Ok(decoded) = decode_input(bytes, Base64::Decode) else {
        return false;
    };
    // Any kubeconfig holds one of these words, so other texts need no parsing.
    if !decoded.text.contains("clusters") && !decoded.text.contains("users") {
        return false;
    }
    read(&decoded.text).is_ok_and(|kubeconfig| kubeconfig.is_config())
}

/// Returns true for a text with the keys of a kubeconfig that can't be read as one: its faults say more than a missing
/// `--provider`.
#[must_use]
pub(crate) fn is_broken_kubeconfig(bytes: &[u8]) -> bool {
    const KEYS: [&str; 4] = ["clusters:", "contexts:", "users:", "current-context:"];
    let Ok(decoded) = decode_input(bytes, Base64::Decode) else {
        return false;
    };
    let mut lines = decoded.text.lines();
    lines.any(|line| KEYS.iter().any(|key| line.starts_with(key))) && read(&decoded.text).is_err()
}

fn read(text: &str) -> Result<Kubeconfig, Vec<Finding>> {
    let source = Source {
        name: "",
        bytes: text.as_bytes(),
        dir: std::path::Path::new(""),
    };
    Kubeconfig::read(&[source])
}

/// Returns what is odd about the secret of a provider other than kubeconfig, and what to do: the secret may be a
/// kubeconfig, or a placeholder.
#[must_use]
fn oddity(provider: Option<&str>, secret: &SecretString) -> Option<(String, &'static str)> {
    let text = secret.expose_secret();
    if let Some(provider) = provider.filter(|_| is_kubeconfig(text.as_bytes())) {
        let what = format!(
            "the secret is a kubeconfig, but the provider is {provider}: it is neither checked nor cut"
        );
        return Some((what, "use --provider kubeconfig"));
    }
    let what = placeholder(text)?;
    Some((
        format!("the secret is {what}, not a credential"),
        "store the secret itself",
    ))
}

/// Refuses a kubeconfig of another provider, unless the user accepts it: all its contexts would be stored, unchecked.
///
/// # Errors
/// [`Kind::Data`] for such a secret.
pub(crate) fn refuse_kubeconfig(
    provider: &str,
    secret: &SecretString,
    allowed: &[String],
) -> Result<(), Failure> {
    let accepts = |code: &str| allowed.iter().any(|allowed| allowed == code);
    // Nobody knows what a provider that the user insists on means.
    let is_known = PROVIDERS.iter().any(|(name, _)| *name == provider);
    let is_accepted = accepts(UNCUT_KUBECONFIG) || accepts(UNKNOWN_PROVIDER) && !is_known;
    if is_accepted || !is_kubeconfig(secret.expose_secret().as_bytes()) {
        return Ok(());
    }
    let message = format!(
        "the secret is a kubeconfig, but the provider is {provider}: all its contexts would be stored, unchecked"
    );
    Err(Failure::new(Kind::Data, message).hint(format!(
        "store it under the provider kubeconfig; to store it as it is, add --allow {UNCUT_KUBECONFIG}"
    )))
}

/// Refuses a kubeconfig of another provider, and warns of other odd secrets.
///
/// # Errors
/// As [`refuse_kubeconfig`]; with `--strict` each oddity is a [`Kind::Policy`] failure.
pub(crate) fn doubt(
    ctx: &Ctx,
    gates: &GateArgs,
    provider: Option<&str>,
    secret: &SecretString,
) -> Result<(), Failure> {
    if let Some(provider) = provider {
        refuse_kubeconfig(provider, secret, &gates.allow)?;
    }
    doubt_text(ctx, gates, "", provider, secret)
}

/// Warns of an odd secret, unless the user accepts it. `about` begins the warning.
///
/// # Errors
/// With `--strict` each oddity is a [`Kind::Policy`] failure.
pub(crate) fn doubt_text(
    ctx: &Ctx,
    gates: &GateArgs,
    about: &str,
    provider: Option<&str>,
    secret: &SecretString,
) -> Result<(), Failure> {
    let Some((what, fix)) = oddity(provider, secret) else {
        return Ok(());
    };
    let is_accepted = PLACEHOLDERS.iter().any(|code| gates.allows(code));
    if is_accepted && placeholder(secret.expose_secret()).is_some() {
        return Ok(());
    }
    if gates.strict {
        return Err(Failure::new(Kind::Policy, format!("{what} (--strict)"))
            .hint(format!("nothing was sent; {fix}")));
    }
    ctx.out.warn(&format!("{about}{what}; {fix}"));
    Ok(())
}
