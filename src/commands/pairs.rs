//! Labels and annotations, which the server keeps as a text that holds a JSON object.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compat::json;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::text::command::shell_word;
use crate::text::quote;

/// Labels or annotations.
pub(crate) type Pairs = BTreeMap<String, String>;

/// Writes pairs as the server keeps them.
#[must_use]
pub(crate) fn as_json(pairs: &Pairs) -> String {
    let value: Value = pairs
        .iter()
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json::compact(&value)
}

/// Reads the pairs in a text of the server; `None` if it holds anything else than an object of texts.
#[must_use]
pub(crate) fn pairs_of(text: &str) -> Option<Pairs> {
    if text.is_empty() {
        return Some(Pairs::new());
    }
    serde_json::from_str(text).ok()
}

/// Refuses the values of `--labels` and `--annotations` that are not a JSON object: no list would find such labels, and
/// nothing would read such annotations. An empty text clears the field.
///
/// # Errors
/// A usage failure with the flag to write.
pub(crate) fn refuse_other(labels: Option<&str>, annotations: Option<&str>) -> Result<(), Failure> {
    let found = faults(labels, annotations).next();
    found.map_or(Ok(()), |(message, hint)| {
        Err(Failure::usage(message).hint(hint))
    })
}

/// Warns of what [`refuse_other`] refuses, for commands of the Go tool that send any text.
pub(crate) fn doubt_other(ctx: &Ctx, labels: Option<&str>, annotations: Option<&str>) {
    for (message, hint) in faults(labels, annotations) {
        ctx.out.warn(&format!("{message}; {hint}"));
    }
}

/// Returns a message and a hint for each of the two values that is not a JSON object.
fn faults<'a>(
    labels: Option<&'a str>,
    annotations: Option<&'a str>,
) -> impl Iterator<Item = (String, String)> + 'a {
    let flags = [("--labels", labels), ("--annotations", annotations)];
    flags.into_iter().filter_map(|(flag, text)| {
        let text = text.filter(|text| !text.is_empty())?;
        if serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object()) {
            return None;
        }
        let message = format!("{flag} {} is not a JSON object", quote(text));
        Some((
            message,
            format!("write {flag} {}", shell_word(&meant(text))),
        ))
    })
}

/// Returns the JSON object for `KEY=VALUE,...`; for any other text, an example.
fn meant(text: &str) -> String {
    let pairs: Option<Pairs> = text
        .split(',')
        .map(|pair| {
            let (key, value) = pair.split_once('=')?;
            Some((key.trim().to_owned(), value.trim().to_owned()))
        })
        .collect();
    let example = || Pairs::from([("team".to_owned(), "ci".to_owned())]);
    as_json(&pairs.unwrap_or_else(example))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_are_not_an_object_get_the_line_that_is_meant() {
        for text in ["", "{}", "{\"a\":\"b\"}", " {\"a\": 1} "] {
            assert!(refuse_other(Some(text), Some(text)).is_ok(), "{text}");
        }
        for (text, json) in [
            ("a=b", r#"{"a":"b"}"#),
            ("a=b, c=d=e", r#"{"a":"b","c":"d=e"}"#),
            ("a", r#"{"team":"ci"}"#),
            ("[\"a\"]", r#"{"team":"ci"}"#),
        ] {
            let refused = refuse_other(None, Some(text)).unwrap_err();
            let message = format!("--annotations {} is not a JSON object", quote(text));
            assert_eq!(refused.message, message);
            let hint = format!("write --annotations '{json}'");
            assert_eq!(refused.hint, Some(hint));
        }
    }
}
