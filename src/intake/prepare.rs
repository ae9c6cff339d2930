//! Prepares a kubeconfig for storing: checks the flags, cuts and judges the text, reports the findings, annotates.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::annotate::annotations;
use super::cut::Examined;
use super::decode::whole;
use super::findings;
use super::flags::KubeconfigArgs;
use super::gate;
use super::page::Page;
use super::read::source_name;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{Carved, ContextSummary, Finding, OwnedSource, Severity};
use crate::text::command::shell_word;
use crate::text::{count, quote, secrets};

/// The code of the finding that a context is not in the file.
const ABSENT_CONTEXT: &str = "context-not-found";
/// The code of the finding that a token ends within a day.
const EXPIRES_SOON: &str = "token-expires-soon";

/// The code of the finding that a file lies outside the kubeconfig's folder.
const FILE_OUTSIDE: &str = "file-outside";
/// The code of the finding that a token file holds no token, which prevents the cut.
const NO_TOKEN: &str = "token-file-no-token";

/// The codes of the findings that a file holds more than one context needs.
const TOO_MUCH: [&str; 2] = ["multiple-contexts", "unused-entries"];

/// A kubeconfig that is ready to be stored.
pub struct Prepared {
    pub text: SecretString,
    /// The name of its context.
    pub context: Option<String>,
    /// The current context, if it was taken because no flag names one.
    pub taken: Option<Taken>,
    /// When its login expires, if that is known.
    pub expires_at: Option<Timestamp>,
    /// The folders outside the kubeconfig's own from which the user let the program read files.
    pub agreed: BTreeSet<PathBuf>,
    /// The annotations; none of them is secret.
    pub annotations: Map<String, Value>,
}

/// The current context of a file, taken because no flag names one.
#[derive(Debug, Clone)]
pub struct Taken {
    /// `None` if the file can't be read, which is stored nevertheless.
    pub context: Option<ContextSummary>,
    /// All contexts of the file.
    pub contexts: Vec<ContextSummary>,
    /// True if a flag could keep another one in its place: the file is not stored as a whole.
    pub is_cut: bool,
}

impl KubeconfigArgs {
    /// Cuts and judges a kubeconfig, and reports the findings on standard error. A finding of severity error, or a
    /// policy that forbids the rest, is a failure. Nothing has been sent by then.
    ///
    /// # Errors
    /// [`Kind::Data`] for errors, [`Kind::Policy`] for `--strict` and `--min-ttl`.
    pub fn prepare(&self, ctx: &Ctx, sources: &mut [OwnedSource]) -> Result<Prepared, Failure> {
        self.check_flags()?;
        let name = source_name(sources);
        if self.skip_validation {
            return self.unchecked(ctx, sources);
        }
        let mut examined = self.examine(ctx, sources)?;
        if self.is_minted {
            let findings = &mut examined.report.findings;
            findings.retain(|finding| finding.code != EXPIRES_SOON);
        }
        report(ctx, sources, &examined);
        let findings = &examined.report.findings;
        let subject = format!("the kubeconfig from {name}");
        if let Some(mut failure) = gate::refusal(&subject, findings, self.gates.strict) {
            failure.findings = serde_json::to_value(findings).ok().map(Box::new);
            let failure = with_advice(failure, findings, &examined.elsewhere.refused);
            return Err(self.suspect_pipe(failure, &name));
        }
        let Some(text) = examined.text().cloned() else {
            let text = format!("{subject} can't be cut to one context");
            let hint = hint_to_cut(findings, &examined.elsewhere.refused);
            return Err(Failure::new(Kind::Data, text).hint(hint));
        };
        if let Some(carved) = &examined.carved {
            for line in cut_lines(carved, ["Kept", "dropped", "Inlined"]) {
                ctx.out.aside(&line);
            }
        }
        // The server's answers may repeat a part of the text, so each secret is hidden by itself.
        examined.secrets().iter().for_each(secrets::know);
        let taken = self.taken(&examined);
        let context = match (examined.carved.take(), &examined.report.summary) {
            (Some(carved), _) => Some(carved.context),
            (None, Some(summary)) => Some(summary.context.name.clone()),
            (None, None) => None,
        };
        Ok(Prepared {
            annotations: annotations(&examined.report, &text),
            expires_at: examined
                .report
                .summary
                .and_then(|summary| summary.context.expires_at),
            agreed: examined.elsewhere.agreed,
            context: context.filter(|context| !context.is_empty()),
            taken,
            text,
        })
    }

    fn taken(&self, examined: &Examined) -> Option<Taken> {
        if self.context.is_some() {
            return None;
        }
        let summary = examined.report.summary.as_ref();
        let file = examined.file.as_ref();
        let contexts = file.and_then(|file| file.contexts().ok());
        Some(Taken {
            context: summary.map(|summary| summary.context.clone()),
            contexts: contexts.unwrap_or_default(),
            is_cut: self.whole().is_none(),
        })
    }

    /// Takes the file as it is. What else it stores than one context is worth a warning even then, and the annotations
    /// say where it leads, as far as it can be read.
    fn unchecked(&self, ctx: &Ctx, sources: &[OwnedSource]) -> Result<Prepared, Failure> {
        let text = whole(sources)?;
        let open = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
        let mut examined = Examined::of_file(sources, &self.options(ctx, &open, None));
        self.check_context(examined.file.as_ref())?;
        ctx.out
            .warn("the kubeconfig was not validated (--skip-validation)");
        let findings = &mut examined.report.findings;
        findings.retain(|finding| TOO_MUCH.contains(&finding.code));
        report(ctx, sources, &examined);
        Ok(Prepared {
            annotations: annotations(&examined.report, &text),
            context: self.context.clone(),
            taken: self.taken(&examined),
            expires_at: None,
            agreed: BTreeSet::new(),
            text,
        })
    }
}

/// Reports the findings on standard error: as a page on a terminal, otherwise one after the other.
fn report(ctx: &Ctx, sources: &[OwnedSource], examined: &Examined) {
    let findings = &examined.report.findings;
    if findings.is_empty() {
        return;
    }
    if let Some(width) = ctx.out.width_of_talk() {
        let file = examined.file.as_ref();
        let page = Page::about(sources, file, Some(width), ctx.out.colored_stderr());
        return ctx.out.note_as_is(&page.of(findings));
    }
    let name = source_name(sources);
    for finding in findings {
        ctx.out.note(&findings::text(&name, finding));
    }
}

/// Adds to a refusal what the user can do. `refused` are the folders of files that were not read.
fn with_advice(failure: Failure, findings: &[Finding], refused: &BTreeSet<PathBuf>) -> Failure {
    let is_choice = |finding: &Finding| finding.gate.is_none() || finding.code == ABSENT_CONTEXT;
    let hint = if failure.kind == Kind::Policy {
        "nothing was sent".to_owned()
    } else if findings.iter().any(|it| it.code == ABSENT_CONTEXT) && findings.iter().all(is_choice)
    {
        "nothing was sent; choose a context with --context NAME".to_owned()
    } else if findings.iter().any(|finding| finding.gate.is_some()) {
        "nothing was sent; Kubernetes' own client refuses this file".to_owned()
    } else if findings.iter().any(|finding| finding.code == NO_TOKEN) {
        hint_to_cut(findings, refused)
    } else {
        format!(
            "nothing was sent; to store it knowingly, add{}{}",
            allow_all(findings),
            allow_files(refused)
        )
    };
    failure.hint(hint)
}

/// Returns what the user can do about findings that prevent the cut, even if they are accepted.
fn hint_to_cut(findings: &[Finding], refused: &BTreeSet<PathBuf>) -> String {
    if findings.iter().any(|finding| finding.code == NO_TOKEN) {
        return format!(
            "nothing was sent; --allow can't accept {NO_TOKEN}: write only the token into that file"
        );
    }
    if !refused.is_empty() {
        return format!(
            "nothing was sent; to send the files, add{}",
            allow_files(refused)
        );
    }
    "nothing was sent; mend the errors above, although they are allowed".to_owned()
}

/// Returns the flags that accept each error. A file that was not read needs another flag.
fn allow_all(findings: &[Finding]) -> String {
    let stops =
        |it: &&Finding| it.severity == Severity::Error && !it.allowed && it.code != FILE_OUTSIDE;
    let codes: BTreeSet<&str> = findings.iter().filter(stops).map(|it| it.code).collect();
    codes
        .iter()
        .map(|code| format!(" --allow {code}"))
        .collect()
}

/// Returns the flags that let the program read files in these folders.
fn allow_files(folders: &BTreeSet<PathBuf>) -> String {
    let flag =
        |folder: &PathBuf| format!(" --allow-file {}", shell_word(&folder.to_string_lossy()));
    folders.iter().map(flag).collect()
}

/// Describes what the cut kept, dropped and inlined, with these verbs.
pub(crate) fn cut_lines(carved: &Carved, [keep, drop, inline]: [&str; 3]) -> Vec<String> {
    let mut lines = Vec::new();
    if carved.dropped_contexts + carved.dropped_users + carved.dropped_clusters > 0 {
        lines.push(format!(
            "{keep} {} of {} ({}), {drop} {} and {}",
            carved.kept_contexts,
            count(carved.total_contexts, "context"),
            quote(&carved.context),
            count(carved.dropped_users, "user"),
            count(carved.dropped_clusters, "cluster"),
        ));
    }
    let inlined = carved.inlined.iter();
    lines.extend(inlined.map(|it| format!("{inline} {} into {}", it.path, it.label())));
    lines
}
