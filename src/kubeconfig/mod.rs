//! Kubeconfig rules: bytes in, findings and a carved document out.
//!
//! Nothing here opens a socket, starts a process or reads the clock. Files are opened only through
//! the [`Open`] function that the caller passes.
//!
//! The way of a text through the modules, gate by gate as in Kubernetes' own client:
//! 1. load: `encoding` makes it UTF-8, `yaml` finds its structure, `reader` (with `scalar`) makes a
//!    `tree` of it, `kind` and `decoder` check the types of the `model`, `merge` joins several files;
//! 2. rest: `choose` follows the context, `files` opens what it refers to, `rest` checks it;
//! 3. tls: `tls` checks the address (`url`), and the certificates and keys (`cert`, out of `pem`).
//!
//! Beside the gates: `lint` (what will not work from a runner), `summary`, and `carve`, which
//! writes one context out through `emit`. `stored` judges what was written and finds the places in the
//! user's file; `wrapper` tells what is no kubeconfig but holds one. Every finding code is a row of `codes`.

#![allow(
    clippy::result_large_err,
    reason = "a refusal happens at most once per file"
)]

mod access;
mod base64;
mod carve;
mod cert;
mod choose;
mod codes;
mod decoder;
mod document;
mod emit;
mod encoding;
mod files;
mod finding;
mod jwt;
mod kind;
mod lint;
mod merge;
mod model;
mod pem;
mod placeholder;
mod reader;
mod rest;
mod scalar;
mod secrets;
mod stored;
mod summary;
mod tls;
mod token;
mod tree;
mod url;
mod wiped;
mod wrapper;
mod yaml;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use zeroize::Zeroizing;

use choose::Chosen;
use document::Document;
use files::Materials;

pub use access::{Access, Impersonation, Plugin};
pub use codes::{Row, codes};
pub use files::NotAllowed;
pub use finding::{Finding, Gate, Severity};
pub use placeholder::placeholder;
pub use summary::{ContextSummary, Identity, Summary};
pub use yaml::{Expansion, expansion};

/// The largest input that is looked at, in bytes. A policy of ours: Kubernetes has no limit.
pub const MAX_INPUT: usize = 32 << 20;

/// The largest document that is written, in bytes.
const MAX_OUTPUT: usize = 4 << 20;

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

/// A [`Source`] that owns its bytes.
pub struct OwnedSource {
    pub path: PathBuf,
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Which rules to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// What Kubernetes' own client accepts.
    Kubernetes,
    /// What will work from a runner's container, refusals included. Opens no file.
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
    /// Report credentials that end sooner than this (`expires-too-early`).
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Gate>,
    /// A client inside a pod would silently act as the pod itself.
    pub falls_back_in_cluster: bool,
    /// The chosen context, if it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// In the order of the gates, then lint.
    pub findings: Vec<Finding>,
}

impl Report {
    /// A report of nothing but these.
    #[must_use]
    pub fn of(findings: Vec<Finding>) -> Self {
        Self::new(findings, None)
    }

    /// Adds findings that were not made before. What they say does not change the verdict of Kubernetes' client.
    pub fn add(&mut self, more: impl IntoIterator<Item = Finding>) {
        finding::add(&mut self.findings, more);
    }

    fn new(findings: Vec<Finding>, summary: Option<Summary>) -> Self {
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
    /// Each file reference that became data.
    pub inlined: Vec<Inlined>,
    /// What could not be made self-contained, such as an exec command with a path, and files that do not hold what
    /// their fields say.
    pub findings: Vec<Finding>,
}

/// A file reference that became data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inlined {
    /// `clusters` or `users`.
    pub list: &'static str,
    /// Name of the entry.
    pub name: String,
    /// The field that held the path.
    pub field: &'static str,
    /// The path as written.
    pub path: String,
}

impl Inlined {
    /// Entry and field in one word: `users[dev].tokenFile`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}[{}].{}", self.list, self.name, self.field)
    }
}

/// What would be stored, judged.
pub struct Cut {
    /// Absent if something stands in the way of the cut; the report says what.
    pub carved: Option<Carved>,
    pub report: Report,
}

/// One kubeconfig, or several merged by the rules of the `KUBECONFIG` list, read once.
pub struct Kubeconfig {
    documents: Vec<Document>,
    /// Bytes of all sources.
    size: usize,
}

impl Kubeconfig {
    /// Reads the texts as YAML. What they hold is judged by the methods.
    ///
    /// # Errors
    /// Findings of the load gate.
    pub fn read(sources: &[Source<'_>]) -> Result<Self, Vec<Finding>> {
        let documents =
            merge::read_all(sources).map_err(|faults| name_sources(faults, sources.len() > 1))?;
        Ok(Self {
            documents,
            size: sources.iter().map(|source| source.bytes.len()).sum(),
        })
    }

    /// Judges the context that the options name, or the current one.
    #[must_use]
    pub fn check(&self, options: &CheckOptions<'_>) -> Report {
        let refused = |findings| Report::new(self.named(findings), None);
        let (config, notes) = match self.merged() {
            Ok(merged) => merged,
            Err(faults) => return refused(faults),
        };
        let linted = options.rules != Rules::Kubernetes;
        let chosen = match Chosen::choose(&config, options.context) {
            Ok(chosen) => chosen,
            Err(fault) => {
                let mut findings = vec![fault];
                if linted {
                    findings.extend(notes);
                    findings.extend(lint::file(&config));
                }
                return refused(findings);
            }
        };
        let open = (options.rules != Rules::Runner).then_some(options.open);
        let materials = Materials::load(&chosen, open);
        let mut findings = rest::check(&config, &chosen, &materials);
        if findings.is_empty() {
            findings = tls::check(&chosen, &materials, open);
        }
        if linted {
            findings.extend(notes);
            findings.extend(lint::check(&config, &chosen, options.now, options.min_ttl));
        }
        Report::new(self.named(findings), summary::of_file(&config, &chosen))
    }

    /// The contexts in the order of the file, without checking them.
    ///
    /// # Errors
    /// Findings of the load gate.
    pub fn contexts(&self) -> Result<Vec<ContextSummary>, Vec<Finding>> {
        let (config, _) = self.merged()?;
        Ok(summary::of_contexts(&config))
    }

    /// Cuts out one context (or keeps all) and inlines the files it refers to.
    ///
    /// # Errors
    /// Findings: those of the load gate, or what stands in the way of the cut
    /// (`no-current-context`, `context-not-found`, `cluster-not-found`, `user-not-found`,
    /// `data-and-file`, `file-unreadable`, `token-file-empty`, `too-large`).
    pub fn carve(&self, keep: Keep<'_>, open: Open<'_>) -> Result<Carved, Vec<Finding>> {
        let (config, _) = self.merged()?;
        let capacity = match keep {
            Keep::All => self.size + (4 << 10),
            _ => 16 << 10,
        };
        let mut carved =
            carve::carve(&config, keep, open, capacity).map_err(|faults| self.named(faults))?;
        carved.findings = self.named(carved.findings);
        Ok(carved)
    }

    /// What a client needs for the current context. Files that the kubeconfig refers to are not opened.
    ///
    /// # Errors
    /// Findings: those of the load gate, or that there is no such context.
    pub fn access(&self) -> Result<Access, Vec<Finding>> {
        let (config, _) = self.merged()?;
        let chosen = Chosen::choose(&config, Some(config.current_context))
            .map_err(|fault| self.named(vec![fault]))?;
        Ok(Access::of(&config, &chosen))
    }

    /// Cuts with all files inlined, and judges the very text that was cut. Findings keep the place in the file that
    /// the user knows.
    #[must_use]
    pub fn cut(&self, keep: Keep<'_>, options: &CheckOptions<'_>) -> Cut {
        stored::cut(self, keep, options)
    }

    /// Whether this is a kubeconfig, of however little use. A text that merely holds one is not.
    #[must_use]
    pub fn is_config(&self) -> bool {
        self.documents.iter().all(wrapper::is_config_like)
    }

    /// What to hide in a log: see [`secrets::masks`].
    ///
    /// # Errors
    /// Findings of the load gate.
    pub fn masks(&self) -> Result<Vec<SecretString>, Vec<Finding>> {
        let (config, _) = self.merged()?;
        Ok(secrets::masks(&config))
    }

    /// Every secret value (tokens, passwords, keys, plugin arguments, ...), for masking. Files
    /// that the kubeconfig refers to are not opened.
    ///
    /// # Errors
    /// Findings of the load gate.
    pub fn secrets(&self) -> Result<Vec<SecretString>, Vec<Finding>> {
        let (config, _) = self.merged()?;
        Ok(secrets::all(&config))
    }

    fn merged(&self) -> Result<(model::Config<'_>, Vec<Finding>), Vec<Finding>> {
        merge::merge(&self.documents).map_err(|faults| self.named(faults))
    }

    fn named(&self, findings: Vec<Finding>) -> Vec<Finding> {
        name_sources(findings, self.documents.len() > 1)
    }
}

/// Where there is only one source, naming it in every finding would be noise.
fn name_sources(mut findings: Vec<Finding>, several: bool) -> Vec<Finding> {
    if !several {
        for finding in &mut findings {
            finding.source = None;
        }
    }
    findings
}

/// [`Kubeconfig::read`] and [`Kubeconfig::check`] in one step; what cannot be read is a report too.
#[must_use]
pub fn check(sources: &[Source<'_>], options: &CheckOptions<'_>) -> Report {
    match Kubeconfig::read(sources) {
        Ok(kubeconfig) => kubeconfig.check(options),
        Err(faults) => Report::new(faults, None),
    }
}

/// [`Kubeconfig::read`] and [`Kubeconfig::contexts`] in one step.
///
/// # Errors
/// Findings of the load gate.
pub fn contexts(sources: &[Source<'_>]) -> Result<Vec<ContextSummary>, Vec<Finding>> {
    Kubeconfig::read(sources)?.contexts()
}

/// [`Kubeconfig::read`] and [`Kubeconfig::carve`] in one step.
///
/// # Errors
/// Those of the two.
pub fn carve(
    sources: &[Source<'_>],
    keep: Keep<'_>,
    open: Open<'_>,
) -> Result<Carved, Vec<Finding>> {
    Kubeconfig::read(sources)?.carve(keep, open)
}

/// [`Kubeconfig::read`] and [`Kubeconfig::secrets`] in one step.
///
/// # Errors
/// Findings of the load gate.
pub fn secrets(sources: &[Source<'_>]) -> Result<Vec<SecretString>, Vec<Finding>> {
    Kubeconfig::read(sources)?.secrets()
}

/// True for the code of a finding.
#[must_use]
pub fn is_code(code: &str) -> bool {
    codes::is_known(code)
}

/// A text made plain UTF-8.
pub struct Decoded {
    pub text: Zeroizing<String>,
    /// `encoding-bom` and `base64-wrapped`, as notes.
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
pub fn decode_input(bytes: &[u8], base64: Base64) -> Result<Decoded, Finding> {
    encoding::decode_input(bytes, base64)
}

/// The files of a `KUBECONFIG` list, each read once. Missing files are skipped and duplicates
/// dropped (contract kubeconfig.md section 11).
///
/// # Errors
/// The path that exists but cannot be read, with the cause.
pub fn read_list(list: &OsStr, open: Open<'_>) -> Result<Vec<OwnedSource>, (PathBuf, io::Error)> {
    merge::read_list(list, open)
}

/// A text without its byte order mark; UTF-16 behind one becomes UTF-8. Anything else is passed on unchecked.
///
/// # Errors
/// If the text is broken UTF-16.
pub fn to_utf8(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Finding> {
    encoding::to_utf8(bytes).map(|(text, _)| text)
}
