//! Compares new fields with those of a stored credential, and merges the annotations of both.

use serde_json::{Map, Value};

use super::consent::Consent;
use crate::api::Body;
use crate::commands::moved_context;
use crate::compat::json;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::Taken;
use crate::resources::{Record, remove_own_annotations, take_own_annotations};
use crate::text::command::shell_line;

/// True if the credential already holds these fields. The caller compares the secret.
pub(super) fn holds(record: &Record, body: &Body) -> bool {
    body.fields().all(|(key, value)| {
        let wanted = value.as_str().unwrap_or_default();
        let found = record.text(key);
        wanted == found || key == "annotations" && has_pairs(found, wanted)
    })
}

/// True if both texts have the same annotations, apart from this program's own.
pub(super) fn has_same_of_user(found: &str, wanted: &str) -> bool {
    let of_user = |text: &str| {
        let mut all = object(text)?;
        remove_own_annotations(&mut all);
        Some(all)
    };
    found == wanted || of_user(found).is_some_and(|found| Some(found) == of_user(wanted))
}

/// Returns the annotations for a credential whose user gives these instead of the stored ones: this program's own stay,
/// because the secret that they describe stays.
///
/// # Errors
/// If the user's text is not a JSON object.
pub(super) fn replace_those_of_user(stored: &str, given: &str) -> Result<String, Failure> {
    let own = take_own_annotations(&mut object(stored).unwrap_or_default());
    if own.is_empty() {
        return Ok(given.to_owned());
    }
    replace_own(given, own)
}

/// Returns the JSON object in a text; an empty text has an empty one.
fn object(text: &str) -> Option<Map<String, Value>> {
    if text.is_empty() {
        return Some(Map::new());
    }
    serde_json::from_str(text).ok()
}

/// True if the JSON object `found` has all the pairs of the JSON object `wanted`.
fn has_pairs(found: &str, wanted: &str) -> bool {
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
/// As [`moved_context::judge`].
pub(super) fn doubt_context(
    ctx: &Ctx,
    consent: Consent,
    stored: &Record,
    taken: Option<&Taken>,
) -> anyhow::Result<()> {
    let may_ask = ctx.may_ask() && !consent.is_confirmed && !consent.is_rehearsal;
    let choose = |context: &str| format!("add {}", shell_line(&["--context", context]));
    moved_context::judge(ctx, stored, taken, may_ask, choose)
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

/// Replaces this program's own annotations in a text, since the old ones describe the old secret.
///
/// # Errors
/// If the text is not a JSON object.
pub(super) fn replace_own(text: &str, own: Map<String, Value>) -> Result<String, Failure> {
    let mut others = object(text).ok_or_else(|| {
        Failure::new(Kind::Data, "the annotations are not a JSON object")
            .hint("set them with --annotations '{}'")
    })?;
    remove_own_annotations(&mut others);
    with_own(Some(&json::compact(&Value::Object(others))), own)
}
