//! `acpctl apply` (contract cli-resources.md section 8).

mod agent;
mod check;
mod credential;
mod diff;
mod document;
mod kustomize;
mod load;
mod project;
mod prune;
mod report;
mod role_binding;
mod run;
mod secret;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::commands::confirm::ConfirmArgs;
use crate::commands::labels::Selector;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::failure::{Failure, Status};
use crate::intake::{TrustArgs, judge};
use crate::output::{Format, OutputArgs, progress};

use document::Document;
use prune::Leftover;
use report::Report;
pub use run::pairs_of;
use run::{Outcome, Run};

const EXAMPLES: &str = "\
acpctl apply -f team.yaml --diff
# In CI: fail if the server differs from the manifests, or if a manifest holds anything unknown
acpctl apply -f manifests/ --diff --exit-code --strict
# Delete agents and credentials with this label that the folder does not hold any more
acpctl apply -f manifests/ --prune -l team=a --yes
# Secrets from the environment: tokenFrom: {env: GITHUB_PAT}
acpctl apply -f manifests/ --project team-a";

/// Apply declarative Project, Agent, Credential, and `RoleBinding` manifests
///
/// Documents are applied in their order. What exists is changed where it differs; nothing is deleted
/// without --prune.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// File, folder, or - for stdin
    #[arg(short, long, value_name = "PATH|-")]
    filename: Option<PathBuf>,
    /// Folder with a kustomization
    #[arg(short, long, value_name = "DIR")]
    kustomize: Option<PathBuf>,
    /// List what would be applied, without contacting the server
    #[arg(long)]
    dry_run: bool,
    /// Show what would change on the server, without writing anything
    #[arg(long)]
    diff: bool,
    /// With --diff: exit with status 1 if anything would change
    #[arg(long, requires = "diff")]
    exit_code: bool,
    /// Fail if a manifest holds an unknown kind or key
    #[arg(long)]
    strict: bool,
    /// Then delete the agents and credentials that carry the labels of -l and are in no document
    #[arg(long)]
    prune: bool,
    /// For --prune: labels that must all match (repeatable)
    #[arg(short = 'l', long, alias = "label", value_name = "KEY=VALUE,...")]
    selector: Vec<String>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

impl Args {
    /// What `-f` alone stands for, or `-f` with `--diff`.
    #[must_use]
    pub fn of_file(
        filename: PathBuf,
        diff: bool,
        trust: TrustArgs,
        output: Option<String>,
    ) -> Self {
        Self {
            filename: Some(filename),
            kustomize: None,
            dry_run: false,
            diff,
            exit_code: false,
            strict: false,
            prune: false,
            selector: Vec::new(),
            trust,
            confirm: ConfirmArgs::default(),
            output: OutputArgs::of(output),
            ignored: IgnoredArgs::default(),
        }
    }
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    apply(ctx, args, load(ctx, args)?)
}

/// The same, with the files of `tokenFrom` taken from a folder by their names alone.
///
/// # Errors
/// As [`run`].
pub fn run_with_secrets(ctx: &Ctx, args: &Args, folder: &Path) -> anyhow::Result<()> {
    let mut documents = load(ctx, args)?;
    for document in &mut documents {
        document.take_secret_from(folder);
    }
    apply(ctx, args, documents)
}

fn apply(ctx: &Ctx, args: &Args, documents: Vec<Document>) -> anyhow::Result<()> {
    judge::check_codes(&args.trust.allow)?;
    let labels = prune_labels(args)?;
    let format = args.output.format()?;
    if let Format::JsonPath(_) = format {
        return Err(Failure::usage("apply prints no jsonpath; use -o json").into());
    }
    let mut documents = check::check(ctx, args, documents)?;
    let mut report = Report::new(ctx, format);
    if args.dry_run || args.diff {
        for document in &documents {
            for source in document.secret_sources() {
                let place = document.place();
                ctx.out
                    .note(&format!("{place}: reads its secret from {source}"));
            }
        }
    }
    if args.dry_run && !args.diff {
        return report.dry_run(&documents);
    }
    let project = ctx.settings()?.project.value.clone();
    let client = ctx.client()?;
    if project.is_none() && documents.iter().any(Document::needs_project) {
        return Err(Failure::usage("project is required").into());
    }
    let stdin_is_taken = args.filename.as_deref() == Some(Path::new("-"));
    secret::prepare(ctx, &mut documents, &args.trust, stdin_is_taken)?;
    let run = Run::new(ctx, client, project, args.diff, &args.trust);
    let leftovers = match labels {
        Some(labels) => agreed_leftovers(&run, args, &documents, &labels)?,
        None => Vec::new(),
    };
    let mut applied = ctx.block_on(all(&run, &documents, &mut report));
    if applied.is_ok() {
        applied = prune(&run, &leftovers, &mut report);
    }
    // What was done is shown also where a later document failed: it stays done.
    report.finish()?;
    applied?;
    if args.exit_code && report.has_changes() {
        return Err(Status(1).into());
    }
    Ok(())
}

/// The labels of what may be deleted; nothing without `--prune`, which needs them.
fn prune_labels(args: &Args) -> Result<Option<Selector>, Failure> {
    let labels = Selector::read("--selector", &args.selector)?;
    match (args.prune, labels.is_empty()) {
        (true, false) => Ok(Some(labels)),
        (true, true) => Err(Failure::usage("--prune needs a selector")
            .hint("name the labels of what may be deleted: -l KEY=VALUE")),
        (false, false) => Err(Failure::usage("--selector goes with --prune")),
        (false, true) => Ok(None),
    }
}

async fn all(run: &Run<'_>, documents: &[Document], report: &mut Report<'_>) -> anyhow::Result<()> {
    let progress = progress::begin("Applying");
    for (n, document) in documents.iter().enumerate() {
        let Some(kind) = document.known_kind() else {
            continue;
        };
        let count = documents.len();
        progress.say(|| format!("Applying {} of {count}: {}", n + 1, document.place()));
        let outcome = one(run, document, kind).await?;
        let name = if kind == "RoleBinding" {
            document.binding_name()
        } else {
            document.display_name()
        };
        report.add(kind, &name, run.words(outcome), &run.take_changes())?;
    }
    Ok(())
}

/// Finds what `--prune` deletes and asks about it: before the first write, so that a run without consent changes nothing.
fn agreed_leftovers(
    run: &Run<'_>,
    args: &Args,
    documents: &[Document],
    labels: &Selector,
) -> anyhow::Result<Vec<Leftover>> {
    let leftovers = run
        .ctx
        .block_on(prune::leftovers(run, documents, labels))
        .map_err(|error| error.context("prune"))?;
    let names: Vec<String> = leftovers.iter().map(Leftover::named).collect();
    if leftovers.is_empty() || run.is_diff {
        return Ok(leftovers);
    }
    let what = names.join(", ");
    args.confirm.require(run.ctx, &what)?;
    if args.confirm.agreed(run.ctx, &format!("Delete {what}?"))? {
        return Ok(leftovers);
    }
    // "Aborted." was said; the status tells it too.
    Err(Status(1).into())
}

fn prune(run: &Run<'_>, leftovers: &[Leftover], report: &mut Report<'_>) -> anyhow::Result<()> {
    let progress = progress::begin("Pruning");
    for (n, leftover) in leftovers.iter().enumerate() {
        let name = leftover.named();
        progress.say(|| format!("Pruning {} of {}: {name}", n + 1, leftovers.len()));
        run.ctx
            .block_on(run.delete(&leftover.place))
            .map_err(|error| error.context(format!("prune {name}")))?;
        let words = run.words(Outcome::Pruned);
        report.add(leftover.resource.kind, &leftover.name, words, &[])?;
    }
    Ok(())
}

fn load<'a>(ctx: &Ctx, args: &'a Args) -> Result<Vec<Document>, Failure> {
    let given = |path: &'a Option<PathBuf>| path.as_deref().filter(|path| *path != OsStr::new(""));
    match (given(&args.filename), given(&args.kustomize)) {
        (None, None) => Err(Failure::usage("one of -f or -k is required")),
        (Some(_), Some(_)) => Err(Failure::usage("-f and -k are mutually exclusive")),
        (Some(place), None) => load::load(place),
        (None, Some(folder)) => kustomize::load(ctx, folder),
    }
}

async fn one(run: &Run<'_>, document: &Document, kind: &str) -> anyhow::Result<Outcome> {
    let outcome = match kind {
        "Project" => project::apply(run, document).await,
        "Agent" => agent::apply(run, document).await,
        "Credential" => credential::apply(run, document).await,
        _ => role_binding::apply(run, document).await,
    };
    outcome.map_err(|error| error.context(format!("apply {}", document.place())))
}
