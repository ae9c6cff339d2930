//! From the bytes of a kubeconfig to what is stored: decode, check, carve, measure, describe.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::findings;
use crate::compat::{json, number, quote::quote};
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::digest;
use crate::exit::{Failure, Kind};
use crate::input::{self, Input, Source};
use crate::kubeconfig::{
    self as rules, Base64, Carved, CheckOptions, Finding, Keep, OwnedSource, Report, Rules,
    Severity,
};
use crate::resources::{CONTEXT, DIGEST, EXPIRES_AT, SERVER};
use crate::text::acpctl;

/// The provider of kubeconfigs.
pub const PROVIDER: &str = "kubeconfig";

/// The sidecar reads at most 1 MiB of an answer (contract field.md row 20): what is stored must stay
/// below with the JSON around it. Counted in bytes after JSON escaping.
const REFUSE_ABOVE: usize = 900 << 10;
const WARN_ABOVE: usize = 512 << 10;
/// The code of the finding that `--min-ttl` asks for.
const MIN_TTL: &str = "expires-too-early";

/// How a kubeconfig is judged and cut.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Kubeconfig Flags")]
pub struct KubeconfigArgs {
    /// Keep this context (default: the file's current-context); without a file, from KUBECONFIG
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Keep every context; only files are inlined
    #[arg(long)]
    all_contexts: bool,
    /// Store the text as it is: nothing is cut, no file is inlined
    #[arg(long)]
    no_flatten: bool,
    /// Refuse credentials that end sooner than this, e.g. 12h or 7d
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    min_ttl: Option<Duration>,
    /// Refuse warnings too
    #[arg(long)]
    strict: bool,
    /// Accept findings of this code knowingly (repeatable)
    #[arg(long, value_name = "CODE")]
    allow: Vec<String>,
    /// Store the text unseen; sessions that use it may fail
    #[arg(long)]
    skip_validation: bool,
}

/// A kubeconfig that is ready to be stored.
pub struct Prepared {
    pub text: SecretString,
    /// The name of its context.
    pub context: Option<String>,
    /// What is put into annotations: none of it is secret.
    pub annotations: Map<String, Value>,
}

/// Opens the files that a kubeconfig names.
pub fn open(path: &Path) -> std::io::Result<Vec<u8>> {
    fs::read(path)
}

impl KubeconfigArgs {
    /// The usual rules, for this context or the file's current one.
    pub fn keeping(context: Option<String>) -> Self {
        Self {
            context,
            ..Self::default()
        }
    }

    /// True where any of these flags was given.
    pub fn is_given(&self) -> bool {
        self.context.is_some()
            || self.all_contexts
            || self.no_flatten
            || self.min_ttl.is_some()
            || self.strict
            || !self.allow.is_empty()
            || self.skip_validation
    }

    /// Reads the kubeconfig: from the named source, else from standard input where data is piped in,
    /// else, with `--context`, from `KUBECONFIG` or `~/.kube/config`.
    ///
    /// # Errors
    /// Why it can't be read; [`Kind::Input`] where no source is named and none is piped in.
    pub fn read(&self, named: Option<Input>) -> Result<Vec<OwnedSource>, Failure> {
        let input = match named {
            Some(input) => input,
            None if input::stdin_is_piped() => input::from_stdin()?,
            None if self.context.is_some() => return from_environment(),
            None => return Err(no_source()),
        };
        if input.bytes.iter().all(u8::is_ascii_whitespace) {
            let empty = super::source::empty(&input.name());
            return Err(match (&input.source, &self.context) {
                (Source::Stdin, Some(_)) => {
                    empty.hint("to read KUBECONFIG instead of the pipe, add < /dev/null")
                }
                _ => empty,
            });
        }
        Ok(vec![OwnedSource {
            path: source_path(&input),
            bytes: input.bytes,
        }])
    }

    /// Checks and carves. The findings are said on standard error; one of severity error, or a closed
    /// policy gate, is a failure, and nothing has been sent by then.
    ///
    /// # Errors
    /// [`Kind::Data`] for errors, [`Kind::Policy`] for `--strict` and `--min-ttl`.
    pub fn prepare(&self, ctx: &Ctx, sources: &mut [OwnedSource]) -> Result<Prepared, Failure> {
        if self.no_flatten && self.context.is_some() {
            return Err(
                Failure::usage("--context and --no-flatten are mutually exclusive")
                    .hint("--no-flatten stores the text as it is, with its own current-context"),
            );
        }
        if self.all_contexts && self.context.is_some() {
            return Err(Failure::usage(
                "--context and --all-contexts are mutually exclusive",
            ));
        }
        let name = source_name(sources);
        let mut findings = decode(sources)?;
        if self.skip_validation {
            ctx.out
                .warn("the kubeconfig was not validated (--skip-validation)");
            return self.unseen(sources);
        }
        let report = self.check(ctx, sources);
        findings.extend(report.findings.iter().cloned());
        let carved = self.carve(sources, &report, &mut findings);
        self.judge(ctx, &name, &findings)?;
        let (text, context) = match carved {
            Some(carved) => {
                say_carved(ctx, &carved);
                (carved.text, Some(carved.context))
            }
            None => (
                whole(sources)?,
                report
                    .summary
                    .as_ref()
                    .map(|summary| summary.context.name.clone()),
            ),
        };
        let measured = measure(&text);
        self.judge(ctx, &name, measured.as_slice())?;
        Ok(Prepared {
            annotations: annotations(&report, &text),
            context: context.filter(|context| !context.is_empty()),
            text,
        })
    }

    /// True for a text that `credential create` and `apply` store as it stands.
    pub fn keeps(ctx: &Ctx, text: &SecretString) -> bool {
        let args = Self::default();
        let mut sources = vec![OwnedSource {
            path: std::path::PathBuf::new(),
            bytes: Zeroizing::new(text.expose_secret().as_bytes().to_vec()),
        }];
        let Ok(mut findings) = decode(&mut sources) else {
            return false;
        };
        let report = args.check(ctx, &sources);
        findings.extend(report.findings.iter().cloned());
        let carved = args.carve(&sources, &report, &mut findings);
        findings.extend(measure(text));
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        !findings.iter().any(is_error)
            && carved.is_some_and(|carved| carved.text.expose_secret() == text.expose_secret())
    }

    fn check(&self, ctx: &Ctx, sources: &[OwnedSource]) -> Report {
        let options = CheckOptions {
            context: self.context.as_deref(),
            rules: Rules::All,
            now: ctx.now(),
            min_ttl: self
                .min_ttl
                .map(|ttl| SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX)),
            open: &open,
        };
        rules::check(&views(sources), &options)
    }

    /// Cuts the text, unless it is stored as it is, and settles the findings that the cut answers.
    fn carve(
        &self,
        sources: &[OwnedSource],
        report: &Report,
        findings: &mut Vec<Finding>,
    ) -> Option<Carved> {
        if self.no_flatten || !report.accepted {
            return None;
        }
        let keep = match &self.context {
            _ if self.all_contexts => Keep::All,
            Some(context) => Keep::Named(context),
            None => Keep::Current,
        };
        match rules::carve(&views(sources), keep, &open) {
            Ok(carved) => {
                findings.retain(|finding| !self.is_settled(finding));
                findings.extend(carved.findings.iter().cloned());
                Some(carved)
            }
            Err(refused) => {
                findings.extend(refused);
                None
            }
        }
    }

    /// Findings about the file that do not hold for what is cut out of it.
    fn is_settled(&self, finding: &Finding) -> bool {
        match finding.code {
            "file-reference" | "file-too-large" | "encoding-bom" => true,
            "multiple-contexts" | "unused-entries" => !self.all_contexts,
            "no-current-context" => self.context.is_some(),
            _ => false,
        }
    }

    /// Says the findings and decides whether they stop the upload.
    fn judge(&self, ctx: &Ctx, name: &str, findings: &[Finding]) -> Result<(), Failure> {
        for finding in findings {
            ctx.out.note(&findings::text(name, finding));
        }
        let counts = |finding: &&Finding| {
            finding.gate.is_some() || !self.allow.iter().any(|code| code == finding.code)
        };
        let with = |severity| {
            findings
                .iter()
                .filter(counts)
                .filter(|finding| finding.severity == severity)
                .count()
        };
        let (errors, warnings) = (with(Severity::Error), with(Severity::Warning));
        let ttl = findings
            .iter()
            .filter(counts)
            .any(|finding| finding.code == MIN_TTL);
        if errors > usize::from(ttl) {
            let refused = findings.iter().any(|finding| finding.gate.is_some());
            let hint = if refused {
                "nothing was sent; Kubernetes' own client refuses this file"
            } else {
                "nothing was sent; accept a finding knowingly with --allow CODE"
            };
            return Err(Failure::new(
                Kind::Data,
                format!("the kubeconfig from {name} has {}", count(errors, "error")),
            )
            .hint(hint));
        }
        if ttl {
            return Err(Failure::new(
                Kind::Policy,
                format!("the kubeconfig from {name} expires sooner than --min-ttl allows"),
            )
            .hint("nothing was sent"));
        }
        if self.strict && warnings > 0 {
            return Err(Failure::new(
                Kind::Policy,
                format!(
                    "the kubeconfig from {name} has {} (--strict)",
                    count(warnings, "warning")
                ),
            )
            .hint("nothing was sent"));
        }
        Ok(())
    }

    fn unseen(&self, sources: &[OwnedSource]) -> Result<Prepared, Failure> {
        let text = whole(sources)?;
        let mut annotations = Map::new();
        if let Some(digest) = digest::keyed(text.expose_secret().as_bytes()) {
            annotations.insert(DIGEST.to_owned(), digest.into());
        }
        Ok(Prepared {
            text,
            context: self.context.clone(),
            annotations,
        })
    }
}

/// The refusal to wait for input that will not come (contract field.md row 5).
fn no_source() -> Failure {
    let create = ["credential", "create", "--provider", "kubeconfig"];
    let from_file = ["--from-file", "~/.kube/config", "--context", "NAME"];
    Failure::new(Kind::Input, "no kubeconfig given").hint(format!(
        "name a file:  {}\n      or pipe one:  kubectl config view --raw --minify --flatten | {}",
        acpctl(&[&create[..], &from_file].concat()),
        acpctl(&create)
    ))
}

/// The files of `KUBECONFIG`, or `~/.kube/config`.
pub fn from_environment() -> Result<Vec<OwnedSource>, Failure> {
    let list = match crate::env::KUBECONFIG.get() {
        Some(list) => list,
        None => format!(
            "{}/.kube/config",
            crate::env::HOME.get().ok_or_else(no_source)?
        ),
    };
    let sources = rules::read_list(list.as_ref(), &open).map_err(|(path, error)| {
        Failure::new(
            Kind::Data,
            format!(
                "read {}: {}",
                quote(&path.to_string_lossy()),
                reason(&error)
            ),
        )
    })?;
    if sources.is_empty() {
        return Err(Failure::new(
            Kind::Data,
            format!("no kubeconfig found at {}", quote(&list)),
        )
        .hint("name a file with --from-file PATH"));
    }
    Ok(sources)
}

/// The path that a source's relative paths start from, and that messages show.
fn source_path(input: &Input) -> std::path::PathBuf {
    match &input.source {
        Source::File(path) => path.clone(),
        _ => input.name().into(),
    }
}

/// The name of the sources in messages.
pub fn source_name(sources: &[OwnedSource]) -> String {
    let names: Vec<String> = sources
        .iter()
        .map(|source| source.path.to_string_lossy().into_owned())
        .collect();
    names.join(", ")
}

/// The sources as the rules take them.
pub fn views(sources: &[OwnedSource]) -> Vec<rules::Source<'_>> {
    sources
        .iter()
        .map(|source| rules::Source {
            name: source.path.to_str().unwrap_or("kubeconfig"),
            bytes: &source.bytes,
            dir: source.path.parent().unwrap_or(Path::new("")),
        })
        .collect()
}

/// Makes each source plain UTF-8, so that every reader downstream sees the same (contract field.md row 8).
pub fn decode(sources: &mut [OwnedSource]) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for source in sources {
        let name = source.path.to_string_lossy().into_owned();
        let mut decoded =
            rules::decode_input(&source.bytes, Base64::Report).map_err(|finding| {
                Failure::new(Kind::Data, findings::text(&name, &finding)).hint("nothing was sent")
            })?;
        findings.append(&mut decoded.findings);
        source.bytes = Zeroizing::new(decoded.text.as_bytes().to_vec());
    }
    Ok(findings)
}

/// The one source as it is.
fn whole(sources: &[OwnedSource]) -> Result<SecretString, Failure> {
    match sources {
        [source] => std::str::from_utf8(&source.bytes)
            .map(SecretString::from)
            .map_err(|_| {
                Failure::new(
                    Kind::Data,
                    format!(
                        "the kubeconfig from {} is not UTF-8 text",
                        source_name(sources)
                    ),
                )
            }),
        _ => Err(
            Failure::usage("several kubeconfig files can't be stored as they are").hint(
                "leave out --no-flatten and --skip-validation, or name one file with --from-file",
            ),
        ),
    }
}

fn say_carved(ctx: &Ctx, carved: &Carved) {
    if carved.dropped_contexts + carved.dropped_users + carved.dropped_clusters > 0 {
        ctx.out.note(&format!(
            "Kept {} of {} ({}), dropped {} and {}",
            carved.kept_contexts,
            count(carved.total_contexts, "context"),
            quote(&carved.context),
            count(carved.dropped_users, "user"),
            count(carved.dropped_clusters, "cluster"),
        ));
    }
    for (field, path) in &carved.inlined {
        ctx.out.note(&format!("Inlined {path} into {field}"));
    }
}

/// Refuses what one of the runner's modes can't take, and warns before (contract field.md row 20).
fn measure(text: &SecretString) -> Vec<Finding> {
    let size = json::compact(&Value::from(text.expose_secret())).len();
    let finding = |severity| {
        vec![Finding {
            code: "oversize",
            severity,
            gate: None,
            source: None,
            list: None,
            index: None,
            name: None,
            field: None,
            line: None,
            message: format!("{size} bytes as JSON; a session's sidecar reads 1 MiB at most"),
            fix: Some("keep one context (leave out --all-contexts and --no-flatten)".to_owned()),
        }]
    };
    match size {
        size if size > REFUSE_ABOVE => finding(Severity::Error),
        size if size > WARN_ABOVE => finding(Severity::Warning),
        _ => Vec::new(),
    }
}

/// Context, server, expiry and keyed digest: what lists and later runs can use without the secret.
fn annotations(report: &Report, text: &SecretString) -> Map<String, Value> {
    let mut map = Map::new();
    if let Some(summary) = &report.summary {
        let context = &summary.context;
        map.insert(CONTEXT.to_owned(), context.name.clone().into());
        if let Some(server) = &context.server {
            map.insert(SERVER.to_owned(), server.clone().into());
        }
        if let Some(expiry) = context.expires_at {
            map.insert(EXPIRES_AT.to_owned(), expiry.to_string().into());
        }
    }
    if let Some(digest) = digest::keyed(text.expose_secret().as_bytes()) {
        map.insert(DIGEST.to_owned(), digest.into());
    }
    map
}

fn count(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun}")
    } else {
        format!("{n} {noun}s")
    }
}

/// A credential's name from a context's: lower case, digits, `-` and `.`, at most 63 characters.
pub fn name_from_context(context: &str) -> String {
    let mut name = String::new();
    for c in context.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' | '.' => name.push(c),
            _ if !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let name: String = name.trim_matches(['-', '.']).chars().take(63).collect();
    let name = name.trim_end_matches(['-', '.']);
    if name.is_empty() {
        "kubeconfig".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::name_from_context;

    #[test]
    fn names_are_made_valid() {
        assert_eq!(
            name_from_context("arn:aws:eks:eu-west-1:000000000000:cluster/demo"),
            "arn-aws-eks-eu-west-1-000000000000-cluster-demo"
        );
        assert_eq!(name_from_context("Prod Cluster"), "prod-cluster");
        assert_eq!(name_from_context("☃"), "kubeconfig");
        assert_eq!(name_from_context(&"x".repeat(99)).len(), 63);
    }
}
