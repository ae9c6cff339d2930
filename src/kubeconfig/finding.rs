//! A finding of a check: a stable code, the location, and what to do about it. It never holds a value.

use serde::Serialize;

use super::codes::{self, Gate, Severity};
use crate::text;

/// One observation about a kubeconfig. Its texts name entries and fields, never the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable identifier, listed in `docs/lint.md`.
    pub code: &'static str,
    pub severity: Severity,
    /// Set if Kubernetes' own client refuses the file, or fails later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// The name of the source, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `clusters`, `contexts` or `users`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<&'static str>,
    /// The position in that list, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The name of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A dotted path below the list item (`user.exec.command`), or a top-level key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The line in the source, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The user has accepted this finding, knowing what it says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allowed: bool,
}

impl Finding {
    /// Makes a finding with the texts of its row in [`codes::CODES`]. Location and detail are added later.
    pub(super) fn new(code: &'static str) -> Self {
        let row = codes::row(code);
        Self {
            code,
            severity: row.severity,
            gate: row.gate,
            source: None,
            list: None,
            index: None,
            name: None,
            field: None,
            line: None,
            message: row.message.to_owned(),
            fix: (!row.fix.is_empty()).then(|| row.fix.to_owned()),
            allowed: false,
        }
    }

    /// Reports that the text to store has this many bytes as JSON, which is too much for a session, or nearly so.
    #[must_use]
    pub fn oversize(bytes: usize, severity: Severity) -> Self {
        Self {
            severity,
            ..Self::new("oversize").about(&bytes.to_string())
        }
    }

    /// Returns true if another finding says the same about the same field.
    fn repeats(&self, other: &Self) -> bool {
        let subject = |it: &Self| (it.code, it.list, it.name.clone(), it.field.clone());
        subject(self) == subject(other)
    }

    /// Makes a finding of another code at the same location.
    pub(super) fn instead(self, code: &'static str) -> Self {
        let row = Self::new(code);
        Self {
            source: self.source,
            list: self.list,
            index: self.index,
            name: self.name,
            field: self.field,
            line: self.line,
            ..row
        }
    }

    pub(super) fn line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    pub(super) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Fills the `{}` of the row's message.
    pub(super) fn about(mut self, what: &str) -> Self {
        self.message = self.message.replacen("{}", what, 1);
        self
    }

    /// Adds what is wrong in particular.
    pub(super) fn detail(mut self, detail: &str) -> Self {
        self.message.push_str(": ");
        self.message.push_str(detail);
        self
    }

    /// Names the file that the value comes from.
    pub(super) fn in_file(mut self, file: &str) -> Self {
        self.message.push_str(&format!(" (in {file})"));
        self
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// Adds the findings that are not in the list yet.
pub(super) fn add(findings: &mut Vec<Finding>, more: impl IntoIterator<Item = Finding>) {
    for finding in more {
        if !findings.iter().any(|known| known.repeats(&finding)) {
            findings.push(finding);
        }
    }
}

/// Quotes a name for a message: unseen characters are escaped, and 80 characters are shown at most.
pub(super) fn quote(name: &str) -> String {
    const LONGEST: usize = 80;
    let mut chars = name.chars();
    let mut shown: String = chars.by_ref().take(LONGEST).collect();
    if chars.next().is_some() {
        shown.push('\u{2026}');
    }
    text::quote(&shown)
}

/// Returns true if a key looks like the name of a field. A secret in the wrong position does not.
pub(super) fn is_field_like(key: &str) -> bool {
    key.len() <= 32
        && key
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'.'))
}
