//! From the bytes of a kubeconfig to what is stored: decode, cut, judge, describe.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::describe::{annotations, count, measure};
use super::files::Files;
use super::page::Page;
use super::{findings, judge};
use crate::compat::{number, quote::quote};
use crate::ctx::Ctx;
use crate::digest;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input, Source, Stdin};
use crate::kubeconfig::{
    self as rules, Base64, Carved, CheckOptions, Cut, Decoded, Finding, Keep, Kubeconfig, Open,
    OwnedSource, Report, Rules,
};
use crate::plain_file;
use crate::resources::{Candidates, DIGEST};
use crate::text::{acpctl, secrets};

/// The code of the finding that a context is not in the file.
const ABSENT_CONTEXT: &str = "context-not-found";

/// How a kubeconfig is judged and cut.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Kubeconfig Flags")]
pub struct KubeconfigArgs {
    /// Keep this context (default: the file's current-context); without a file, from KUBECONFIG
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::Contexts)]
    pub context: Option<String>,
    /// Keep every context; only files are inlined
    #[arg(long)]
    all_contexts: bool,
    /// Store the text as it is: nothing is cut, no file is inlined
    #[arg(long)]
    no_flatten: bool,
    /// Read files that the kubeconfig names from this folder too (repeatable)
    #[arg(long, value_name = "DIR")]
    pub allow_file: Vec<PathBuf>,
    /// Refuse credentials that end sooner than this, e.g. 12h or 7d
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    pub min_ttl: Option<Duration>,
    /// Store the text unseen; sessions that use it may fail
    #[arg(long)]
    skip_validation: bool,
    #[command(flatten)]
    pub gates: GateArgs,
}

/// What is refused, and what is accepted all the same.
#[derive(Debug, Default, clap::Args)]
pub struct GateArgs {
    /// Refuse warnings too
    #[arg(long)]
    pub strict: bool,
    /// Accept findings of this code knowingly (repeatable)
    #[arg(long, value_name = "CODE")]
    pub allow: Vec<String>,
}

impl GateArgs {
    /// True for a code that the user accepts.
    pub fn allows(&self, code: &str) -> bool {
        self.allow.iter().any(|allowed| allowed == code)
    }
}

/// What is accepted of the secrets that manifests name.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct TrustArgs {
    /// Read files that manifests and their kubeconfigs name from this folder too (repeatable)
    #[arg(long, value_name = "DIR")]
    pub allow_file: Vec<PathBuf>,
    /// Accept findings of this code knowingly (repeatable)
    #[arg(long, value_name = "CODE")]
    pub allow: Vec<String>,
}

/// A kubeconfig that is ready to be stored.
pub struct Prepared {
    pub text: SecretString,
    /// The name of its context.
    pub context: Option<String>,
    /// What is put into annotations: none of it is secret.
    pub annotations: Map<String, Value>,
}

/// What would be stored, and the judgement about it.
pub struct Examined {
    /// The text; absent if something stands in the way.
    pub text: Option<SecretString>,
    /// What the cut kept; absent where the text is stored as it is.
    pub carved: Option<Carved>,
    pub report: Report,
}

impl KubeconfigArgs {
    /// The usual rules, for this context or the file's current one.
    pub fn keeping(context: Option<String>) -> Self {
        Self {
            context,
            ..Self::default()
        }
    }

    /// With what the user accepts knowingly.
    #[must_use]
    pub fn trusting(mut self, trust: &TrustArgs) -> Self {
        self.allow_file.clone_from(&trust.allow_file);
        self.gates.allow.clone_from(&trust.allow);
        self
    }

    /// True where a flag was given that only a kubeconfig has a use for.
    pub fn is_given(&self) -> bool {
        self.context.is_some()
            || self.all_contexts
            || self.no_flatten
            || !self.allow_file.is_empty()
            || self.min_ttl.is_some()
            || self.skip_validation
    }

    /// The refusal of these flags for another provider.
    pub fn misplaced(what: &str) -> Failure {
        Failure::usage(format!(
            "--context, --all-contexts, --no-flatten, --allow-file, --min-ttl and --skip-validation are for {what}"
        ))
    }

    /// Reads the kubeconfig: from the named source, else from standard input where data is piped in,
    /// else, with `--context`, from `KUBECONFIG` or `~/.kube/config`.
    ///
    /// # Errors
    /// Why it can't be read; [`Kind::Input`] where no source is named and none is piped in.
    pub fn sources(&self, ctx: &Ctx, named: Option<Input>) -> Result<Vec<OwnedSource>, Failure> {
        let sources = match (named, input::stdin()) {
            (Some(input), _) => sources_of(input),
            (None, Stdin::Shared) if self.context.is_some() => {
                let what =
                    "standard input was not read: the calling script has it too, maybe for a loop";
                if self.gates.strict {
                    return Err(Failure::new(Kind::Policy, format!("{what} (--strict)"))
                        .hint("name the source: --from-file - for standard input, or < /dev/null for KUBECONFIG"));
                }
                ctx.out.warn(&format!(
                    "{what}; the kubeconfig comes from KUBECONFIG (--from-file - reads standard input)"
                ));
                return from_environment();
            }
            (None, Stdin::Given | Stdin::Shared) => sources_of(input::from_stdin()?),
            (None, Stdin::Silent) if self.context.is_some() => return from_environment(),
            (None, Stdin::Silent) => return Err(no_source()),
        };
        sources.map_err(|failure| self.doubt_the_pipe(failure, Source::Stdin.name()))
    }

    /// The kubeconfig of a source that was read already.
    ///
    /// # Errors
    /// [`Kind::Input`] where there is none, [`Kind::Data`] where it is empty.
    pub fn read(&self, named: Option<Input>) -> Result<Vec<OwnedSource>, Failure> {
        sources_of(named.ok_or_else(no_source)?)
    }

    /// Where the pipe held no kubeconfig, `KUBECONFIG` may have been meant.
    fn doubt_the_pipe(&self, failure: Failure, name: &str) -> Failure {
        if self.context.is_none() || name != Source::Stdin.name() || failure.kind != Kind::Data {
            return failure;
        }
        failure.hint("nothing was sent; to read KUBECONFIG instead of the pipe, add < /dev/null")
    }

    /// Cuts and judges. The findings are said on standard error; one of severity error, or a closed
    /// policy gate, is a failure, and nothing has been sent by then.
    ///
    /// # Errors
    /// [`Kind::Data`] for errors, [`Kind::Policy`] for `--strict` and `--min-ttl`.
    pub fn prepare(&self, ctx: &Ctx, sources: &mut [OwnedSource]) -> Result<Prepared, Failure> {
        self.check_flags()?;
        let name = source_name(sources);
        if self.skip_validation {
            ctx.out
                .warn("the kubeconfig was not validated (--skip-validation)");
            return self.unseen(sources);
        }
        let examined = self.examine(ctx, sources)?;
        let findings = &examined.report.findings;
        tell(ctx, sources, findings);
        let subject = format!("the kubeconfig from {name}");
        if let Some(failure) = judge::refusal(&subject, findings, self.gates.strict) {
            return Err(self.doubt_the_pipe(explained(failure, findings), &name));
        }
        let Some(text) = examined.text else {
            return Err(Failure::new(
                Kind::Data,
                format!("{subject} can't be cut to one context"),
            ));
        };
        if let Some(carved) = &examined.carved {
            for line in told(carved, ["Kept", "dropped", "Inlined"]) {
                ctx.out.note(&line);
            }
        }
        let context = match (&examined.carved, &examined.report.summary) {
            (Some(carved), _) => Some(carved.context.clone()),
            (None, Some(summary)) => Some(summary.context.name.clone()),
            (None, None) => None,
        };
        know_secrets(&text);
        Ok(Prepared {
            annotations: annotations(&examined.report, &text),
            context: context.filter(|context| !context.is_empty()),
            text,
        })
    }

    /// What would be stored, with every finding about it, marked as the flags say. Nothing is printed.
    ///
    /// # Errors
    /// If several files shall be stored as they are.
    pub fn examine(&self, ctx: &Ctx, sources: &[OwnedSource]) -> Result<Examined, Failure> {
        let files = Files::of_kubeconfig(sources, &self.allow_file, ctx.may_ask());
        let open = |path: &Path| files.open(path);
        let mut examined = self.judged(sources, &self.options(ctx, &open))?;
        let findings = &mut examined.report.findings;
        judge::suit_the_place(ctx, findings);
        judge::allow(findings, &self.gates.allow);
        Ok(examined)
    }

    /// True for a text that `credential create` and `apply` store as it stands.
    pub fn keeps(ctx: &Ctx, text: &SecretString) -> bool {
        let args = Self::default();
        let sources = [OwnedSource {
            path: PathBuf::new(),
            bytes: Zeroizing::new(text.expose_secret().as_bytes().to_vec()),
        }];
        let open = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
        let Ok(examined) = args.judged(&sources, &args.options(ctx, &open)) else {
            return false;
        };
        judge::refusal("", &examined.report.findings, false).is_none()
            && examined
                .text
                .is_some_and(|kept| kept.expose_secret() == text.expose_secret())
    }

    fn judged(
        &self,
        sources: &[OwnedSource],
        options: &CheckOptions<'_>,
    ) -> Result<Examined, Failure> {
        let kubeconfig = match Kubeconfig::read(&views(sources)) {
            Ok(kubeconfig) => kubeconfig,
            Err(mut faults) => {
                explain_the_text(sources, &mut faults);
                return Ok(Examined {
                    text: None,
                    carved: None,
                    report: Report::of(faults),
                });
            }
        };
        let mut examined = if self.no_flatten {
            Examined {
                text: Some(whole(sources)?),
                carved: None,
                report: kubeconfig.check(options),
            }
        } else {
            let Cut { carved, report } = kubeconfig.cut(self.keep(), options);
            Examined {
                text: carved.as_ref().map(|carved| carved.text.clone()),
                carved,
                report,
            }
        };
        explain_the_text(sources, &mut examined.report.findings);
        let measured = examined.text.as_ref().and_then(measure);
        examined.report.add(measured);
        Ok(examined)
    }

    fn keep(&self) -> Keep<'_> {
        match &self.context {
            _ if self.all_contexts => Keep::All,
            Some(context) => Keep::Named(context),
            None => Keep::Current,
        }
    }

    fn options<'a>(&'a self, ctx: &Ctx, open: Open<'a>) -> CheckOptions<'a> {
        CheckOptions {
            context: self.context.as_deref(),
            rules: Rules::All,
            now: ctx.now(),
            min_ttl: self
                .min_ttl
                .map(|ttl| SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX)),
            open,
        }
    }

    /// Refuses flags that contradict each other, and codes that do not exist.
    ///
    /// # Errors
    /// A usage failure.
    pub fn check_flags(&self) -> Result<(), Failure> {
        judge::check_codes(&self.gates.allow)?;
        if self.context.is_none() {
            return Ok(());
        }
        if self.no_flatten {
            return Err(
                Failure::usage("--context and --no-flatten are mutually exclusive")
                    .hint("--no-flatten stores the text as it is, with its own current-context"),
            );
        }
        if self.all_contexts {
            return Err(Failure::usage(
                "--context and --all-contexts are mutually exclusive",
            ));
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

/// What the first characters tell of a text that can't be read.
fn explain_the_text(sources: &[OwnedSource], findings: &mut [Finding]) {
    let [source] = sources else { return };
    let fix = match source.bytes.trim_ascii_start() {
        [b'<', b'<', ..] => "write it without the marks around it: `terraform output -raw NAME`",
        [b'<', ..] => {
            "this looks like a web page: check the address and the login that it came from"
        }
        _ => return,
    };
    let unread = ["not-a-config", "yaml-syntax"];
    for finding in findings.iter_mut().filter(|it| unread.contains(&it.code)) {
        finding.fix = Some(fix.to_owned());
    }
}

/// Says the findings on standard error: a page at a terminal, a line for each elsewhere.
fn tell(ctx: &Ctx, sources: &[OwnedSource], findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    if let Some(width) = ctx.out.width_of_talk() {
        let page = Page::about(sources, Some(width), ctx.out.colored_stderr());
        return ctx.out.note_as_is(&page.of(findings));
    }
    let name = source_name(sources);
    for finding in findings {
        ctx.out.note(&findings::text(&name, finding));
    }
}

/// What to do about a refusal.
fn explained(failure: Failure, findings: &[Finding]) -> Failure {
    let is_choice = |finding: &Finding| finding.gate.is_none() || finding.code == ABSENT_CONTEXT;
    let hint = if failure.kind == Kind::Policy {
        "nothing was sent"
    } else if findings.iter().any(|it| it.code == ABSENT_CONTEXT) && findings.iter().all(is_choice)
    {
        "nothing was sent; choose a context with --context NAME"
    } else if findings.iter().any(|finding| finding.gate.is_some()) {
        "nothing was sent; Kubernetes' own client refuses this file"
    } else {
        "nothing was sent; accept a finding knowingly with --allow CODE"
    };
    failure.hint(hint)
}

/// The kubeconfig of one input.
///
/// # Errors
/// If it is empty.
pub fn sources_of(input: Input) -> Result<Vec<OwnedSource>, Failure> {
    if input.bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(super::source::empty(&input.name()));
    }
    Ok(vec![source_of(input)])
}

/// One input as a source, empty or not.
pub fn source_of(input: Input) -> OwnedSource {
    OwnedSource {
        path: source_path(&input),
        bytes: input.bytes,
    }
}

/// Secrets of a kubeconfig are hidden in what the server says of it, each by itself.
fn know_secrets(text: &SecretString) {
    let source = rules::Source {
        name: "",
        bytes: text.expose_secret().as_bytes(),
        dir: Path::new(""),
    };
    let found = rules::secrets(&[source]).unwrap_or_default();
    found.iter().for_each(secrets::know);
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
///
/// # Errors
/// Why one of them can't be read, or that there is none.
pub fn from_environment() -> Result<Vec<OwnedSource>, Failure> {
    let list = match crate::env::KUBECONFIG.os() {
        Some(list) => list,
        None => crate::env::HOME
            .path()
            .ok_or_else(no_source)?
            .join(".kube/config")
            .into(),
    };
    let open = |path: &Path| {
        let mut bytes = plain_file::read_named(path, input::MAX_INPUT)?;
        Ok(std::mem::take(&mut *bytes))
    };
    let sources =
        rules::read_list(&list, &open).map_err(|(path, error)| input::unreadable(&path, &error))?;
    if sources.is_empty() {
        let failure = Failure::new(
            Kind::Data,
            format!("no kubeconfig found at {}", quote(&list.to_string_lossy())),
        );
        let tilde = std::env::split_paths(&list).find_map(|path| input::tilde_hint(&path));
        return Err(match tilde {
            Some(hint) => failure.hint(hint),
            None => failure.hint("name a file with --from-file PATH"),
        });
    }
    Ok(sources)
}

/// The path that a source's relative paths start from, and that messages show.
fn source_path(input: &Input) -> PathBuf {
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

/// Makes each source plain UTF-8, so that every reader downstream sees the same.
///
/// # Errors
/// [`Kind::Data`] for what is too large or not text.
pub fn decode(sources: &mut [OwnedSource]) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for source in sources {
        let mut decoded = decoded(source)?;
        findings.append(&mut decoded.findings);
        source.bytes = Zeroizing::new(decoded.text.as_bytes().to_vec());
    }
    Ok(findings)
}

fn decoded(source: &OwnedSource) -> Result<Decoded, Failure> {
    rules::decode_input(&source.bytes, Base64::Report).map_err(|finding| {
        let name = source.path.to_string_lossy();
        Failure::new(Kind::Data, findings::text(&name, &finding)).hint("nothing was sent")
    })
}

/// The one source as it is, in UTF-8.
fn whole(sources: &[OwnedSource]) -> Result<SecretString, Failure> {
    match sources {
        [source] => Ok(SecretString::from(decoded(source)?.text.as_str())),
        _ => Err(
            Failure::usage("several kubeconfig files can't be stored as they are").hint(
                "leave out --no-flatten and --skip-validation, or name one file with --from-file",
            ),
        ),
    }
}

/// What became of the parts of a file, with the verbs for keeping, dropping and inlining.
pub fn told(carved: &Carved, [keep, drop, inline]: [&str; 3]) -> Vec<String> {
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
    lines.extend(inlined.map(|it| format!("{inline} {} into {}", it.path, it.place())));
    lines
}
