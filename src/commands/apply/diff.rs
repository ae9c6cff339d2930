//! The changes that a write makes, field by field, for `apply --diff`. Secrets are named and never shown.

use serde_json::{Value, json};

use crate::commands::pairs::pairs_of;
use crate::resources::{DIGEST, Record};
use crate::text::quote;

/// The largest number of characters of a value that is shown.
const MAX_SHOWN: usize = 80;

/// A field before and after a write; `None` on the side on which it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    field: String,
    from: Option<String>,
    to: Option<String>,
    /// True if only the fact that the field changes may be shown.
    is_secret: bool,
}

impl Change {
    /// Returns the change that adds a field of a new object.
    pub(super) fn added(field: impl Into<String>, to: &str) -> Self {
        Self {
            field: field.into(),
            from: None,
            to: Some(to.to_owned()),
            is_secret: false,
        }
    }

    /// Returns the change as a line: `~ prompt: "old" → "new"`, with `+` for an added and `-` for a removed field.
    pub(super) fn line(&self) -> String {
        let field = &self.field;
        match (&self.from, &self.to) {
            _ if self.is_secret => format!("~ {field}: (secret)"),
            (None, to) => format!("+ {field}: {}", shown(to.as_deref())),
            (from, None) => format!("- {field}: {}", shown(from.as_deref())),
            (from, to) => format!(
                "~ {field}: {} → {}",
                shown(from.as_deref()),
                shown(to.as_deref())
            ),
        }
    }

    pub(super) fn json(&self) -> Value {
        if self.is_secret {
            return json!({"field": self.field, "secret": true});
        }
        json!({"field": self.field, "from": self.from, "to": self.to})
    }
}

fn shown(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    if text.chars().count() <= MAX_SHOWN {
        return quote(text);
    }
    let start: String = text.chars().take(MAX_SHOWN - 3).collect();
    quote(&format!("{start}..."))
}

/// Returns the changes that a body makes to an object. The secrets of the body must be masked.
pub(super) fn changes(body: &Value, found: Option<&Record>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (field, value) in body.as_object().into_iter().flatten() {
        let before = found.and_then(|found| found.value(field)).map(text_of);
        let (before, after) = (before.unwrap_or_default(), text_of(value));
        let (before, after) = (before.as_str(), after.as_str());
        match field.as_str() {
            "token" => changes.push(Change {
                field: field.clone(),
                from: None,
                to: None,
                is_secret: true,
            }),
            "labels" | "annotations" => changes.extend(pairs(field, before, after)),
            // Fields that identify the object, and empty ones, change nothing.
            "name" | "project_id" => {}
            _ if after.is_empty() => {}
            _ => changes.push(Change {
                field: field.clone(),
                from: Some(before.to_owned()).filter(|text| !text.is_empty()),
                to: Some(after.to_owned()),
                is_secret: false,
            }),
        }
    }
    changes
}

/// Returns a value as a text: a text as it is, a list or an object as JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Returns the keys that differ between two texts that hold pairs. The digest is left out: it changes with the token,
/// whose change is in the list already.
fn pairs(field: &str, before: &str, after: &str) -> Vec<Change> {
    let read = |text: &str| pairs_of(text).unwrap_or_default();
    let (before, after) = (read(before), read(after));
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter(|key| *key != DIGEST && before.get(*key) != after.get(*key))
        .map(|key| Change {
            field: format!("{field}.{key}"),
            from: before.get(key).cloned(),
            to: after.get(key).cloned(),
            is_secret: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::CREDENTIAL;

    #[test]
    fn changes_name_fields_and_hide_secrets() {
        let found = Record::decode(
            &CREDENTIAL,
            json!({
                "description": "old", "labels": "{\"a\":\"1\",\"b\":\"2\"}",
                "annotations": "{\"acpctl/digest\":\"x\"}",
            }),
        )
        .unwrap();
        let body = json!({
            "annotations": "{\"acpctl/digest\":\"y\",\"acpctl/server\":\"https://s\"}",
            "description": "new\nline", "labels": "{\"a\":\"1\",\"c\":\"3\"}",
            "token": "<secret of 5 bytes>",
        });
        let lines: Vec<String> = changes(&body, Some(&found))
            .iter()
            .map(Change::line)
            .collect();
        assert_eq!(
            lines,
            [
                "+ annotations.acpctl/server: \"https://s\"",
                "~ description: \"old\" → \"new\\nline\"",
                "- labels.b: \"2\"",
                "+ labels.c: \"3\"",
                "~ token: (secret)",
            ]
        );
    }
}
