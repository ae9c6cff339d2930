//! Compares new fields with those of a stored credential, and merges the annotations of both.

use serde_json::{Map, Value};

use super::consent::Consent;
use crate::api::Body;
use crate::commands::moved_context::{Leave, Move};
use crate::compat::json;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::Taken;
use crate::resources::{OWN_ANNOTATIONS, Record};
use crate::text::command::shell_line;

/// True if the credential already holds these fields. The caller compares the secret.
pub(super) fn holds(record: &Record, body: &Body) -> bool {
    body.fields().all(|(key, value)| {
        let wanted = value.as_str().unwrap_or_default();
        let found = record.text(key);
        wanted == found || key == "annotations" && has_pairs(found, wanted)
    })
}

/// True if the JSON object `found` has all the pairs of the JSON object `wanted`.
fn has_pairs(found: &str, wanted: &str) -> bool {
    let object = |text: &str| match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    };
    match (object(found), object(wanted)) {
        (Some(found), Some(wanted)) => wanted
            .iter()
            .all(|(key, value)| found.get(key) == Some(value)),
        _ => false,
    }
}

/// Judges a new kubeconfig whose context nobody has named: it may lead elsewhere than the stored one.
///
/// # Errors
/// As [`Move::judge`].
pub(super) fn doubt_context(
    ctx: &Ctx,
    consent: Consent,
    stored: &Record,
    taken: Option<&Taken>,
) -> anyhow::Result<()> {
    let Some(moved) = taken.and_then(|taken| Move::of(stored, taken)) else {
        return Ok(());
    };
    let leave = Leave {
        may_ask: ctx.may_ask() && !consent.is_confirmed && !consent.is_rehearsal,
        is_strict: consent.is_strict,
    };
    let choose = |context: &str| format!("add {}", shell_line(&["--context", context]));
    moved.judge(ctx, &leave, choose)
}

/// Merges the user's annotations with this program's own. If both have a key, the user's value is kept.
///
/// # Errors
/// If the user's text is not a JSON object.
pub(super) fn with_own(given: Option<&str>, own: Map<String, Value>) -> Result<String, Failure> {
    let mut merged = own;
    if let Some(text) = given.filter(|text| !text.is_empty()) {
        let not_an_object = || {
            Failure::new(Kind::Data, "--annotations is not a JSON object")
                .hint("for example: --annotations '{\"team\":\"ci\"}'")
        };
        let Value::Object(given) = serde_json::from_str(text).map_err(|_| not_an_object())? else {
            return Err(not_an_object());
        };
        merged.extend(given);
    }
    Ok(json::compact(&Value::Object(merged)))
}

/// Returns the annotations that a user gives in place of the stored ones. This program's own stay: they describe the
/// secret, which stays too. A credential without them gets the user's text as it is, as from the Go tool.
///
/// # Errors
/// If the user's text is not a JSON object.
pub(super) fn keep_own(stored: &str, given: &str) -> Result<String, Failure> {
    let mut own = match serde_json::from_str(stored) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    own.retain(|key, _| key.starts_with(OWN_ANNOTATIONS));
    if own.is_empty() {
        return Ok(given.to_owned());
    }
    with_own(Some(given), own)
}

/// True if the credential holds exactly these annotations.
pub(super) fn has_exactly(record: &Record, wanted: &str) -> bool {
    let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
    let found = record.text("annotations");
    found == wanted || object(found).is_some_and(|found| object(wanted) == Some(found))
}

/// Replaces this program's own annotations in a text, since the old ones describe the old secret.
///
/// # Errors
/// If the text is not a JSON object.
pub(super) fn replace_own(text: &str, own: Map<String, Value>) -> Result<String, Failure> {
    let text = if text.is_empty() { "{}" } else { text };
    let Ok(Value::Object(mut others)) = serde_json::from_str(text) else {
        return Err(
            Failure::new(Kind::Data, "the annotations are not a JSON object")
                .hint("set them with --annotations '{}'"),
        );
    };
    others.retain(|key, _| !key.starts_with(OWN_ANNOTATIONS));
    with_own(Some(&json::compact(&Value::Object(others))), own)
}
