//! `acpctl credential validate`

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::compat::io_reason::reason;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::intake::findings::{self, Outcome};
use crate::intake::{self, Examined, Folder, KubeconfigArgs, Page, gate};
use crate::kubeconfig::{
    self as rules, Carved, CheckOptions, Delivery, Finding, OwnedSource, Report, Rules,
};
use crate::output::style::{self, Tone};
use crate::resources::Candidates;
use crate::runner::table::Target;
use crate::secret_file;
use crate::text::{acpctl, count, quote, visible};

/// The rules to judge by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RuleSet {
    /// Accept what Kubernetes' own client accepts
    Kubernetes,
    /// Accept what works inside a session's container
    Runner,
    /// Accept what both accept
    All,
}

/// How the findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ReportFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For code scanning
    Sarif,
}

const EXAMPLES: &str = "\
acpctl credential validate ~/.kube/config
# Every kubeconfig of a folder, and one more
acpctl credential validate ~/.kube kubeconfig.yaml
# In a pipeline: fail on warnings too, and print a report for code scanning
acpctl credential validate ~/.kube/config --strict --min-ttl 12h -o sarif
# The names of the files with faults, whether one file is given or several
acpctl credential validate ~/.kube/config -o json --jq '[.] | flatten[] | select(.valid | not) | .file'
# For a platform with managed sessions: a file that keeps their rules
acpctl credential validate ~/.kube/config --target managed --carve managed.yaml";

/// Check kubeconfigs, offline
///
/// Shows what 'credential create' would keep of the file and what it would drop, and checks what it would store. The
/// exit status is 0 if there are no errors, 7 if there are some, and 8 for a warning with --strict or an expiry sooner
/// than --min-ttl; several files end with the worst of their statuses. -o json prints an object for one file, and an
/// array for a folder and for several files. Needs no login, opens no connection and starts no program.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Files, or folders with kubeconfig*, *.kubeconfig, *.yaml, *.yml, *.conf and config; - for stdin (the default if
    /// data is piped in)
    #[arg(id = "file", value_name = "FILE", num_args = 0..)]
    files: Vec<PathBuf>,
    /// Judge this context (default: the file's current-context)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::Contexts)]
    context: Option<String>,
    /// Rules to apply: kubernetes|runner|all
    #[arg(
        long,
        value_name = "RULES",
        default_value = "all",
        hide_possible_values = true
    )]
    rules: RuleSet,
    /// Kind of session to judge for: pod, sandbox or managed (default pod)
    #[arg(long, value_enum, value_name = "TARGET", hide_possible_values = true)]
    target: Option<Target>,
    /// With --target managed: the certificate authorities that the installation trusts, as a PEM file
    #[arg(long, value_name = "PATH")]
    trust_bundle: Option<PathBuf>,
    /// Write what 'create' would store to this new file, unless the kubeconfig is refused
    #[arg(long, value_name = "PATH")]
    carve: Option<PathBuf>,
    /// Read files that the kubeconfig names from this folder too (repeatable)
    #[arg(long, value_name = "DIR")]
    allow_file: Vec<PathBuf>,
    /// Refuse credentials that expire sooner than this, e.g. 12h or 7d
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    min_ttl: Option<Duration>,
    /// Exit with status 8 if there are warnings
    #[arg(long)]
    strict: bool,
    /// Accept findings of this code (repeatable)
    #[arg(long, value_name = "CODE")]
    #[arg(add = Candidates::Codes)]
    allow: Vec<String>,
    /// Output format: text|json|sarif
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    output: ReportFormat,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check_flags(args)?;
    let (subjects, is_list) = subjects(ctx, args)?;
    refuse_several(args, subjects.len())?;
    let mut shown = Shown {
        format: args.output,
        is_list,
        values: Vec::new(),
        outcomes: Vec::new(),
        page: String::new(),
    };
    let mut count = 0;
    let mut refusals = Vec::new();
    for subject in subjects {
        // A folder may have files whose names nobody typed: a line end in one would begin a line of its own.
        let name = visible(&subject.name());
        let may_be_other = subject.may_be_other();
        count += 1;
        match judged(ctx, args, subject) {
            Ok((sources, examined)) if may_be_other && is_other(&examined.report, &sources) => {
                ctx.out
                    .aside(&format!("{name}: skipped, it is not a kubeconfig"));
                count -= 1;
            }
            Ok((sources, examined)) => {
                let refusal = refusal(args, &name, &examined.report);
                if refusal.is_none() {
                    write_carved(ctx, args, &examined)?;
                }
                shown.add(ctx, &name, &sources, examined, refusal.as_ref())?;
                refusals.extend(refusal);
            }
            Err(failure) => {
                shown.add_unread(&name, &failure);
                refusals.push(failure);
            }
        }
    }
    shown.end(ctx)?;
    if count == 0 {
        let text = "none of the files is a kubeconfig";
        return Err(Failure::new(Kind::Data, text).into());
    }
    match worst(ctx, refusals, count) {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

fn check_flags(args: &Args) -> Result<(), Failure> {
    gate::check_codes(&args.allow)?;
    if args.trust_bundle.is_some() && args.target != Some(Target::Managed) {
        return Err(
            Failure::usage("--trust-bundle is for managed sessions").hint("add --target managed")
        );
    }
    let is_of_create = args.target.is_some() || args.carve.is_some() || args.min_ttl.is_some();
    if args.rules != RuleSet::All && is_of_create {
        return Err(Failure::usage(
            "--target, --carve and --min-ttl judge what create would store, which takes --rules all",
        ));
    }
    Ok(())
}

fn refuse_several(args: &Args, count: usize) -> Result<(), Failure> {
    if args.carve.is_some() && count > 1 {
        return Err(Failure::usage("--carve takes a single kubeconfig"));
    }
    Ok(())
}

/// Writes the cut text to the file of `--carve`, which only the user may read.
fn write_carved(ctx: &Ctx, args: &Args, examined: &Examined) -> Result<(), Failure> {
    let (Some(path), Some(carved)) = (&args.carve, &examined.carved) else {
        return Ok(());
    };
    let name = quote(&path.to_string_lossy());
    secret_file::write_new(path, carved.text.expose_secret().as_bytes()).map_err(|error| {
        let failure = Failure::new(Kind::Other, format!("write {name}: {}", reason(&error)));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                failure.hint("--carve replaces no file; name one that does not exist")
            }
            _ => failure,
        }
    })?;
    ctx.out.aside(&format!("Wrote the kubeconfig to {name}"));
    Ok(())
}

/// A file to judge, or a folder that has none.
enum Subject {
    /// A file; `-` is standard input.
    File(PathBuf),
    /// A file of a folder.
    Found(PathBuf),
    /// A folder without files to judge, and the reason.
    Folder(PathBuf, Failure),
}

impl Subject {
    fn name(&self) -> String {
        match self {
            Self::File(path) if path.as_os_str() == "-" => input::Source::Stdin.name().to_owned(),
            Self::File(path) | Self::Found(path) | Self::Folder(path, _) => {
                path.to_string_lossy().into_owned()
            }
        }
    }

    /// True for a file that the user did not name and whose own name says little.
    fn may_be_other(&self) -> bool {
        matches!(self, Self::Found(path) if intake::is_named_like_other_files(path))
    }
}

/// True if a text has nothing of a kubeconfig, not even a kubeconfig inside it or the error of the program that should
/// have written one: the finding about it then has another fix than usual.
fn is_other(report: &Report, sources: &[OwnedSource]) -> bool {
    let usual = |finding: &Finding| {
        let row = rules::codes().iter().find(|row| row.code == finding.code);
        row.is_some_and(|row| finding.fix.as_deref() == Some(row.fix))
    };
    let others = ["not-a-config", "wrong-kind"];
    // The other documents were not looked at. One of them may be a kubeconfig if it has these words in any case.
    let has_more = |finding: &Finding| finding.code == "multiple-documents";
    let has_words = |source: &OwnedSource| {
        let text = Zeroizing::new(source.bytes.to_ascii_lowercase());
        let has = |word: &str| text.windows(word.len()).any(|part| part == word.as_bytes());
        has("clusters") || has("users")
    };
    if report.findings.iter().any(has_more) && sources.iter().any(has_words) {
        return false;
    }
    report
        .findings
        .iter()
        .any(|finding| others.contains(&finding.code) && usual(finding))
}

/// Returns the files to judge, and whether the result is a list.
fn subjects(ctx: &Ctx, args: &Args) -> Result<(Vec<Subject>, bool), Failure> {
    let mut subjects = Vec::new();
    let mut is_list = args.files.len() > 1;
    if args.files.is_empty() {
        if !input::stdin_is_piped() {
            return Err(no_file());
        }
        subjects.push(Subject::File("-".into()));
    }
    for path in &args.files {
        if !path.is_dir() {
            subjects.push(Subject::File(path.clone()));
            continue;
        }
        is_list = true;
        match intake::kubeconfigs(path) {
            Ok(found) => {
                note_left_out(ctx, path, &found);
                subjects.extend(found.files.into_iter().map(Subject::Found));
            }
            Err(failure) => subjects.push(Subject::Folder(path.clone(), failure)),
        }
    }
    Ok((subjects, is_list))
}

/// Says what a folder holds that is not judged.
fn note_left_out(ctx: &Ctx, folder: &Path, found: &Folder) {
    let parts = [(found.other_files, "file"), (found.folders, "folder")];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, word)| count(*number, word)).collect();
    if !parts.is_empty() {
        let folder = folder.to_string_lossy();
        let left_out = parts.join(" and ");
        ctx.out.aside(&format!(
            "{folder}: skipped {left_out} in it; to check them too, name them"
        ));
    }
}

fn no_file() -> Failure {
    Failure::new(Kind::Input, "no kubeconfig given").hint(format!(
        "name a file:  {}\n      or pipe one:  kubectl config view --raw | {}",
        acpctl(&["credential", "validate", "~/.kube/config"]),
        acpctl(&["credential", "validate"])
    ))
}

/// Returns the failure of the whole run: the only one, or a count of them. An invalid file counts more than one that a
/// policy gate refuses.
fn worst(ctx: &Ctx, mut refusals: Vec<Failure>, count: usize) -> Option<Failure> {
    if refusals.len() < 2 {
        return refusals.pop();
    }
    for refusal in &refusals {
        ctx.out.note(&refusal.message);
    }
    let kind = refusals
        .iter()
        .map(|refusal| refusal.kind)
        .find(|kind| *kind != Kind::Policy)
        .unwrap_or(Kind::Policy);
    let text = format!("{} of {count} kubeconfigs are refused", refusals.len());
    Some(Failure::new(kind, text))
}

/// Reads and judges one file.
fn judged(
    ctx: &Ctx,
    args: &Args,
    subject: Subject,
) -> Result<(Vec<OwnedSource>, Examined), Failure> {
    let sources = match subject {
        Subject::File(path) | Subject::Found(path) => {
            vec![intake::source_of(input::from_path(&path)?)]
        }
        Subject::Folder(_, failure) => return Err(failure),
    };
    let examined = examine(ctx, args, &sources)?;
    Ok((sources, examined))
}

/// Judges what `create` would store if all rules apply, and otherwise the file as it is.
fn examine(ctx: &Ctx, args: &Args, sources: &[OwnedSource]) -> Result<Examined, Failure> {
    let rules = match args.rules {
        RuleSet::All => return as_created(ctx, args, sources),
        RuleSet::Kubernetes => Rules::Kubernetes,
        RuleSet::Runner => Rules::Runner,
    };
    let options = CheckOptions {
        delivery: Delivery::Pod,
        context: args.context.as_deref(),
        rules,
        now: ctx.now(),
        min_ttl: args
            .min_ttl
            .map(|ttl| SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX)),
        open: &intake::open,
    };
    let mut examined = Examined::of_file(sources, &options);
    let findings = &mut examined.report.findings;
    if findings.iter().any(|it| it.code == "context-not-found") {
        findings.retain(|it| it.code != "multiple-contexts");
    }
    gate::allow(findings, &args.allow);
    Ok(examined)
}

fn as_created(ctx: &Ctx, args: &Args, sources: &[OwnedSource]) -> Result<Examined, Failure> {
    let mut flags = KubeconfigArgs::keeping(args.context.clone());
    flags.allow_file.clone_from(&args.allow_file);
    flags.min_ttl = args.min_ttl;
    flags.gates.allow.clone_from(&args.allow);
    flags.target = args.target;
    flags.trust_bundle.clone_from(&args.trust_bundle);
    flags.examine(ctx, sources)
}

/// Shows the results: lines for programs at once, a document or a page for people at the end.
struct Shown {
    format: ReportFormat,
    is_list: bool,
    values: Vec<Value>,
    outcomes: Vec<Outcome>,
    /// The text of all files for a terminal, where it may need a pager.
    page: String,
}

impl Shown {
    fn add(
        &mut self,
        ctx: &Ctx,
        name: &str,
        sources: &[OwnedSource],
        examined: Examined,
        refusal: Option<&Failure>,
    ) -> anyhow::Result<()> {
        let is_valid = refusal.is_none_or(|refusal| refusal.kind == Kind::Policy);
        match self.format {
            ReportFormat::Text => {
                let text = text(ctx, name, sources, &examined, refusal);
                if !ctx.out.is_terminal() {
                    return ctx.out.text(&text);
                }
                self.page.push_str(&text);
            }
            ReportFormat::Json => {
                let mut value = json!({"file": name, "valid": is_valid, "report": examined.report});
                if let Some(carved) = &examined.carved {
                    value["create"] = cut(carved);
                }
                self.values.push(value);
            }
            ReportFormat::Sarif => self.outcomes.push(Outcome {
                file: name.to_owned(),
                findings: examined.report.findings,
                failure: None,
            }),
        }
        Ok(())
    }

    /// Adds a file that could not be read.
    fn add_unread(&mut self, name: &str, failure: &Failure) {
        let message = &failure.message;
        match self.format {
            ReportFormat::Text => {}
            // A single file needs no entry: the command ends with the usual error object.
            ReportFormat::Json if !self.is_list => {}
            ReportFormat::Json => self
                .values
                .push(json!({"file": name, "valid": false, "error": message})),
            ReportFormat::Sarif => self.outcomes.push(Outcome {
                file: name.to_owned(),
                findings: Vec::new(),
                failure: Some(message.clone()),
            }),
        }
    }

    fn end(mut self, ctx: &Ctx) -> anyhow::Result<()> {
        match self.format {
            ReportFormat::Text => ctx.out.long(&self.page),
            // The command ends with the usual error object.
            ReportFormat::Json if self.values.is_empty() => Ok(()),
            ReportFormat::Json if self.is_list => ctx.out.json(&Value::Array(self.values)),
            ReportFormat::Json => match self.values.pop() {
                Some(value) => ctx.out.json(&value),
                None => Ok(()),
            },
            ReportFormat::Sarif => ctx.out.json(&findings::sarif(&self.outcomes)),
        }
    }
}

/// Returns the findings, what `credential create` would do, and the verdict: as a page on a terminal, and as lines for
/// programs in a pipe.
fn text(
    ctx: &Ctx,
    name: &str,
    sources: &[OwnedSource],
    examined: &Examined,
    refusal: Option<&Failure>,
) -> String {
    let report = &examined.report;
    let mut text = String::new();
    if ctx.out.is_terminal() {
        let page = Page::about(
            sources,
            examined.file.as_ref(),
            ctx.out.width(),
            ctx.out.colored(),
        );
        text.push_str(&page.of(&report.findings));
    } else {
        for finding in &report.findings {
            text.push_str(&format!("{}\n", findings::text(name, finding)));
        }
    }
    if let Some(carved) = &examined.carved {
        for line in intake::cut_lines(carved, ["create would keep", "drop", "create would inline"])
        {
            text.push_str(&format!("{}\n", visible(&format!("{name}: {line}"))));
        }
    }
    let verdict = match refusal {
        None => Some(("valid", Tone::Good)),
        // Kubernetes' own client accepts it, and a gate of the command line does not.
        Some(refusal) if refusal.kind == Kind::Policy => Some(("refused", Tone::Bad)),
        Some(_) => None,
    };
    if let Some((verdict, tone)) = verdict {
        let context = report
            .summary
            .as_ref()
            .map(|summary| format!(" (context {})", quote(&summary.context.name)))
            .unwrap_or_default();
        let is_colored = ctx.out.is_terminal() && ctx.out.colored();
        let verdict = style::paint(verdict, tone, is_colored);
        let line = format!("{name}: {verdict}{context}");
        text.push_str(&format!("{}\n", visible(&line)));
    }
    text
}

/// Describes what `credential create` would make of the file.
fn cut(carved: &Carved) -> Value {
    let inlined = carved
        .inlined
        .iter()
        .map(|inlined| json!({"field": inlined.label(), "path": inlined.path}));
    json!({
        "context": carved.context,
        "kept_contexts": carved.kept_contexts,
        "dropped_contexts": carved.dropped_contexts,
        "dropped_clusters": carved.dropped_clusters,
        "dropped_users": carved.dropped_users,
        "inlined": inlined.collect::<Vec<_>>(),
    })
}

/// Returns why a file is refused. With Kubernetes' rules, only the verdict of Kubernetes' own client counts; otherwise
/// every finding counts, with the exit codes of `create`.
fn refusal(args: &Args, name: &str, report: &Report) -> Option<Failure> {
    if args.rules == RuleSet::Kubernetes && report.accepted {
        return None;
    }
    let refusal = gate::refusal(name, &report.findings, args.strict);
    let unnamed = || Failure::new(Kind::Data, format!("{name} has 1 error"));
    match refusal {
        None if !report.accepted => Some(unnamed()),
        other => other,
    }
}
