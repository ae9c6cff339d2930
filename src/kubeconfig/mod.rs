//! Kubeconfig rules: bytes in, findings and a carved document out.
//!
//! Nothing here opens a socket, starts a process or reads the clock. Files are opened only through
//! the [`Open`] function that the caller passes.

mod finding;
mod summary;

use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use zeroize::Zeroizing;

pub use finding::{Finding, Gate, Severity};
pub use summary::{ContextSummary, Identity, Summary};

/// The largest input that is looked at, in bytes. A policy of ours: Kubernetes has no limit.
pub const MAX_INPUT: usize = 4 << 20;

/// Reads a file that a kubeconfig refers to. The path is absolute, or relative to the working directory.
pub type Open<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// One kubeconfig text and the folder that its relative paths start from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// How findings name it, when there are several; usually the path.
    pub name: &'a str,
    pub bytes: &'a [u8],
    /// Folder of the file; empty (`Path::new("")`) for a text from standard input.
    pub dir: &'a Path,
}

/// Which rules to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// What Kubernetes' own client accepts.
    Kubernetes,
    /// What will work from a runner's container. Opens no file.
    Runner,
    /// Both.
    All,
}

/// What to check a kubeconfig against.
#[derive(Clone, Copy)]
pub struct CheckOptions<'a> {
    /// Context to judge; `None` means the file's own `current-context`.
    pub context: Option<&'a str>,
    pub rules: Rules,
    pub now: Timestamp,
    /// Report credentials that end sooner than this.
    pub min_ttl: Option<SignedDuration>,
    /// Used by [`Rules::Kubernetes`] and [`Rules::All`] for files that the kubeconfig refers to.
    pub open: Open<'a>,
}

/// The outcome of [`check`].
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// Whether Kubernetes' client would accept the file with this context. With [`Rules::Runner`],
    /// files that the kubeconfig refers to are taken to be readable and right.
    pub accepted: bool,
    /// The gate that refused.
    pub stage: Option<Gate>,
    /// A client inside a pod would silently act as the pod itself.
    pub falls_back_in_cluster: bool,
    /// The chosen context, if it exists.
    pub summary: Option<Summary>,
    /// In the order of the file's gates, then lint.
    pub findings: Vec<Finding>,
}

/// Judges one kubeconfig, or several merged by the rules of the `KUBECONFIG` list.
pub fn check(_sources: &[Source<'_>], _options: &CheckOptions<'_>) -> Report {
    todo!()
}

/// The contexts of a kubeconfig in the order of the file, without checking them.
///
/// # Errors
/// The findings of the load gate.
pub fn contexts(_sources: &[Source<'_>]) -> Result<Vec<ContextSummary>, Vec<Finding>> {
    todo!()
}

/// Which contexts a carved document keeps.
#[derive(Clone, Copy, Debug)]
pub enum Keep<'a> {
    /// The file's `current-context`.
    Current,
    /// The named one; it becomes the `current-context`.
    Named(&'a str),
    /// Every context: only files are inlined.
    All,
}

/// A self-contained kubeconfig and what became of the rest.
#[derive(Debug)]
pub struct Carved {
    /// The document, UTF-8 YAML.
    pub text: SecretString,
    /// The `current-context` of the document; empty if there is none.
    pub context: String,
    pub kept_contexts: usize,
    pub total_contexts: usize,
    pub dropped_contexts: usize,
    pub dropped_clusters: usize,
    pub dropped_users: usize,
    /// Each file reference that became data: entry and field (`users[dev].tokenFile`), path as written.
    pub inlined: Vec<(String, String)>,
    /// What could not be made self-contained, such as an exec command with a path.
    pub findings: Vec<Finding>,
}

/// Cuts out one context (or keeps all) and inlines the files it refers to.
///
/// # Errors
/// Findings: those of the load gate, or what stands in the way of the cut (`context-not-found`,
/// `cluster-not-found`, `user-not-found`, `file-unreadable`, ...).
pub fn carve(
    _sources: &[Source<'_>],
    _keep: Keep<'_>,
    _open: Open<'_>,
) -> Result<Carved, Vec<Finding>> {
    todo!()
}

/// A text made plain UTF-8.
pub struct Decoded {
    pub text: Zeroizing<String>,
    pub findings: Vec<Finding>,
}

/// What to do with a text that is a base64-wrapped kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base64 {
    /// Leave it; report `base64-wrapped`.
    Report,
    /// Unwrap it; report that as a note.
    Decode,
}

/// Removes a byte order mark, transcodes UTF-16 and, on request, unwraps base64, so that every
/// reader downstream sees plain UTF-8.
///
/// # Errors
/// A finding if the text is too large or not text.
pub fn decode_input(_bytes: &[u8], _base64: Base64) -> Result<Decoded, Finding> {
    todo!()
}

/// Every secret value of a kubeconfig (tokens, passwords, keys, plugin arguments, ...), for masking.
///
/// # Errors
/// The findings of the load gate.
pub fn secrets(_sources: &[Source<'_>]) -> Result<Vec<SecretString>, Vec<Finding>> {
    todo!()
}

/// The files of a `KUBECONFIG` list, each read once. Missing files are skipped and duplicates
/// dropped (contract kubeconfig.md section 11).
///
/// # Errors
/// The path that exists but cannot be read, with the cause.
pub fn read_list(
    _list: &std::ffi::OsStr,
    _open: Open<'_>,
) -> Result<Vec<OwnedSource>, (std::path::PathBuf, io::Error)> {
    todo!()
}

/// A [`Source`] that owns its bytes.
pub struct OwnedSource {
    pub path: std::path::PathBuf,
    pub bytes: Zeroizing<Vec<u8>>,
}
