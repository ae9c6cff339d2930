//! `acpctl apply` (contract cli-resources.md section 8).

mod agent;
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

use std::path::Path;

use crate::commands::confirm::ConfirmArgs;
use crate::commands::labels::Selector;
use crate::compat::grammar::IgnoredArgs;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::output::progress;

use document::Document;
use report::Report;
pub use run::pairs_of;
use run::{Outcome, Run};

const EXAMPLES: &str = "\
acpctl apply -f team.yaml --diff
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
    filename: Option<String>,
    /// Folder with a kustomization
    #[arg(short, long, value_name = "DIR")]
    kustomize: Option<String>,
    /// List what would be applied; nothing is asked of the server
    #[arg(long)]
    dry_run: bool,
    /// Ask the server and show what would change; nothing is written
    #[arg(long)]
    diff: bool,
    /// Then delete the agents and credentials that carry the labels of -l and are in no document
    #[arg(long)]
    prune: bool,
    /// For --prune: labels that must all match (repeatable)
    #[arg(short = 'l', long, alias = "label", value_name = "KEY=VALUE,...")]
    selector: Vec<String>,
    #[command(flatten)]
    confirm: ConfirmArgs,
    /// Output format: json; anything else is text
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<String>,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

impl Args {
    /// What `-f` alone stands for, or `-f` with `--diff`.
    #[must_use]
    pub fn of_file(filename: String, diff: bool, output: Option<String>) -> Self {
        Self {
            filename: Some(filename),
            kustomize: None,
            dry_run: false,
            diff,
            prune: false,
            selector: Vec::new(),
            confirm: ConfirmArgs::default(),
            output,
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

fn apply(ctx: &Ctx, args: &Args, mut documents: Vec<Document>) -> anyhow::Result<()> {
    let labels = prune_labels(args)?;
    check(ctx, &documents)?;
    let mut report = Report::new(ctx, args.output.as_deref() == Some("json"));
    if args.dry_run && !args.diff {
        return report.dry_run(&documents);
    }
    let project = ctx.settings()?.project.clone();
    let client = ctx.client()?;
    if project.is_none() && documents.iter().any(Document::needs_project) {
        return Err(Failure::usage("project is required").into());
    }
    secret::prepare(ctx, &mut documents, args.filename.as_deref() == Some("-"))?;
    let run = Run::new(ctx, client, project, args.diff);
    let mut applied = ctx.block_on(all(&run, &documents, &mut report));
    if let (Ok(()), Some(labels)) = (&applied, labels) {
        applied = prune(&run, args, &documents, &labels, &mut report);
    }
    // What was done is shown also where a later document failed: it stays done.
    report.finish()?;
    applied
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

fn prune(
    run: &Run<'_>,
    args: &Args,
    documents: &[Document],
    labels: &Selector,
    report: &mut Report<'_>,
) -> anyhow::Result<()> {
    let leftovers = run
        .ctx
        .block_on(prune::leftovers(run, documents, labels))
        .map_err(|error| error.context("prune"))?;
    if leftovers.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = leftovers
        .iter()
        .map(|leftover| format!("{}/{}", leftover.resource.word, leftover.name))
        .collect();
    if !run.is_diff {
        let what = names.join(", ");
        args.confirm.require(run.ctx, &what)?;
        if !args.confirm.agreed(run.ctx, &format!("Delete {what}?"))? {
            return Ok(());
        }
    }
    let progress = progress::begin("Pruning");
    for (n, (leftover, name)) in leftovers.iter().zip(names).enumerate() {
        progress.say(|| format!("Pruning {} of {}: {name}", n + 1, leftovers.len()));
        run.ctx
            .block_on(run.delete(&leftover.place))
            .map_err(|error| error.context(format!("prune {name}")))?;
        let words = run.words(Outcome::Pruned);
        report.add(leftover.resource.kind, &leftover.name, words, &[])?;
    }
    Ok(())
}

fn load(ctx: &Ctx, args: &Args) -> Result<Vec<Document>, Failure> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    match (given(&args.filename), given(&args.kustomize)) {
        (None, None) => Err(Failure::usage("one of -f or -k is required")),
        (Some(_), Some(_)) => Err(Failure::usage("-f and -k are mutually exclusive")),
        (Some(place), None) => load::load(&place),
        (None, Some(folder)) => kustomize::load(ctx, &folder),
    }
}

/// Says what is odd about the documents, before any request.
fn check(ctx: &Ctx, documents: &[Document]) -> Result<(), Failure> {
    for document in documents {
        if document.known_kind().is_none() {
            ctx.out.note(&format!(
                "warning: unknown kind {} — skipping",
                quote(&document.kind)
            ));
            continue;
        }
        if document.kubernetes
            && document.name.is_empty()
            && document.known_kind() != Some("RoleBinding")
        {
            return Err(Failure::new(
                Kind::Data,
                format!(
                    "apply {}: metadata.name is not supported; use a top-level name",
                    document.place()
                ),
            ));
        }
        for key in &document.unknown {
            ctx.out.note(&format!(
                "warning: {}: unknown key {}",
                document.place(),
                quote(key)
            ));
        }
    }
    Ok(())
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
