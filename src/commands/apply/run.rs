//! One run of `apply`: what its documents share, and the only place from which it writes.

use std::cell::RefCell;

use serde_json::Value;

use super::diff::{self, Change};
use super::document::{Document, Pairs};
use crate::api::{Body, Client};
use crate::compat::json;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::TrustArgs;
use crate::lookup::{self, Collection};
use crate::resources::{Record, Resource};

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Configured,
    Unchanged,
    Pruned,
}

pub struct Run<'a> {
    pub ctx: &'a Ctx,
    pub client: &'a Client,
    project: Option<String>,
    /// What is accepted of secrets.
    pub trust: &'a TrustArgs,
    /// Nothing is written: what would be is noted.
    pub is_diff: bool,
    changes: RefCell<Vec<Change>>,
    /// What would have been made by now.
    planned: RefCell<Vec<(&'static str, String)>>,
}

impl<'a> Run<'a> {
    pub fn new(
        ctx: &'a Ctx,
        client: &'a Client,
        project: Option<String>,
        is_diff: bool,
        trust: &'a TrustArgs,
    ) -> Self {
        Self {
            ctx,
            client,
            project,
            trust,
            is_diff,
            changes: RefCell::default(),
            planned: RefCell::default(),
        }
    }

    /// The project of a document's agent: its own, else that of the run.
    ///
    /// # Errors
    /// When none is known.
    pub fn project_of<'d>(&'d self, document: &'d Document) -> Result<&'d str, Failure> {
        let own = Some(document.project.as_str()).filter(|project| !project.is_empty());
        own.or(self.project())
            .ok_or_else(|| Failure::usage("project is required"))
    }

    /// The project of the run, if one is set.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// What became of a document, or what would become of it.
    pub fn words(&self, outcome: Outcome) -> &'static str {
        match (outcome, self.is_diff) {
            (Outcome::Created, false) => "created",
            (Outcome::Configured, false) => "configured",
            (Outcome::Pruned, false) => "pruned",
            (Outcome::Created, true) => "would be created",
            (Outcome::Configured, true) => "would be configured",
            (Outcome::Pruned, true) => "would be pruned",
            (Outcome::Unchanged, _) => "unchanged",
        }
    }

    /// The changes noted since the last call.
    pub fn take_changes(&self) -> Vec<Change> {
        self.changes.take()
    }

    /// The id of the object that a manifest names by id or name; the name of one that is only planned.
    ///
    /// # Errors
    /// [`Kind::NotFound`], and as [`lookup::find`].
    pub async fn id(&self, all: &Collection, given: &str) -> anyhow::Result<String> {
        match self.find(all, given).await? {
            Some(found) => Ok(found.id().to_owned()),
            None if self.is_planned(all.resource, given) => Ok(given.to_owned()),
            None => Err(lookup::not_found(self.client, all, given).await.into()),
        }
    }

    /// The object that a manifest names by id or name, if there is one.
    ///
    /// # Errors
    /// As [`lookup::find`].
    pub async fn find(&self, all: &Collection, given: &str) -> anyhow::Result<Option<Record>> {
        let found = lookup::find_if_any(self.client, all, given).await;
        found.map_err(|error| match error.downcast::<Failure>() {
            Ok(failure) if failure.kind == Kind::Conflict => failure
                .hint("a manifest may have the ID in the place of the name")
                .into(),
            Ok(failure) => failure.into(),
            Err(error) => error,
        })
    }

    /// True for something that does not exist only because nothing is written.
    pub fn is_planned(&self, resource: &Resource, name: &str) -> bool {
        let planned = self.planned.borrow();
        planned
            .iter()
            .any(|(word, made)| *word == resource.word && made == name)
    }

    /// Makes an object; returns nothing if that is only noted.
    pub async fn create(
        &self,
        resource: &'static Resource,
        collection: &str,
        name: &str,
        body: Body,
    ) -> anyhow::Result<Option<Record>> {
        let changes = || diff::changes(&body.masked(), None);
        let noted = if self.is_diff { changes() } else { Vec::new() };
        self.create_as(resource, collection, name, body, noted)
            .await
    }

    /// The same for an object whose fields say nothing to a reader: `--diff` shows the given changes instead of them.
    pub async fn create_as(
        &self,
        resource: &'static Resource,
        collection: &str,
        name: &str,
        body: Body,
        shown: Vec<Change>,
    ) -> anyhow::Result<Option<Record>> {
        if self.is_diff {
            self.changes.borrow_mut().extend(shown);
            let made = (resource.word, name.to_owned());
            self.planned.borrow_mut().push(made);
            return Ok(None);
        }
        Ok(Some(self.client.create(resource, collection, body).await?))
    }

    /// Sends what has changed; nothing to send is no change.
    pub async fn patch(
        &self,
        resource: &'static Resource,
        place: &str,
        body: Body,
        found: Option<&Record>,
    ) -> anyhow::Result<Outcome> {
        if body.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        if self.is_diff {
            self.note(&body, found);
        } else {
            self.client.update(resource, place, body).await?;
        }
        Ok(Outcome::Configured)
    }

    /// Deletes an object.
    pub async fn delete(&self, place: &str) -> anyhow::Result<()> {
        if !self.is_diff {
            self.client.delete(place).await?;
        }
        Ok(())
    }

    fn note(&self, body: &Body, found: Option<&Record>) {
        let changes = diff::changes(&body.masked(), found);
        self.changes.borrow_mut().extend(changes);
    }
}

/// Sets a text that the manifest gives and the server has otherwise; empty means "leave alone".
pub fn set_changed(body: &mut Body, key: &'static str, text: &str, found: &Record) {
    if !text.is_empty() && text != found.text(key) {
        body.set(key, text);
    }
}

/// Sets labels and annotations that the manifest gives and the server has otherwise, compared as maps.
pub fn set_pairs(body: &mut Body, document: &Document, found: Option<&Record>) {
    for (key, pairs) in [
        ("labels", &document.labels),
        ("annotations", &document.annotations),
    ] {
        if let Some(pairs) = pairs
            && found.is_none_or(|found| pairs_of(found.text(key)).as_ref() != Some(pairs))
            && !(found.is_none() && pairs.is_empty())
        {
            body.set(key, as_json(pairs));
        }
    }
}

/// Refuses a document without a name.
pub fn need_name(document: &Document) -> Result<(), Failure> {
    if document.name.is_empty() {
        return Err(Failure::new(
            Kind::Data,
            "validation failed: name is required",
        ));
    }
    Ok(())
}

/// Labels or annotations as the server keeps them: a text that holds JSON.
pub fn as_json(pairs: &Pairs) -> String {
    let value: Value = pairs
        .iter()
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json::compact(&value)
}

/// The reverse; nothing for a text that holds anything else.
pub fn pairs_of(text: &str) -> Option<Pairs> {
    if text.is_empty() {
        return Some(Pairs::new());
    }
    serde_json::from_str(text).ok()
}
