//! The server as one run of `apply` uses it: looks up what documents name, and writes, or only plans to write.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::Value;
use tokio::sync::Mutex;

use super::ahead::Ahead;
use super::args::Args;
use super::diff::{self, Change};
use super::document::Head;
use super::made::Made;
use crate::api::{Body, Client, Error};
use crate::commands::missing;
use crate::commands::pairs::{as_json, pairs_of};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::{PROJECT, Record, Resource};
use crate::text::{acpctl, quote};

/// The result of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Configured,
    Unchanged,
    Pruned,
}

/// The result of an object that a run with `--prune` would delete.
pub(super) const WOULD_PRUNE: &str = "would be pruned";

/// The server, with what all documents of a run share.
pub(super) struct Writer<'a> {
    pub ctx: &'a Ctx,
    pub client: &'a Client,
    /// The project of the run, if one is set.
    project: Option<String>,
    /// The flags of the run: what the user accepts for secrets, and `--strict`.
    pub args: &'a Args,
    mode: Mode,
    ahead: Ahead,
    /// The IDs of the projects that were found, by the text that names them. Documents that are applied at the same
    /// time wait for one look-up.
    projects: Mutex<HashMap<String, String>>,
    /// The objects that the documents make.
    pub made: Made,
    /// The IDs of the objects that were found by [`Writer::id`]: by kind, project and the text that names them.
    ids: RefCell<HashMap<Named, String>>,
}

/// The kind of an object, its project, and the text that names it.
type Named = (&'static str, Option<String>, String);

/// The treatment of a write.
enum Mode {
    Send,
    /// `--diff`: nothing is sent.
    Plan(RefCell<Plan>),
}

/// The writes that would have been sent.
#[derive(Default)]
struct Plan {
    /// The changes since they were last taken.
    changes: Vec<Change>,
    /// The objects that would exist by now: the word of their kind, and their name.
    created: Vec<(&'static str, String)>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        ctx: &'a Ctx,
        client: &'a Client,
        project: Option<String>,
        is_diff: bool,
        args: &'a Args,
    ) -> Self {
        let mode = if is_diff {
            Mode::Plan(RefCell::default())
        } else {
            Mode::Send
        };
        Self {
            ctx,
            client,
            project,
            args,
            mode,
            ahead: Ahead::default(),
            projects: Mutex::default(),
            made: Made::default(),
            ids: RefCell::default(),
        }
    }

    /// Looks up objects of many documents together, and knows what all of them make.
    pub(super) fn with(self, ahead: Ahead, made: Made) -> Self {
        Self {
            ahead,
            made,
            ..self
        }
    }

    /// Returns the project of the run, if one is set.
    pub(super) fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// Returns the project that a document names, or else that of the run.
    ///
    /// # Errors
    /// If neither names one.
    pub(super) fn project_or<'d>(&'d self, own: Option<&'d str>) -> Result<&'d str, Failure> {
        own.or(self.project()).ok_or_else(|| {
            Failure::usage("project is required")
                .hint("add project: NAME to the document, or --project NAME to the command")
        })
    }

    /// True if nothing is written.
    pub(super) fn is_plan(&self) -> bool {
        matches!(self.mode, Mode::Plan(_))
    }

    /// Returns the word for an outcome, or for what would be the outcome.
    pub(super) fn words(&self, outcome: Outcome) -> &'static str {
        match (outcome, &self.mode) {
            (Outcome::Created, Mode::Send) => "created",
            (Outcome::Configured, Mode::Send) => "configured",
            (Outcome::Pruned, Mode::Send) => "pruned",
            (Outcome::Created, Mode::Plan(_)) => "would be created",
            (Outcome::Configured, Mode::Plan(_)) => "would be configured",
            (Outcome::Pruned, Mode::Plan(_)) => WOULD_PRUNE,
            (Outcome::Unchanged, _) => "unchanged",
        }
    }

    /// Takes the changes that were planned since the last call.
    pub(super) fn take_changes(&self) -> Vec<Change> {
        match &self.mode {
            Mode::Send => Vec::new(),
            Mode::Plan(plan) => std::mem::take(&mut plan.borrow_mut().changes),
        }
    }

    /// Returns the ID of an object that a manifest names by ID or name. For an object that is only planned, or that an
    /// earlier document makes, returns its name.
    ///
    /// # Errors
    /// If there is no such object, if several have the name, or if the look-up fails.
    pub(super) async fn id(&self, all: &Collection, given: &str) -> anyhow::Result<String> {
        if self.made.before(all.resource, given) {
            return Ok(given.to_owned());
        }
        let key = (all.resource.word, all.project.clone(), given.to_owned());
        if let Some(id) = self.ids.borrow().get(&key) {
            return Ok(id.clone());
        }
        match self.find(all, given).await? {
            Some(found) => {
                let id = found.id().to_owned();
                self.ids.borrow_mut().insert(key, id.clone());
                Ok(id)
            }
            None if self.is_planned(all.resource, given) => Ok(given.to_owned()),
            None => {
                let failure = lookup::not_found(self.client, all, given).await;
                let is_late = self.made.after(all.resource, given);
                Err(if is_late {
                    failure.hint("a later document makes it: put that one first")
                } else {
                    failure
                }
                .into())
            }
        }
    }

    /// Returns the object that a manifest names by ID or name, if there is one.
    ///
    /// # Errors
    /// If several objects have the name, or if the look-up fails.
    pub(super) async fn find(
        &self,
        all: &Collection,
        given: &str,
    ) -> anyhow::Result<Option<Record>> {
        let found = match self.ahead.take(self.client, all, given).await {
            Some(found) if found.len() < 2 => {
                lookup::one(all.resource, given, found).map_err(Into::into)
            }
            // Of several, one may be gone in a moment.
            _ => lookup::find_if_any(self.client, all, given).await,
        };
        found.map_err(|error| match error.downcast::<Failure>() {
            Ok(failure) if failure.kind == Kind::Conflict && failure.hint.is_none() => {
                let delete = acpctl(&["delete", all.resource.word, "ID"]);
                let hint = format!(
                    "delete all but one ({delete}), or write the ID in the place of the name"
                );
                failure.hint(hint).into()
            }
            Ok(failure) => failure.into(),
            Err(error) => error,
        })
    }

    /// Returns the objects of exactly this name.
    ///
    /// # Errors
    /// If the look-up fails.
    pub(super) async fn by_name(&self, all: &Collection, name: &str) -> Result<Vec<Record>, Error> {
        match self.ahead.take(self.client, all, name).await {
            Some(found) => Ok(found),
            None => lookup::by_name(self.client, all, name).await,
        }
    }

    /// Returns the ID of a project; `None` if it does not exist yet, but `will_exist`.
    ///
    /// # Errors
    /// If there is no such project.
    pub(super) async fn project_id(
        &self,
        project: &str,
        will_exist: bool,
    ) -> anyhow::Result<Option<String>> {
        let mut projects = self.projects.lock().await;
        if let Some(id) = projects.get(project) {
            return Ok(Some(id.clone()));
        }
        let path = Collection::projects().item(project, &[]);
        match self.client.get(&PROJECT, &path).await {
            Err(error) if error.is_not_found() && will_exist => Ok(None),
            Err(error) => {
                let project = quote(project);
                // Only the server's answer says that there is no such project.
                let doing = if error.is_not_found() {
                    format!("project {project} not found")
                } else {
                    format!("look up project {project}")
                };
                Err(anyhow::Error::from(error).context(doing))
            }
            Ok(found) => {
                let id = found.id().to_owned();
                projects.insert(project.to_owned(), id.clone());
                Ok(Some(id))
            }
        }
    }

    /// Looks up the project that a document names, unless an earlier document makes it.
    ///
    /// # Errors
    /// If there is no such project.
    pub(super) async fn check_project(&self, named: Option<&str>) -> anyhow::Result<()> {
        match named {
            Some(project) if !self.made.before(&PROJECT, project) => {
                self.project_id(project, false).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// True for an object that does not exist only because nothing is written.
    pub(super) fn is_planned(&self, resource: &Resource, name: &str) -> bool {
        let Mode::Plan(plan) = &self.mode else {
            return false;
        };
        let plan = plan.borrow();
        let mut created = plan.created.iter();
        created.any(|(word, created)| *word == resource.word && created == name)
    }

    /// Creates an object; returns `None` if that is only planned.
    pub(super) async fn create(
        &self,
        resource: &'static Resource,
        collection: &str,
        name: &str,
        body: Body,
    ) -> anyhow::Result<Option<Record>> {
        let shown = |body: &Body| diff::changes(&body.masked(), None);
        self.create_shown_as(resource, collection, name, body, shown)
            .await
    }

    /// Creates an object as [`Writer::create`] does. `--diff` shows the changes that `shown` returns: use it if the
    /// fields of the body, such as IDs, mean nothing to a reader.
    pub(super) async fn create_shown_as(
        &self,
        resource: &'static Resource,
        collection: &str,
        name: &str,
        body: Body,
        shown: impl FnOnce(&Body) -> Vec<Change>,
    ) -> anyhow::Result<Option<Record>> {
        match &self.mode {
            Mode::Send => Ok(Some(self.client.create(resource, collection, body).await?)),
            Mode::Plan(plan) => {
                let mut plan = plan.borrow_mut();
                plan.changes.extend(shown(&body));
                plan.created.push((resource.word, name.to_owned()));
                Ok(None)
            }
        }
    }

    /// Sends the changed fields of an object; an empty body changes nothing and is not sent.
    pub(super) async fn patch(
        &self,
        resource: &'static Resource,
        path: &str,
        body: Body,
        found: Option<&Record>,
    ) -> anyhow::Result<Outcome> {
        if body.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        match &self.mode {
            Mode::Send => drop(self.client.update(resource, path, body).await?),
            Mode::Plan(plan) => {
                let changes = diff::changes(&body.masked(), found);
                plan.borrow_mut().changes.extend(changes);
            }
        }
        Ok(Outcome::Configured)
    }

    /// Deletes an object that was found. Returns false if another run has deleted it meanwhile.
    pub(super) async fn delete(&self, all: &Collection, id: &str) -> anyhow::Result<bool> {
        match &self.mode {
            Mode::Send => {
                let ended = missing::delete_found(self.client, all, id).await?;
                Ok(ended.or_ignore(true)?)
            }
            Mode::Plan(_) => Ok(true),
        }
    }
}

/// Sets a text that the manifest gives if the server has another one.
pub(super) fn set_changed(body: &mut Body, key: &'static str, text: Option<&str>, found: &Record) {
    if let Some(text) = text
        && text != found.text(key)
    {
        body.set(key, text);
    }
}

/// Sets the fields that the manifest gives if the server has other values. An empty list or object equals none.
pub(super) fn set_fields(
    body: &mut Body,
    fields: &[(&'static str, Value)],
    found: Option<&Record>,
) {
    let is_empty = |value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        other => other.is_null() || *other == "",
    };
    for (field, value) in fields {
        let present = found.and_then(|found| found.value(field));
        let is_same = match present {
            Some(present) => present == value,
            None => is_empty(value),
        };
        if !is_same {
            body.set(field, value.clone());
        }
    }
}

/// Sets the labels and annotations that the manifest gives if the server has other ones. They are compared as pairs, so
/// their order does not matter.
pub(super) fn set_pairs(body: &mut Body, head: &Head, found: Option<&Record>) {
    for (key, pairs) in [("labels", &head.labels), ("annotations", &head.annotations)] {
        if let Some(pairs) = pairs
            && found.is_none_or(|found| pairs_of(found.text(key)).as_ref() != Some(pairs))
            && !(found.is_none() && pairs.is_empty())
        {
            body.set(key, as_json(pairs));
        }
    }
}
