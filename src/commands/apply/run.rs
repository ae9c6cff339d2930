//! The steps of `apply`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::ahead::Ahead;
use super::args::Args;
use super::document::Document;
use super::kind::DocumentKind;
use super::made::Made;
use super::prune::Leftover;
use super::raw::RawDocument;
use super::report::Report;
use super::secret::Secret;
use super::writer::{Outcome, Writer};
use super::{
    agent, check, credential, kustomize, load, names, parallel, part, payload, project, prune,
    report, role_binding, secret,
};
use crate::api;
use crate::commands::labels::Selector;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind, Status};
use crate::intake::gate;
use crate::output::{Format, progress};
use crate::text::{acpctl, quote};

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    apply(ctx, args, load(ctx, args)?)
}

/// Runs `apply`, but reads the files of `tokenFrom` from a folder, by their file names alone.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_with_secrets(ctx: &Ctx, args: &Args, folder: &Path) -> anyhow::Result<()> {
    let mut documents = load(ctx, args)?;
    for document in &mut documents {
        document.take_secret_from(folder);
    }
    apply(ctx, args, documents)
}

fn load<'a>(ctx: &Ctx, args: &'a Args) -> Result<Vec<RawDocument>, Failure> {
    let given = |path: &'a Option<PathBuf>| path.as_deref().filter(|path| *path != OsStr::new(""));
    match (given(&args.filename), given(&args.kustomize)) {
        (None, None) => Err(Failure::usage("one of -f or -k is required").hint(format!(
            "name the file: {}",
            acpctl(&["apply", "-f", "PATH"])
        ))),
        (Some(_), Some(_)) => Err(Failure::usage("-f and -k are mutually exclusive")),
        (Some(path), None) => load::load(path),
        (None, Some(folder)) => kustomize::load(ctx, folder),
    }
}

fn apply(ctx: &Ctx, args: &Args, documents: Vec<RawDocument>) -> anyhow::Result<()> {
    gate::check_codes(&args.trust.allow)?;
    let labels = prune_labels(args)?;
    let format = args.output.format()?;
    if let Format::JsonPath(_) = format {
        return Err(Failure::usage("apply prints no jsonpath; use -o json").into());
    }
    if labels.is_some() && documents.is_empty() {
        return Err(Failure::new(
            Kind::Data,
            "--prune would delete everything that has the label: there are no documents",
        )
        .hint("check what should have made them")
        .into());
    }
    let mut documents = check::check(ctx, args, documents)?;
    doubt_empty(ctx, args, &documents)?;
    order(&mut documents);
    if args.dry_run || args.diff {
        note_secret_sources(ctx, &documents);
    }
    if args.dry_run && !args.diff {
        let known: Vec<Document> = documents.iter().cloned().filter_map(Document::of).collect();
        check_values(&known)?;
        refuse_secrets_of_agents(&known)?;
        secret::foresee(ctx, &known, args)?;
        let leftovers = foresee(ctx, args, &known, labels.as_ref())?;
        return report::dry_run(ctx, format, &documents, &leftovers);
    }
    let documents: Vec<Document> = documents.into_iter().filter_map(Document::of).collect();
    check_values(&documents)?;
    refuse_secrets_of_agents(&documents)?;
    let project = ctx.settings()?.project.value.clone();
    let client = ctx.client()?;
    if project.is_none()
        && let Some(document) = documents.iter().find(|document| document.needs_project())
    {
        return Err(names::no_project(document, &documents).into());
    }
    let stdin_is_taken = args.filename.as_deref() == Some(Path::new("-"));
    let mut secrets = secret::prepare(ctx, &documents, args, stdin_is_taken)?;
    if let Some(limit) = args.max_grade {
        secret::grade(ctx, &documents, &mut secrets, limit, &args.trust.allow)?;
    }
    let ahead = Ahead::of(&documents, project.as_deref());
    let writer =
        Writer::new(ctx, client, project, args.diff, args).with(ahead, Made::by(&documents));
    // A single document looks its names up before it writes.
    if documents.len() > 1 {
        ctx.block_on(names::check(&writer, &documents))?;
    }
    let leftovers = match labels {
        Some(labels) => agreed_leftovers(&writer, args, &documents, &labels)?,
        None => Vec::new(),
    };
    let mut report = Report::new(ctx, format);
    // What --diff shows of a document is what was planned since the one before it.
    let limit = if args.diff { 1 } else { args.parallel };
    let all = apply_all(&writer, &documents, &secrets, limit, &mut report);
    let mut applied = ctx.block_on(all);
    if applied.is_ok() {
        applied = delete(&writer, &leftovers, &mut report);
    }
    // If a document failed, those before it were applied, and the report shows them.
    if applied.is_ok() || !report.is_empty() {
        report.finish()?;
    }
    applied?;
    if args.exit_code && report.has_changes() {
        return Err(Status(1).into());
    }
    Ok(())
}

/// Refuses what the server would refuse halfway through a manifest.
fn check_values(documents: &[Document]) -> anyhow::Result<()> {
    for document in documents {
        if let Document::Part(part) = document {
            part::check(part).with_context(|| format!("apply {}", document.label()))?;
        }
    }
    Ok(())
}

fn refuse_secrets_of_agents(documents: &[Document]) -> Result<(), Failure> {
    documents.iter().try_for_each(|document| match document {
        Document::Agent(agent) => payload::refuse_secrets(agent),
        _ => Ok(()),
    })
}

/// Looks up the names in documents for a dry run, as a run would before its first write, and returns the objects that
/// `--prune` would delete. Without names and `--prune` nothing is sent; without a server the names are taken as they
/// are, since a dry run needs no login.
fn foresee(
    ctx: &Ctx,
    args: &Args,
    documents: &[Document],
    labels: Option<&Selector>,
) -> anyhow::Result<Vec<Leftover>> {
    let has_names = documents.iter().any(names::has_names);
    let what = match (has_names, labels) {
        (false, None) if !documents.iter().any(names::is_doubtful_project) => {
            return Ok(Vec::new());
        }
        (false, None) => "the names of the projects were",
        (true, None) => "the names in the documents were",
        (false, Some(_)) => "the objects that --prune would delete were",
        (true, Some(_)) => {
            "the names in the documents and the objects that --prune would delete were"
        }
    };
    let unseen = |why: &anyhow::Error| {
        // Without a login, the recorded runs say nothing about names of projects.
        if has_names || labels.is_some() {
            ctx.out.warn(&format!("{what} not looked up: {why:#}"));
        }
        Ok(Vec::new())
    };
    let client = match ctx.client() {
        Ok(client) => client,
        Err(error) if api::kind_of(&error) == Kind::Login => return unseen(&error),
        Err(error) => return Err(error),
    };
    let project = ctx.settings()?.project.value.clone();
    let ahead = Ahead::of(documents, project.as_deref());
    let writer = Writer::new(ctx, client, project, true, args).with(ahead, Made::by(documents));
    let names = ctx.block_on(async {
        names::check(&writer, documents).await?;
        names::doubt_people(&writer, documents).await
    });
    let looked_up = names.and_then(|()| match labels {
        Some(labels) => agreed_leftovers(&writer, args, documents, labels),
        None => Ok(Vec::new()),
    });
    match looked_up {
        Err(error) if api::kind_of(&error) == Kind::Network => unseen(&error),
        checked => checked,
    }
}

/// Warns of documents that hold nothing. The Go tool says nothing about them.
///
/// # Errors
/// With `--strict`.
fn doubt_empty(ctx: &Ctx, args: &Args, documents: &[RawDocument]) -> Result<(), Failure> {
    if !documents.is_empty() {
        return Ok(());
    }
    let path = args.filename.as_deref().or(args.kustomize.as_deref());
    let what = match path {
        Some(path) if path != Path::new("-") => format!("no document in {}", path.display()),
        _ => "no document on standard input".to_owned(),
    };
    let what = format!("nothing to apply: {what}");
    if args.strict {
        return Err(Failure::new(Kind::Policy, format!("{what} (--strict)"))
            .hint("check what should have written it"));
    }
    ctx.out.warn(&what);
    Ok(())
}

/// Orders the documents so that each follows those that it names. Without a kind that the Go tool does not know, the
/// order of the files stays, as with the Go tool.
fn order(documents: &mut [RawDocument]) {
    let kind = |document: &RawDocument| document.known_kind();
    if documents.iter().filter_map(kind).any(DocumentKind::is_new) {
        documents.sort_by_key(|document| kind(document).map_or(u8::MAX, DocumentKind::rank));
    }
}

/// Notes the sources of secrets that the manifests name, so that a reader of the preview sees which files and variables
/// a run would read.
fn note_secret_sources(ctx: &Ctx, documents: &[RawDocument]) {
    for document in documents {
        for source in document.secret_sources() {
            let label = document.label();
            ctx.out
                .aside(&format!("{label}: reads its secret from {source}"));
        }
    }
}

/// Returns the labels of the objects that may be deleted; `None` without `--prune`.
///
/// # Errors
/// If only one of `--prune` and `--selector` is given.
fn prune_labels(args: &Args) -> Result<Option<Selector>, Failure> {
    let labels = Selector::read_for_removal("--selector", &args.selector)?;
    match (args.prune, labels.is_empty()) {
        (true, false) => Ok(Some(labels)),
        (true, true) => Err(Failure::usage("--prune needs a selector")
            .hint("name the labels of the objects that may be deleted: -l KEY=VALUE")),
        (false, false) => Err(Failure::usage("--selector goes with --prune")),
        (false, true) => Ok(None),
    }
}

/// Finds the objects that `--prune` deletes, and asks for consent unless this is a plan. It runs before the first
/// write, so that a run without consent changes nothing.
fn agreed_leftovers(
    writer: &Writer<'_>,
    args: &Args,
    documents: &[Document],
    labels: &Selector,
) -> anyhow::Result<Vec<Leftover>> {
    let ctx = writer.ctx;
    match writer.project() {
        Some(project) => ctx.out.aside(&format!(
            "--prune looks for agents, providers and policies in the project {} alone",
            quote(project)
        )),
        None => ctx.out.warn(
            "no project is set: --prune leaves agents, providers and policies alone; add --project NAME",
        ),
    }
    let leftovers = ctx
        .block_on(prune::leftovers(writer, documents, labels))
        .map_err(|error| error.context("prune"))?;
    if leftovers.is_empty() || writer.is_plan() {
        return Ok(leftovers);
    }
    let labels: Vec<String> = leftovers.iter().map(Leftover::label).collect();
    let labels = labels.join(", ");
    args.confirm.require_yes(ctx, &labels)?;
    if args.confirm.agreed(ctx, &format!("Delete {labels}?"))? {
        return Ok(leftovers);
    }
    // "Aborted." is on standard error by now; the exit status tells scripts.
    Err(Status(1).into())
}

async fn apply_all(
    writer: &Writer<'_>,
    documents: &[Document],
    secrets: &[Option<Secret>],
    limit: u8,
    report: &mut Report<'_>,
) -> anyhow::Result<()> {
    let progress = progress::begin("Applying");
    let count = documents.len();
    let pairs: Vec<_> = (1..).zip(documents.iter().zip(secrets)).collect();
    let one = async |&(n, (document, secret)): &(usize, (&Document, &Option<Secret>))| {
        progress.say(|| format!("Applying {n} of {count}: {}", document.label()));
        apply_one(writer, document, secret.as_ref()).await
    };
    let mut done = |&(_, (document, _)): &(usize, (&Document, &Option<Secret>)), result| {
        let (kind, name) = (document.kind().word(), document.result_name());
        match result {
            Ok(outcome) => report.add(kind, name, writer.words(outcome), &writer.take_changes()),
            Err(error) => {
                report.failed(kind, name, &error);
                Err(error)
            }
        }
    };
    let also = |error: anyhow::Error| writer.ctx.out.warn(&format!("{error:#}"));
    let mut rest = &pairs[..];
    while !rest.is_empty() {
        let at = count - rest.len();
        let (together, after) = rest.split_at(parallel::independent(&documents[at..]));
        parallel::in_order(together, limit.into(), one, &mut done, also).await?;
        rest = after;
    }
    Ok(())
}

async fn apply_one(
    writer: &Writer<'_>,
    document: &Document,
    secret: Option<&Secret>,
) -> anyhow::Result<Outcome> {
    let outcome = match document {
        Document::Project(project) => project::apply(writer, project).await,
        Document::Agent(agent) => agent::apply(writer, agent).await,
        Document::Credential(credential) => credential::apply(writer, credential, secret).await,
        Document::RoleBinding(binding) => role_binding::apply(writer, binding).await,
        Document::Part(part) => part::apply(writer, part).await,
    };
    outcome.map_err(|error| error.context(format!("apply {}", document.label())))
}

fn delete(
    writer: &Writer<'_>,
    leftovers: &[Leftover],
    report: &mut Report<'_>,
) -> anyhow::Result<()> {
    let progress = progress::begin("Pruning");
    for (n, leftover) in leftovers.iter().enumerate() {
        let label = leftover.label();
        progress.say(|| format!("Pruning {} of {}: {label}", n + 1, leftovers.len()));
        let is_deleted = writer
            .ctx
            .block_on(writer.delete(&leftover.collection, &leftover.id))
            .map_err(|error| error.context(format!("prune {label}")))?;
        if !is_deleted {
            writer.ctx.out.aside(&format!("{label} does not exist"));
            continue;
        }
        let words = writer.words(Outcome::Pruned);
        report.add(
            leftover.collection.resource.kind,
            &leftover.name,
            words,
            &[],
        )?;
    }
    Ok(())
}
