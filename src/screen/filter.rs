//! The filter of a table: a pattern, its inverse, fuzzy, or labels.

use regex_bites::{Regex, RegexBuilder};
use serde_json::Value;

use crate::resources::Record;

/// A filter as the user typed it, ready to be applied.
#[derive(Debug, Clone, Default)]
pub(super) enum Filter {
    #[default]
    None,
    /// Keeps the rows that match, or with `false` those that do not.
    Text(Pattern, bool),
    /// Keeps the rows that hold these characters in this order.
    Fuzzy(Vec<char>),
    /// Keeps the rows that have all these labels.
    Labels(Vec<(String, String)>),
}

/// A pattern that was typed. A text that is not a pattern is searched for as it is.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// In lower case.
    Plain(String),
    Regex(Regex),
}

impl Pattern {
    #[must_use]
    pub(super) fn new(text: &str) -> Self {
        let is_plain = !text.contains(|c: char| r"\.+*?()|[]{}^$".contains(c));
        let built = RegexBuilder::new(text).case_insensitive(true).build();
        match built {
            Ok(regex) if !is_plain => Self::Regex(regex),
            _ => Self::Plain(text.to_lowercase()),
        }
    }

    /// True if the pattern is found in a text, whatever the case of its letters.
    #[must_use]
    pub(super) fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Plain(plain) => plain.is_empty() || text.to_lowercase().contains(plain.as_str()),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

impl Filter {
    /// Reads a filter: `text`, `!text`, `-f text`, `-l key=value[,key=value]`.
    ///
    /// # Errors
    /// A label filter is not complete, in the Go tool's words. The filter before stays then.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(labels) = text.strip_prefix("-l") {
            return labels_of(labels.trim()).map(Self::Labels);
        }
        if let Some(fuzzy) = text.strip_prefix("-f ") {
            let fuzzy = fuzzy.to_lowercase();
            return Ok(Self::Fuzzy(
                fuzzy.chars().filter(|c| !c.is_whitespace()).collect(),
            ));
        }
        Ok(match text.strip_prefix('!') {
            _ if text.is_empty() => Self::None,
            Some("") => Self::None,
            Some(inverse) => Self::Text(Pattern::new(inverse), false),
            None => Self::Text(Pattern::new(text), true),
        })
    }

    /// True if a row stays: an object with the texts of its cells.
    pub(super) fn keeps<'c>(
        &self,
        record: &Record,
        mut cells: impl Iterator<Item = &'c String>,
    ) -> bool {
        match self {
            Self::None => true,
            Self::Text(pattern, wanted) => cells.any(|cell| pattern.is_in(cell)) == *wanted,
            Self::Fuzzy(chars) => cells.any(|cell| is_scattered(chars, cell)),
            Self::Labels(labels) => has_labels(record, labels),
        }
    }
}

fn labels_of(text: &str) -> Result<Vec<(String, String)>, String> {
    if text.is_empty() {
        return Err("Invalid filter: label filter requires key=value, got empty string".to_owned());
    }
    let pair = |part: &str| match part.trim().split_once('=') {
        None => Err(format!(
            "Invalid filter: label filter requires key=value format, got {part:?}"
        )),
        Some(("", _)) => Err("Invalid filter: label filter key must not be empty".to_owned()),
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
    };
    text.split(',').map(pair).collect()
}

/// True if the characters appear in a text in this order.
fn is_scattered(chars: &[char], text: &str) -> bool {
    let mut wanted = chars.iter();
    let mut next = wanted.next();
    for c in text.chars().flat_map(char::to_lowercase) {
        match next {
            Some(want) if *want == c => next = wanted.next(),
            None => return true,
            _ => {}
        }
    }
    next.is_none()
}

/// Labels are a text that holds a JSON object.
fn has_labels(record: &Record, wanted: &[(String, String)]) -> bool {
    let labels = match record.value("labels") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(other) => other.clone(),
        None => Value::Null,
    };
    wanted.iter().all(|(key, value)| match labels.get(key) {
        Some(Value::String(text)) => text == value,
        Some(other) => {
            let text = other.to_string();
            text == *value
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::SESSION;

    fn keeps(filter: &str, cells: &[&str]) -> bool {
        let mut record = Record::empty(&SESSION);
        record.replace("labels", r#"{"team":"red","n":1}"#);
        let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        Filter::read(filter).unwrap().keeps(&record, cells.iter())
    }

    #[test]
    fn a_filter_keeps_rows_by_pattern_inverse_letters_and_labels() {
        for (filter, kept) in [
            ("", true),
            ("RUN", true),
            ("^run.*g$", true),
            ("!run", false),
            ("!", true),
            ("[", false),
            ("-f rng", true),
            ("-f gnr", false),
            ("-l team=red", true),
            ("-lteam=red,n=1", true),
            ("-l team=blue", false),
        ] {
            assert_eq!(keeps(filter, &["be", "Running"]), kept, "{filter}");
        }
        assert!(keeps("[", &["a[b"]), "what is not a pattern is a text");
        for wrong in ["-l", "-l team", "-l =x"] {
            assert!(Filter::read(wrong).is_err(), "{wrong}");
        }
    }
}
