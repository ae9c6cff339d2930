//! `apply --prune`: deletes what carries the selector's labels and stands in no document.
//!
//! Only agents of the project and credentials are looked at: a project takes everything in it along,
//! and role bindings carry no labels.

use anyhow::Context as _;

use super::document::Document;
use super::run::Run;
use crate::api::{ListOptions, path};
use crate::commands::labels::Selector;
use crate::compat::quote::quote;
use crate::lookup::Collection;
use crate::resources::{AGENT, CREDENTIAL, PROJECT, Record, Resource};

/// Something to delete.
pub struct Leftover {
    pub resource: &'static Resource,
    pub name: String,
    pub place: String,
}

impl Leftover {
    /// `agent/lead`, for messages.
    pub fn named(&self) -> String {
        format!("{}/{}", self.resource.word, self.name)
    }
}

/// What to delete: first agents, then credentials.
pub async fn leftovers(
    run: &Run<'_>,
    documents: &[Document],
    labels: &Selector,
) -> anyhow::Result<Vec<Leftover>> {
    let mut found = Vec::new();
    if let Some(named) = run.project()
        && let Some(project) = project_id(run, documents, named).await?
    {
        let agents = path(&["projects", &project, "agents"]);
        let here = documents
            .iter()
            .filter(|document| ["", named, &project].contains(&document.project.as_str()));
        let records = unnamed(run, &AGENT, &agents, here, labels).await?;
        found.extend(records.iter().map(|record| Leftover {
            resource: &AGENT,
            name: record.name_or_id().to_owned(),
            place: format!("{agents}{}", path(&[record.id()])),
        }));
    }
    let records = unnamed(run, &CREDENTIAL, "/credentials", documents.iter(), labels).await?;
    found.extend(records.iter().map(|record| Leftover {
        resource: &CREDENTIAL,
        name: record.name_or_id().to_owned(),
        place: Collection::credentials().item(record.id(), &[]),
    }));
    Ok(found)
}

/// The id of the project; nothing if it does not exist because this run is to make it.
async fn project_id(
    run: &Run<'_>,
    documents: &[Document],
    named: &str,
) -> anyhow::Result<Option<String>> {
    let is_made_here = documents
        .iter()
        .any(|document| document.known_kind() == Some(PROJECT.kind) && document.name == named);
    match run.client.get(&PROJECT, &path(&["projects", named])).await {
        Err(error) if error.is_not_found() && is_made_here => Ok(None),
        found => {
            let found = found.with_context(|| format!("project {} not found", quote(named)))?;
            Ok(Some(found.id().to_owned()))
        }
    }
}

/// The objects of a collection with these labels that no document names.
async fn unnamed<'d>(
    run: &Run<'_>,
    resource: &'static Resource,
    collection: &str,
    documents: impl Iterator<Item = &'d Document> + Clone,
    labels: &Selector,
) -> anyhow::Result<Vec<Record>> {
    let options = ListOptions::default();
    let list = run.client.list(resource, collection, &options).await;
    let list = list.with_context(|| format!("list {}", resource.plural()))?;
    let mut records = list.items.unwrap_or_default();
    records.retain(|record| {
        let is_named = documents.clone().any(|document| {
            document.known_kind() == Some(resource.kind)
                && (document.name == record.name() || document.name == record.id())
        });
        !record.id().is_empty() && labels.fits(record) && !is_named
    });
    Ok(records)
}
