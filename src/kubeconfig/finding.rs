//! What a check reports: a stable code, where it was seen, what to do. Never a value.

use serde::Serialize;

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
}
