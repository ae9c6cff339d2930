//! Checks the provider of a credential, and whether the secret fits it.

use secrecy::{ExposeSecret as _, SecretString};

use crate::compat::grammar::nearest;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{Base64, Finding, Kubeconfig, Source, decode_input, placeholder};
use crate::resources::PROVIDERS;
use crate::text::quote;

use super::flags::GateArgs;
use super::gate::{ODD_SECRET, UNCUT_KUBECONFIG, UNKNOWN_PROVIDER};

/// The codes by which a placeholder is accepted, as in a kubeconfig.
const PLACEHOLDERS: [&str; 2] = ["placeholder-value", "redacted-value"];

/// The providers whose secret is a token, which never holds a blank.
const WITH_TOKEN: [&str; 3] = ["github", "gitlab", "jira"];

/// The providers whose secret is a JSON document.
const WITH_JSON: [&str; 2] = ["google", "vertex"];

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

/// Something odd about a secret.
struct Oddity {
    what: String,
    fix: &'static str,
    /// The codes by which the user accepts it.
    codes: &'static [&'static str],
}

/// Returns what is odd about the secret of a provider other than kubeconfig: the secret may be a kubeconfig, a
/// placeholder, or not of the provider's form.
#[must_use]
fn oddity(provider: Option<&str>, secret: &SecretString) -> Option<Oddity> {
    let text = secret.expose_secret();
    if let Some(provider) = provider.filter(|_| is_kubeconfig(text.as_bytes())) {
        let what = format!(
            "the secret is a kubeconfig, but the provider is {provider}: it is neither checked nor cut"
        );
        return Some(Oddity {
            what,
            fix: "use --provider kubeconfig",
            codes: &[],
        });
    }
    if let Some(what) = placeholder(text) {
        return Some(Oddity {
            what: format!("the secret is {what}, not a credential"),
            fix: "store the secret itself",
            codes: &PLACEHOLDERS,
        });
    }
    let (what, fix) = odd_form(provider?, text)?;
    Some(Oddity {
        what: format!("the secret {what}"),
        fix,
        codes: &[ODD_SECRET],
    })
}

/// Says why a secret does not have the form of the provider's secrets, and what to do. An empty one removes the secret.
fn odd_form(provider: &str, text: &str) -> Option<(String, &'static str)> {
    if text.is_empty() {
        return None;
    }
    if WITH_JSON.contains(&provider) {
        let is_object = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
            && text.trim_start().starts_with('{');
        let what = format!("is not JSON, as the secrets of {provider} are");
        return (!is_object).then_some((what, "store the file with the key as it is"));
    }
    if !WITH_TOKEN.contains(&provider) {
        return None;
    }
    if is_assignment(text) {
        return Some((
            "has the form NAME=VALUE".to_owned(),
            "store the value alone",
        ));
    }
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    let place = match text.trim_matches(is_gap) {
        inner if inner.contains(is_gap) => "in",
        inner if inner.len() < text.len() => "around",
        _ => return None,
    };
    let what = format!("has blanks or line breaks {place} it, which no token has");
    Some((what, "store the token alone"))
}

/// True for a line of a file with variables, such as `GITHUB_TOKEN=ghp_…`.
fn is_assignment(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix("export ").unwrap_or(text);
    let Some((name, value)) = text.split_once('=') else {
        return false;
    };
    let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_name = name.contains('_') || name.ends_with("TOKEN");
    is_name && name.chars().all(is_of_name) && !value.is_empty() && !value.starts_with('=')
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
    let Some(Oddity { what, fix, codes }) = oddity(provider, secret) else {
        return Ok(());
    };
    if codes.iter().any(|code| gates.allows(code)) {
        return Ok(());
    }
    if gates.strict {
        let accept = match codes {
            [ODD_SECRET] => format!("; to store it as it is, add --allow {ODD_SECRET}"),
            _ => String::new(),
        };
        return Err(Failure::new(Kind::Policy, format!("{what} (--strict)"))
            .hint(format!("nothing was sent; {fix}{accept}")));
    }
    ctx.out.warn(&format!("{about}{what}; {fix}"));
    Ok(())
}
