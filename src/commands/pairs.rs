//! Labels and annotations, which the server keeps as a text that holds a JSON object.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compat::json;

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
