//! `apply --prune`: finds the objects that carry the labels of the selector and are in no document.
//!
//! Only agents, providers and policies of the project, clusters and credentials are considered: deleting a project
//! would delete everything in it, and role bindings have no labels.

use anyhow::Context as _;

use super::document::{Agent, Document};
use super::kind::DocumentKind;
use super::part;
use super::writer::Writer;
use crate::api::ListOptions;
use crate::commands::labels::Selector;
use crate::commands::minted_access;
use crate::lookup::Collection;
use crate::resources::{CREDENTIAL, Record};

/// An object to delete.
pub(super) struct Leftover {
    pub collection: Collection,
    pub name: String,
    pub id: String,
}

impl Leftover {
    /// Returns the object's name in messages: `agent/lead`.
    pub(super) fn label(&self) -> String {
        format!("{}/{}", self.collection.resource.word, self.name)
    }
}

/// Finds the objects to delete, each kind before those that it names.
pub(super) async fn leftovers(
    writer: &Writer<'_>,
    documents: &[Document],
    labels: &Selector,
) -> anyhow::Result<Vec<Leftover>> {
    let mut found = Vec::new();
    if let Some(project) = writer.project()
        && let Some(id) = project_id(writer, documents, project).await?
    {
        let is_here = |agent: &Agent| {
            let own = agent.project.as_deref();
            own.is_none_or(|own| own == project || own == id)
        };
        let names: Vec<&str> = documents
            .iter()
            .filter(|document| matches!(document, Document::Agent(agent) if is_here(agent)))
            .filter_map(Document::name)
            .collect();
        found.extend(unnamed(writer, &Collection::agents(&id), &names, labels).await?);
        for kind in [DocumentKind::Provider, DocumentKind::Policy] {
            let is_here = |document: &&Document| match document {
                Document::Part(part) if part.kind == kind => {
                    let own = part.project.as_deref();
                    own.is_none_or(|own| own == project || own == id)
                }
                _ => false,
            };
            let names: Vec<&str> = documents
                .iter()
                .filter(is_here)
                .filter_map(Document::name)
                .collect();
            let all = Collection::of_project(part::resource(kind), &id);
            found.extend(unnamed(writer, &all, &names, labels).await?);
        }
    }
    let names: Vec<&str> = documents
        .iter()
        .filter(|document| document.kind() == DocumentKind::Cluster)
        .filter_map(Document::name)
        .collect();
    let clusters = Collection::global(part::resource(DocumentKind::Cluster));
    found.extend(unnamed(writer, &clusters, &names, labels).await?);
    let names: Vec<&str> = documents
        .iter()
        .filter(|document| document.kind() == DocumentKind::Credential)
        .filter_map(Document::name)
        .collect();
    found.extend(unnamed(writer, &Collection::credentials(), &names, labels).await?);
    Ok(found)
}

/// Returns the ID of the project; `None` if it does not exist because this run creates it.
async fn project_id(
    writer: &Writer<'_>,
    documents: &[Document],
    project: &str,
) -> anyhow::Result<Option<String>> {
    let will_exist = documents.iter().any(|document| {
        document.kind() == DocumentKind::Project && document.name() == Some(project)
    });
    writer.project_id(project, will_exist).await
}

/// Finds the objects of a collection that carry these labels and whose name and ID are not among `names`.
async fn unnamed(
    writer: &Writer<'_>,
    collection: &Collection,
    names: &[&str],
    labels: &Selector,
) -> anyhow::Result<Vec<Leftover>> {
    let resource = collection.resource;
    let options = ListOptions::default();
    let list = writer.client.list(resource, &collection.path, &options);
    let list = match list.await {
        // An earlier platform has no providers, policies and clusters.
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        list => list.with_context(|| format!("list {}", resource.plural()))?,
    };
    let is_leftover = |record: &Record| {
        let is_named = names.contains(&record.name()) || names.contains(&record.id());
        !record.id().is_empty() && labels.fits(record) && !is_named
    };
    let mut found = list.items.unwrap_or_default();
    found.retain(is_leftover);
    if resource.word == CREDENTIAL.word {
        minted_access::spare(writer.ctx, &mut found);
    }
    let leftover = |record: &Record| Leftover {
        collection: collection.clone(),
        name: record.name_or_id().to_owned(),
        id: record.id().to_owned(),
    };
    Ok(found.iter().map(leftover).collect())
}
