//! Deletes objects: finds each one, asks once for consent, deletes, and reports that. The platform answers 204 to the
//! deletion of most objects that do not exist, so nothing is deleted before it was found.

use anyhow::Context as _;

use super::confirm::{self, ConfirmArgs};
use super::labels::Selector;
use super::minted_access::{self, Consent};
use super::missing::{self, Deletion};
use super::outcome::{self, WriteArgs};
use super::{gateway_credentials, session_control, several};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::{Format, Layout, progress};
use crate::resources::{CREDENTIAL, Record, Resource, SESSION};

/// The flags of every verb that deletes objects by their names.
#[derive(Debug, clap::Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    confirm: ConfirmArgs,
    /// Delete all resources of this kind that you can see
    #[arg(short = 'A', long)]
    all: bool,
    /// Delete the resources with these labels (repeatable: all must match)
    #[arg(short, long, aliases = ["selector", "labels"], value_name = "KEY=VALUE,...")]
    label: Vec<String>,
    /// Succeed if there is no such object
    #[arg(long)]
    ignore_not_found: bool,
    #[command(flatten)]
    output: WriteArgs,
}

/// The objects that a run deletes, as the command line has them.
#[derive(Debug)]
pub(crate) enum Chosen<'a> {
    Named(&'a [String]),
    Labeled(Selector),
}

impl DeleteArgs {
    /// Returns the output format, as [`WriteArgs::format`] does.
    ///
    /// # Errors
    /// A usage failure if the format is unknown.
    pub(crate) fn format(&self, ctx: &Ctx) -> Result<Format, Failure> {
        self.output.format(ctx)
    }

    /// Returns which objects are meant: those with the names, or those that the flags describe.
    ///
    /// # Errors
    /// A usage failure if both are given.
    pub(crate) fn chosen<'a>(&self, names: &'a [String]) -> Result<Chosen<'a>, Failure> {
        let selector = Selector::read_for_removal("--label", &self.label)?;
        if !self.all && selector.is_empty() {
            return Ok(Chosen::Named(names));
        }
        if names.is_empty() {
            return Ok(Chosen::Labeled(selector));
        }
        let flag = self.bulk_flag();
        Err(Failure::usage(format!(
            "cannot specify resource name with {flag}"
        )))
    }

    /// Returns what the user has said about the access of a minted credential: nothing, unless a question follows.
    pub(crate) fn consent(&self, ctx: &Ctx) -> Consent {
        if !self.confirm.given() && ctx.may_ask() {
            Consent::Asked
        } else {
            Consent::None
        }
    }

    /// Returns the flag that stands for many objects.
    pub(crate) fn bulk_flag(&self) -> &'static str {
        if self.all { "--all" } else { "--label" }
    }

    /// Deletes objects of a noun. `doing` precedes the server's errors, and `find` finds an object by its name or ID.
    ///
    /// # Errors
    /// If an object is not found, if the user can't be asked for consent, or if the server refuses.
    pub(crate) fn delete(
        &self,
        ctx: &Ctx,
        collection: &Collection,
        names: &[String],
        doing: &str,
        find: &dyn Fn(&str) -> anyhow::Result<Record>,
    ) -> anyhow::Result<()> {
        let format = self.format(ctx)?;
        let resource = collection.resource;
        match self.chosen(names)? {
            Chosen::Labeled(selector) => {
                let which = if self.all { "all" } else { "these" };
                let what = format!("{which} {}", resource.plural());
                self.confirm.require(ctx, &what)?;
                ctx.client()?;
                self.delete_labeled(ctx, collection, &selector, &format)
            }
            Chosen::Named([]) => {
                let word = resource.word;
                let failure = Failure::usage("requires at least 1 arg(s), only received 0");
                Err(failure
                    .hint(format!("name the {word}, or choose by --label or --all"))
                    .into())
            }
            Chosen::Named(names) => {
                for name in names {
                    collection.check(name)?;
                }
                let labels = names.iter().map(|name| format!("{}/{name}", resource.word));
                let what = labels.collect::<Vec<_>>().join(", ");
                self.confirm.require(ctx, &what)?;
                ctx.client()?;
                let doing = |_: &str| doing.to_owned();
                self.delete_named(ctx, collection, names, &format, &doing, find)?;
                Ok(())
            }
        }
    }

    /// Deletes objects that are named one by one. Finds every object before anything is deleted. Returns the deleted
    /// ones.
    ///
    /// # Errors
    /// As [`DeleteArgs::delete`].
    pub(crate) fn delete_named(
        &self,
        ctx: &Ctx,
        collection: &Collection,
        names: &[String],
        format: &Format,
        doing: &dyn Fn(&str) -> String,
        find: &dyn Fn(&str) -> anyhow::Result<Record>,
    ) -> anyhow::Result<Vec<Record>> {
        let resource = collection.resource;
        let found = self.find_each(ctx, collection, names, find)?;
        let question = match found.as_slice() {
            [] => String::new(),
            [(name, record)] => confirm::question(resource, &label(record, name)),
            several => {
                let names: Vec<String> = several.iter().map(|(name, _)| name.clone()).collect();
                confirm::question_about_several(resource, &names)
            }
        };
        // An object without an ID could not be deleted, so the user is not asked about it.
        if let [(name, record)] = found.as_slice()
            && !lookup::can_be_id(record.id())
        {
            return Err(outcome::nameless(&doing(name)).into());
        }
        if !found.is_empty() && !self.confirm.agreed(ctx, &question)? {
            return Ok(Vec::new());
        }
        let found_names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
        // The form of `-o` follows the command line, not the number of objects that exist.
        let as_list = names.len() > 1;
        several::each(ctx, resource, &found_names, as_list, format, |name| {
            let found = found.iter().find(|(given, _)| given == name);
            let (_, record) = found.context("the object was not looked up")?;
            let ended = delete(ctx, collection, record).and_then(|ended| {
                let is_deleted = ended.or_ignore(self.ignore_not_found)?;
                Ok(is_deleted)
            });
            let label = outcome::label_as_given(resource, name, record.id());
            if !ended.with_context(|| doing(name))? {
                ctx.out.aside(&format!("{label} does not exist"));
                return Ok(None);
            }
            Ok(Some((without_secret(record), format!("{label} deleted"))))
        })
    }

    /// Finds each object; two names of one object count once.
    fn find_each(
        &self,
        ctx: &Ctx,
        collection: &Collection,
        names: &[String],
        find: &dyn Fn(&str) -> anyhow::Result<Record>,
    ) -> anyhow::Result<Vec<(String, Record)>> {
        let mut found: Vec<(String, Record)> = Vec::new();
        for name in names {
            let record = match find(name) {
                Err(error) if self.ignore_not_found => {
                    let label = format!("{}/{name}", collection.resource.word);
                    missing::forgive(ctx, collection, &label, error).map(|()| None)
                }
                record => record.map(Some),
            };
            match record {
                Err(error) if names.len() > 1 => return Err(error.context("nothing was deleted")),
                Err(error) => return Err(error),
                Ok(None) => {}
                Ok(Some(record)) if found.iter().any(|(_, other)| other.id() == record.id()) => {}
                Ok(Some(record)) => found.push((name.clone(), record)),
            }
        }
        Ok(found)
    }

    /// Deletes all objects of a kind, or those with the labels. Sessions that run are stopped first. A failure does not
    /// keep the others from being deleted.
    ///
    /// # Errors
    /// As [`DeleteArgs::delete`]; a usage failure if these objects have no labels.
    pub(crate) fn delete_labeled(
        &self,
        ctx: &Ctx,
        collection: &Collection,
        selector: &Selector,
        format: &Format,
    ) -> anyhow::Result<()> {
        let resource = collection.resource;
        let plural = resource.plural();
        if !selector.is_empty() && !resource.all_fields().any(|field| field.name == "labels") {
            return Err(Failure::usage(format!("{plural} have no labels")).into());
        }
        let mut chosen = every(ctx, collection)?;
        chosen.retain(|record| selector.fits(record));
        if resource.word == CREDENTIAL.word {
            minted_access::spare(ctx, &mut chosen);
        }
        if chosen.is_empty() {
            let sentence = format!("no {plural} to delete");
            return show_deleted(ctx, resource, format, Vec::new(), &sentence);
        }
        let names: Vec<String> = chosen
            .iter()
            .map(|record| record.name_or_id().to_owned())
            .collect();
        if ctx.rehearses() {
            ctx.out.aside(&format!("Chosen: {}", names.join(", ")));
        }
        let mut question = confirm::question_about_several(resource, &names);
        if is_of_all_projects(collection) {
            question.push_str(" They are of all projects.");
        }
        if !self.confirm.agreed(ctx, &question)? {
            return Ok(());
        }
        delete_all(ctx, collection, &chosen, format)
    }
}

/// True for the objects of all projects, which an empty project stands for.
fn is_of_all_projects(collection: &Collection) -> bool {
    collection.project.as_deref() == Some("")
}

/// Returns every object of a collection. An empty list of a project that does not exist is an error.
fn every(ctx: &Ctx, collection: &Collection) -> anyhow::Result<Vec<Record>> {
    let resource = collection.resource;
    let client = ctx.client()?;
    ctx.block_on(async {
        let project = collection.project.as_deref();
        let every = client.every(resource, &collection.path, project).await;
        let mut every = every.with_context(|| format!("list {}", resource.plural()))?;
        if resource.word == CREDENTIAL.word {
            gateway_credentials::say(ctx, gateway_credentials::spare(&mut every));
        }
        match project {
            Some("") => {}
            Some(project) => lookup::doubt_empty(client, &every, project).await?,
            None if resource.word == SESSION.word => {
                lookup::doubt_no_sessions(client, &every, ctx.settings()?).await?;
            }
            None => {}
        }
        Ok(every)
    })
}

fn delete_all(
    ctx: &Ctx,
    collection: &Collection,
    chosen: &[Record],
    format: &Format,
) -> anyhow::Result<()> {
    let resource = collection.resource;
    let plural = resource.plural();
    let (mut deleted, mut stopped, mut failed) = (Vec::new(), 0, 0);
    let progress = progress::begin(format!("Deleting {plural}"));
    for (n, record) in chosen.iter().enumerate() {
        progress.say(|| format!("Deleting {plural}: {n} of {}", chosen.len()));
        let label = format!("{}/{}", resource.word, record.id());
        match stop_and_delete(ctx, collection, record) {
            Ok(Some(was_running)) => {
                deleted.push(without_secret(record));
                stopped += usize::from(was_running);
            }
            Ok(None) => ctx.out.aside(&format!("{label} does not exist")),
            Err(error) => {
                ctx.out.note(&format!("{label}: {error:#}"));
                failed += 1;
            }
        }
    }
    drop(progress);
    let note = match stopped {
        0 => String::new(),
        stopped => format!(" ({stopped} stopped first)"),
    };
    // Scripts know the Go tool's sentence, which has one form for all numbers.
    let what = if resource.word == SESSION.word && !ctx.out.is_terminal() {
        format!("{} {plural}", deleted.len())
    } else {
        resource.counted(deleted.len())
    };
    let sentence = format!("{what} deleted{note}");
    show_deleted(ctx, resource, format, deleted, &sentence)?;
    match failed {
        0 => Ok(()),
        failed => anyhow::bail!("{failed} of {} failed", resource.counted(chosen.len())),
    }
}

/// Deletes an object, a running session after it was stopped. Returns whether it was stopped, or `None` if another run
/// has deleted the object.
fn stop_and_delete(
    ctx: &Ctx,
    collection: &Collection,
    record: &Record,
) -> anyhow::Result<Option<bool>> {
    let runs = collection.resource.word == SESSION.word
        && matches!(record.text("phase"), "Pending" | "Creating" | "Running");
    if runs {
        let client = ctx.client()?;
        ctx.block_on(async {
            match session_control::stop(client, record.id()).await {
                // The deletion finds out whether the session is gone.
                Err(error) if !error.is_not_found() => Err(anyhow::anyhow!("stop failed: {error}")),
                _ => Ok(()),
            }
        })?;
    }
    let ended = delete(ctx, collection, record)
        .map_err(|error| anyhow::anyhow!("delete failed: {error:#}"))?;
    Ok(ended.or_ignore(true)?.then_some(runs))
}

/// Deletes one object.
fn delete(ctx: &Ctx, collection: &Collection, record: &Record) -> anyhow::Result<Deletion> {
    if !lookup::can_be_id(record.id()) {
        return Err(outcome::nameless("delete").into());
    }
    let client = ctx.client()?;
    ctx.block_on(missing::delete_found(client, collection, record.id()))
}

/// Returns an object that was deleted, without its secret.
fn without_secret(record: &Record) -> Record {
    let mut deleted = record.clone();
    if record.resource.word == CREDENTIAL.word {
        deleted.remove("token");
    }
    deleted
}

/// Prints the sentence, or the deleted objects in the form that `-o` asks for.
fn show_deleted(
    ctx: &Ctx,
    resource: &'static Resource,
    format: &Format,
    deleted: Vec<Record>,
    sentence: &str,
) -> anyhow::Result<()> {
    let is_table = matches!(format, Format::Table | Format::Wide);
    if is_table && !ctx.out.is_quiet() {
        return ctx.out.line(&outcome::sentence(ctx, sentence));
    }
    let list = several::list_of(resource, deleted);
    ctx.out.list(&list, format, Layout::default(), ctx.now())
}

/// Returns `agent/lead (2abc…)`: the object as the user named it, with its ID or its name added if that differs.
fn label(found: &Record, given: &str) -> String {
    // A session also goes by the name of its agent.
    let given = match found.name() {
        "" => given,
        name if given != found.id() => name,
        _ => given,
    };
    let label = format!("{}/{given}", found.resource.word);
    let other = if found.id() == given {
        found.name()
    } else {
        found.id()
    };
    if other.is_empty() || other == given {
        return label;
    }
    format!("{label} ({other})")
}
