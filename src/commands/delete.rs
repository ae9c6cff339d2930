//! `acpctl delete` (docs/interface/cli-core.md section 7.11).

use anyhow::Context as _;

use super::confirm::{self, ConfirmArgs};
use super::labels::Selector;
use super::outcome::{self, WriteArgs};
use super::{named, removal, session_control, several};
use crate::api::{self, Method};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::{Format, Layout, progress};
use crate::resources::{
    AGENT, APPLICATION, CREDENTIAL, Candidates, PROJECT, Record, Resource, SESSION, USER, find,
};
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl delete role-binding 2abROLEBINDING00000000000001 --yes
# Several at once; a missing one is not an error
acpctl delete credential old older --ignore-not-found --yes
# All with these labels, and all of a kind
acpctl delete sessions -l team=a --yes
acpctl delete sessions --all --yes";

/// The kinds that can be deleted without naming each object.
const BULK: [&Resource; 4] = [&SESSION, &AGENT, &CREDENTIAL, &APPLICATION];

/// Delete resources
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource
    #[arg(add = Candidates::Kinds)]
    resource: String,
    /// IDs or names
    #[arg(value_name = "NAME")]
    #[arg(add = Candidates::NamesOfKind)]
    names: Vec<String>,
    #[command(flatten)]
    confirm: ConfirmArgs,
    /// Delete all resources of this kind: sessions, agents, credentials or applications
    #[arg(short = 'A', long)]
    all: bool,
    /// Delete the resources with these labels (repeatable: all must match)
    #[arg(short, long, alias = "selector", value_name = "KEY=VALUE,...")]
    label: Vec<String>,
    /// Succeed if there is no such object
    #[arg(long)]
    ignore_not_found: bool,
    #[command(flatten)]
    output: WriteArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let selector = Selector::read("--label", &args.label)?;
    if args.all || !selector.is_empty() {
        return bulk(ctx, args, &selector, &format);
    }
    if args.names.is_empty() {
        return Err(Failure::usage("resource name is required (or use --all)").into());
    }
    for name in &args.names {
        lookup::check("resource name", name)?;
    }
    ctx.client()?;
    let resource = deletable(&args.resource)?;
    let collection = named::collection(ctx, resource, None)?;
    let found = find_each(ctx, args, &collection)?;
    match found.as_slice() {
        [] => Ok(()),
        [(name, record)] if args.names.len() == 1 => {
            let doing = doing(resource, name);
            removal::remove(
                ctx,
                &args.confirm,
                &collection,
                record,
                name,
                &format,
                &doing,
            )?;
            doubt_the_current_project(ctx, record);
            Ok(())
        }
        found => delete_found(ctx, args, &collection, found, &format),
    }
}

fn doing(resource: &Resource, name: &str) -> String {
    format!("delete {} {}", resource.word, quote(name))
}

/// Finds every object before anything is deleted; two names of one object count once.
fn find_each(
    ctx: &Ctx,
    args: &Args,
    collection: &Collection,
) -> anyhow::Result<Vec<(String, Record)>> {
    let client = ctx.client()?;
    let mut found: Vec<(String, Record)> = Vec::new();
    for name in &args.names {
        let record = ctx.block_on(async {
            lookup::find_by_id_first(client, collection, name)
                .await
                .with_context(|| doing(collection.resource, name))
        });
        match record {
            Err(error) if args.ignore_not_found && api::kind_of(&error) == Kind::NotFound => {}
            Err(error) => return Err(error),
            Ok(record) if found.iter().any(|(_, other)| other.id() == record.id()) => {}
            Ok(record) => found.push((name.clone(), record)),
        }
    }
    Ok(found)
}

/// Deletes objects that were named one by one, after one question.
fn delete_found(
    ctx: &Ctx,
    args: &Args,
    collection: &Collection,
    found: &[(String, Record)],
    format: &Format,
) -> anyhow::Result<()> {
    let resource = collection.resource;
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let question = confirm::question_about_several(resource, &names);
    if !args.confirm.agreed(ctx, &question)? {
        return Ok(());
    }
    several::each(ctx, resource, &names, format, |name| {
        let found = found.iter().find(|(given, _)| given == name);
        let (_, record) = found.context("the object was not looked up")?;
        let deleted = delete(ctx, collection, record).with_context(|| doing(resource, name))?;
        doubt_the_current_project(ctx, record);
        Ok((deleted, format!("{}/{name} deleted", resource.word)))
    })
}

/// Deletes one object, and returns it without its secret.
fn delete(ctx: &Ctx, collection: &Collection, record: &Record) -> anyhow::Result<Record> {
    if !lookup::can_be_id(record.id()) {
        return Err(outcome::nameless("delete").into());
    }
    let client = ctx.client()?;
    ctx.block_on(async {
        let request = collection.request(Method::Delete, record.id());
        Ok(client.send(&request).await?)
    })?;
    let mut deleted = record.clone();
    if collection.resource.word == CREDENTIAL.word {
        deleted.remove("token");
    }
    Ok(deleted)
}

/// Warns if the deleted object is the current project. It stays set, since another server may have a project of that name.
fn doubt_the_current_project(ctx: &Ctx, deleted: &Record) {
    if deleted.resource.word != PROJECT.word || ctx.rehearses() {
        return;
    }
    let current = ctx
        .settings()
        .ok()
        .and_then(|settings| settings.project.value.as_deref());
    if current.is_some_and(|current| current == deleted.id()) {
        ctx.out.warn(&format!(
            "{} is still the current project; choose another with 'acpctl project set NAME'",
            quote(deleted.id())
        ));
    }
}

fn deletable(word: &str) -> Result<&'static Resource, Failure> {
    find(word).filter(|resource| resource.word != USER.word).ok_or_else(|| {
        Failure::usage(format!(
            "unknown or non-deletable resource type: {word}\nDeletable types: project, project-settings, session, agent, role, role-binding, credential, application, provider, policy, cluster"
        ))
    })
}

/// Deletes all objects of a kind, or those with the labels. Sessions that run are stopped first. A failure does not keep the
/// others from being deleted.
fn bulk(ctx: &Ctx, args: &Args, selector: &Selector, format: &Format) -> anyhow::Result<()> {
    let flag = if args.all { "--all" } else { "--label" };
    if !args.names.is_empty() {
        return Err(Failure::usage(format!("cannot specify resource name with {flag}")).into());
    }
    let word = args.resource.to_lowercase();
    let resource = find(&word);
    let resource = resource.filter(|resource| BULK.iter().any(|bulk| bulk.word == resource.word));
    let Some(resource) = resource else {
        return Err(Failure::usage(format!(
            "{flag} is only supported for sessions; got {}",
            quote(&word)
        ))
        .hint("it is also supported for agents, credentials and applications")
        .into());
    };
    let client = ctx.client()?;
    let collection = named::collection(ctx, resource, None)?;
    let mut chosen = ctx.block_on(async {
        let project = collection.project.as_deref();
        let every = client.every(resource, &collection.path, project).await;
        let every = every.with_context(|| format!("list {}", resource.plural()))?;
        match project {
            Some(project) => lookup::doubt_empty(client, &every, project).await?,
            None if resource.word == SESSION.word => {
                lookup::doubt_no_sessions(client, &every, ctx.settings()?).await?;
            }
            None => {}
        }
        Ok(every)
    })?;
    chosen.retain(|record| selector.fits(record));
    let plural = resource.plural();
    if chosen.is_empty() {
        let sentence = format!("no {plural} to delete");
        return show_deleted(ctx, resource, format, Vec::new(), &sentence);
    }
    let names: Vec<String> = chosen
        .iter()
        .map(|record| record.name_or_id().to_owned())
        .collect();
    let question = confirm::question_about_several(resource, &names);
    if !args.confirm.agreed(ctx, &question)? {
        return Ok(());
    }
    let (mut deleted, mut stopped) = (Vec::new(), 0);
    let progress = progress::begin(format!("Deleting {plural}"));
    for (n, record) in chosen.iter().enumerate() {
        progress.say(|| format!("Deleting {plural}: {n} of {}", chosen.len()));
        match stop_and_delete(ctx, &collection, record) {
            Ok((record, was_running)) => {
                deleted.push(record);
                stopped += usize::from(was_running);
            }
            Err(error) => ctx
                .out
                .note(&format!("{}/{}: {error:#}", resource.word, record.id())),
        }
    }
    drop(progress);
    let note = match stopped {
        0 => String::new(),
        stopped => format!(" ({stopped} stopped first)"),
    };
    let failed = chosen.len() - deleted.len();
    let sentence = format!("{} {plural} deleted{note}", deleted.len());
    show_deleted(ctx, resource, format, deleted, &sentence)?;
    match failed {
        0 => Ok(()),
        failed => anyhow::bail!("{failed} of {} {plural} failed", chosen.len()),
    }
}

/// Deletes an object, a running session after it was stopped. Returns the object, and whether it was stopped.
fn stop_and_delete(
    ctx: &Ctx,
    collection: &Collection,
    record: &Record,
) -> anyhow::Result<(Record, bool)> {
    let runs = collection.resource.word == SESSION.word
        && matches!(record.text("phase"), "Pending" | "Creating" | "Running");
    if runs {
        let client = ctx.client()?;
        ctx.block_on(async {
            let stopped = session_control::stop(client, record.id()).await;
            stopped
                .map(drop)
                .map_err(|error| anyhow::anyhow!("stop failed: {error}"))
        })?;
    }
    let deleted = delete(ctx, collection, record)
        .map_err(|error| anyhow::anyhow!("delete failed: {error:#}"))?;
    Ok((deleted, runs))
}

/// Prints the sentence, or the deleted objects in the form that `-o` asks for.
fn show_deleted(
    ctx: &Ctx,
    resource: &'static Resource,
    format: &Format,
    deleted: Vec<Record>,
    sentence: &str,
) -> anyhow::Result<()> {
    if matches!(format, Format::Table | Format::Wide) {
        return ctx.out.line(&outcome::sentence(ctx, sentence));
    }
    let list = several::list_of(resource, deleted);
    ctx.out.list(&list, format, Layout::default(), ctx.now())
}
