//! What a check reports: a stable code, where it was seen, what to do. Never a value.

use serde::Serialize;

use super::codes;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Likely trouble.
    Warning,
    /// Cannot work, or is dangerous.
    Error,
}

/// The step of Kubernetes' client at which a file is refused
/// (contract kubeconfig.md section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// Reading: bytes, YAML, types, names.
    Load,
    /// Choosing the context and checking its cluster and user.
    Rest,
    /// Building the transport: address, certificates, plugins.
    Tls,
    /// Only seen at the TLS handshake; the client is built all the same.
    Late,
}

/// One observation about a kubeconfig. Texts name entries and fields, never the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable identifier, listed in `docs/lint.md`.
    pub code: &'static str,
    pub severity: Severity,
    /// Set where Kubernetes' own client refuses the file (or would fail later).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// Name of the source in a list of several files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `clusters`, `contexts` or `users`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<&'static str>,
    /// Zero-based position in that list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// Name of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Dotted path below the list item (`user.exec.command`) or a top-level key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Line in the source, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The user accepts it knowingly.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allowed: bool,
}

impl Finding {
    /// A finding with the words of its row in [`codes::CODES`]; place and detail are added after.
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

    /// The text that would be stored has so many bytes as JSON, which is more than a session takes, or nearly so.
    #[must_use]
    pub fn oversize(bytes: usize, severity: Severity) -> Self {
        Self {
            severity,
            ..Self::new("oversize").about(&bytes.to_string())
        }
    }

    /// True if it says the same as another one, about the same place.
    fn is_again(&self, other: &Self) -> bool {
        let place = |it: &Self| (it.code, it.list, it.name.clone(), it.field.clone());
        place(self) == place(other)
    }

    /// The same place under another code.
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

    /// Adds what exactly is wrong.
    pub(super) fn detail(mut self, detail: &str) -> Self {
        self.message.push_str(": ");
        self.message.push_str(detail);
        self
    }

    /// Says which file the value comes from.
    pub(super) fn in_file(mut self, file: &str) -> Self {
        self.message.push_str(&format!(" (in {file})"));
        self
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// Adds what was not said before.
pub(super) fn add(findings: &mut Vec<Finding>, more: impl IntoIterator<Item = Finding>) {
    for finding in more {
        if !findings.iter().any(|known| known.is_again(&finding)) {
            findings.push(finding);
        }
    }
}

/// Puts a name into a message: quoted, control characters escaped, cut after 80 characters.
pub(super) fn quote(name: &str) -> String {
    const LONGEST: usize = 80;
    let mut text = String::with_capacity(name.len().min(LONGEST) + 2);
    text.push('"');
    for (n, ch) in name.chars().enumerate() {
        if n == LONGEST {
            text.push('\u{2026}');
            break;
        }
        if ch == '"' || ch == '\\' || ch.is_control() {
            text.extend(ch.escape_default());
        } else {
            text.push(ch);
        }
    }
    text.push('"');
    text
}
