//! One object as text: every field with its label, or as YAML or JSON.

use serde_json::Value;

use super::effect::Fetch;
use super::filter::Pattern;
use super::shown;
use crate::resources::{PRIVATE, Record, remove_own_annotations};
use crate::yaml;

/// Stands for a value that may be secret.
const HIDDEN: &str = "(not shown; y shows it)";

/// The form of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Describe,
    Yaml,
    Json,
}

/// The text of an object.
pub(super) struct Detail {
    pub title: String,
    pub record: Option<Record>,
    pub form: Form,
    pub lines: Vec<Labeled>,
    pub cursor: usize,
    pub offset: usize,
    pub search: String,
    /// Where the object is read again.
    pub fetch: Option<Fetch>,
}

/// A line with the label in front of it; the lines of one value share the label's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labeled {
    pub label: String,
    pub text: String,
    /// The number of the value that the line is part of.
    pub value: usize,
}

impl Detail {
    #[must_use]
    pub(super) fn new(title: String, record: Record, form: Form, fetch: Option<Fetch>) -> Self {
        let mut detail = Self {
            title,
            record: Some(record),
            form,
            lines: Vec::new(),
            cursor: 0,
            offset: 0,
            search: String::new(),
            fetch,
        };
        detail.write();
        detail
    }

    /// Returns a text that is not an object.
    #[must_use]
    pub(super) fn of_text(title: &str, pairs: &[(String, String)]) -> Self {
        let line = |(value, (label, text)): (usize, &(String, String))| Labeled {
            label: label.clone(),
            text: text.clone(),
            value,
        };
        Self {
            title: title.to_owned(),
            record: None,
            form: Form::Describe,
            lines: pairs.iter().enumerate().map(line).collect(),
            cursor: 0,
            offset: 0,
            search: String::new(),
            fetch: None,
        }
    }

    /// Shows the object in another form.
    pub(super) fn show(&mut self, form: Form) {
        if self.record.is_some() {
            self.form = form;
            self.cursor = 0;
            self.offset = 0;
            self.write();
        }
    }

    /// Takes a newer state of the object.
    pub(super) fn renew(&mut self, record: Record) {
        self.record = Some(record);
        self.write();
        self.cursor = self.cursor.min(self.lines.len().saturating_sub(1));
    }

    fn write(&mut self) {
        let Some(record) = &self.record else { return };
        self.lines = match self.form {
            Form::Describe => described(record),
            Form::Yaml => text_lines(&yaml::to_string(&record.json()).unwrap_or_default()),
            Form::Json => {
                text_lines(&serde_json::to_string_pretty(&record.json()).unwrap_or_default())
            }
        };
    }

    pub(super) fn step(&mut self, by: i64) {
        let at = i64::try_from(self.cursor).unwrap_or(i64::MAX);
        let to = usize::try_from(at.saturating_add(by).max(0)).unwrap_or(usize::MAX);
        self.cursor = to.min(self.lines.len().saturating_sub(1));
    }

    /// Moves to the next line that holds the search, forward or backward, beyond the end to the start.
    pub(super) fn find(&mut self, is_forward: bool) -> bool {
        let pattern = Pattern::new(&self.search);
        let count = self.lines.len();
        let place = |step: usize| {
            let step = if is_forward { step } else { count - step };
            (self.cursor + step) % count
        };
        let found = (1..=count).map(place).find(|at| {
            let line = &self.lines[*at];
            pattern.is_in(&line.text) || pattern.is_in(&line.label)
        });
        self.cursor = found.unwrap_or(self.cursor);
        found.is_some()
    }

    /// Returns the whole value under the cursor, which may have several lines.
    #[must_use]
    pub(super) fn value(&self) -> String {
        let Some(at) = self.lines.get(self.cursor) else {
            return String::new();
        };
        let lines = self.lines.iter().filter(|line| line.value == at.value);
        lines
            .map(|line| line.text.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Returns the whole text.
    #[must_use]
    pub(super) fn all(&self) -> String {
        let line = |line: &Labeled| match line.label.as_str() {
            "" => format!("{}\n", line.text),
            label => format!("{label}: {}\n", line.text),
        };
        self.lines.iter().map(line).collect()
    }
}

/// Returns every field, also the empty ones. A text that holds JSON is laid out.
fn described(record: &Record) -> Vec<Labeled> {
    let mut lines = Vec::new();
    for (number, field) in record.resource.all_fields().enumerate() {
        let text = match record.value(field.name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => laid_out(field.name, text),
            Some(other @ (Value::Array(_) | Value::Object(_))) => {
                pretty(for_people(field.name, other.clone()))
            }
            Some(other) => other.to_string(),
        };
        for (at, text) in shown::lines(&text).into_iter().enumerate() {
            lines.push(Labeled {
                label: if at == 0 {
                    label(field.name)
                } else {
                    String::new()
                },
                text,
                value: number,
            });
        }
    }
    lines
}

fn laid_out(field: &str, text: &str) -> String {
    let is_nested = text.starts_with(['{', '[']);
    let value: Option<Value> = is_nested.then(|| serde_json::from_str(text).ok()).flatten();
    let shown = value.map(|value| pretty(for_people(field, value)));
    shown.unwrap_or_else(|| text.to_owned())
}

/// Leaves out what `describe` leaves out: the annotations of acpctl itself, and values that may be secret.
fn for_people(field: &str, mut value: Value) -> Value {
    let is_private = PRIVATE.contains(&field);
    match &mut value {
        Value::Object(map) if field == "annotations" => remove_own_annotations(map),
        Value::Object(map) if is_private => map.values_mut().for_each(|it| *it = HIDDEN.into()),
        Value::Array(list) if is_private => list.iter_mut().for_each(|it| *it = HIDDEN.into()),
        _ => {}
    }
    value
}

fn pretty(value: Value) -> String {
    match value {
        Value::Object(map) if map.is_empty() => String::new(),
        value => serde_json::to_string_pretty(&value).unwrap_or_default(),
    }
}

fn text_lines(text: &str) -> Vec<Labeled> {
    let line = |(value, text): (usize, String)| Labeled {
        label: String::new(),
        text,
        value,
    };
    let lines = shown::lines(text.trim_end());
    lines.into_iter().enumerate().map(line).collect()
}

/// Returns the label of a field: `LLM Model` for `llm_model`.
#[must_use]
pub(super) fn label(field: &str) -> String {
    let word = |word: &str| match word {
        "id" | "llm" | "url" | "sdk" | "uid" | "cr" | "api" => word.to_uppercase(),
        word => {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars).collect()
        }
    };
    field.split('_').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::AGENT;

    #[test]
    fn a_description_has_every_field_and_lays_out_json() {
        let mut agent = Record::empty(&AGENT);
        agent.replace("id", "a1");
        agent.replace("name", "be");
        agent.replace("labels", r#"{"team":"red"}"#);
        agent.replace("prompt", "one\x1b[31m\ntwo");
        agent.replace("annotations", r#"{"acpctl/digest":"d","own":"o"}"#);
        agent.replace("environment_variables", r#"{"KEY":"secret"}"#);
        let mut detail = Detail::new("Agent: be".to_owned(), agent, Form::Describe, None);
        let text = detail.all();
        assert!(text.contains("LLM Max Tokens: \n"), "{text}");
        assert!(text.contains("\"own\""), "{text}");
        assert!(!text.contains("acpctl/"), "{text}");
        assert!(
            text.contains("\"KEY\": \"(not shown; y shows it)\""),
            "{text}"
        );
        assert!(
            text.contains("Labels: {\n  \"team\": \"red\"\n}\n"),
            "{text}"
        );
        assert!(text.contains("Prompt: one\\x1b[31m\ntwo\n"), "{text}");
        detail.search = "two".to_owned();
        assert!(detail.find(true));
        assert_eq!(detail.value(), "one\\x1b[31m\ntwo");
        detail.show(Form::Yaml);
        assert!(detail.all().starts_with("id: a1\n"), "{}", detail.all());
    }
}
