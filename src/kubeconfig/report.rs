//! The questions of a caller about a kubeconfig, and the answers: a report, a carved document, or both.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::codes::Gate;
use super::finding::{self, Finding};
use super::managed::Managed;
use super::source::Open;
use super::summary::Summary;

/// The rules to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// The rules of Kubernetes' own client.
    Kubernetes,
    /// The rules of a runner's container, and the client's as far as they need no file. Opens no file.
    Runner,
    /// Both.
    All,
}

/// How sessions get a stored kubeconfig.
#[derive(Clone, Copy, Debug, Default)]
pub enum Delivery<'a> {
    /// As it is, in a file.
    #[default]
    Pod,
    /// Not at all.
    Sandbox,
    /// Rewritten, under further rules. The cut drops what means nothing and would break them.
    Managed(Managed<'a>),
}

/// The conditions that a kubeconfig is checked against.
#[derive(Clone, Copy)]
pub struct CheckOptions<'a> {
    /// The context to judge; `None` means the file's own `current-context`.
    pub context: Option<&'a str>,
    pub rules: Rules,
    pub now: Timestamp,
    /// Report credentials that expire sooner than this (`expires-too-early`).
    pub min_ttl: Option<SignedDuration>,
    /// How sessions get the text.
    pub delivery: Delivery<'a>,
    /// Opens the files that the kubeconfig refers to; used by [`Rules::Kubernetes`] and [`Rules::All`].
    pub open: Open<'a>,
}

/// The outcome of a check.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// Whether Kubernetes' client would accept the file with this context. With [`Rules::Runner`], files that the
    /// kubeconfig refers to are assumed to be readable and valid.
    pub accepted: bool,
    /// The gate that refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Gate>,
    /// A client inside a pod would silently act as the pod itself.
    pub falls_back_in_cluster: bool,
    /// The chosen context, if it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Findings in the order of the gates, then those of lint.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Makes a report that holds only these findings.
    #[must_use]
    pub fn of(findings: Vec<Finding>) -> Self {
        Self::new(findings, None)
    }

    /// Adds the findings that the report does not hold yet. The verdict of Kubernetes' client stays as it is.
    pub fn add(&mut self, more: impl IntoIterator<Item = Finding>) {
        finding::add(&mut self.findings, more);
    }

    pub(super) fn new(findings: Vec<Finding>, summary: Option<Summary>) -> Self {
        let stage = findings
            .iter()
            .filter_map(|finding| finding.gate)
            .find(|gate| *gate != Gate::Late);
        Self {
            accepted: stage.is_none(),
            stage,
            falls_back_in_cluster: findings
                .iter()
                .any(|finding| finding.code == "in-cluster-fallback"),
            summary,
            findings,
        }
    }
}

/// The contexts that a carved document keeps.
#[derive(Clone, Copy, Debug)]
pub enum Keep<'a> {
    /// The file's `current-context`.
    Current,
    /// The context of this name, which becomes the `current-context`.
    Named(&'a str),
    /// Every context: files are inlined, and nothing is dropped.
    All,
}

/// A self-contained kubeconfig and what became of the rest of the file.
#[derive(Debug)]
pub struct Carved {
    /// The document, as YAML in UTF-8.
    pub text: SecretString,
    /// The `current-context` of the document; empty if there is none.
    pub context: String,
    pub kept_contexts: usize,
    pub total_contexts: usize,
    pub dropped_contexts: usize,
    pub dropped_clusters: usize,
    pub dropped_users: usize,
    /// Every file reference that became data.
    pub inlined: Vec<Inlined>,
    /// The parts that could not be made self-contained, such as an exec command with a path, and files whose content
    /// does not fit their field.
    pub findings: Vec<Finding>,
}

/// A file reference that became data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inlined {
    /// `clusters` or `users`.
    pub list: &'static str,
    /// The name of the entry.
    pub name: String,
    /// The field that held the path.
    pub field: &'static str,
    /// The path as written.
    pub path: String,
}

impl Inlined {
    /// Returns entry and field in one word: `users[dev].tokenFile`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}[{}].{}", self.list, self.name, self.field)
    }
}
