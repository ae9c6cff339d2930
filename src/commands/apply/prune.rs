//! `apply --prune`: deletes what carries the selector's labels and stands in no document.
//!
//! Only agents of the project and credentials are looked at: a project takes everything in it along,
//! and role bindings carry no labels.

use anyhow::Context as _;

use super::agent;
use super::document::Document;
use super::run::{Run, pairs_of};
use crate::api::{ListOptions, path};
use crate::commands::credential;
use crate::compat::quote::quote;
use crate::exit::Failure;
use crate::resources::{AGENT, CREDENTIAL, Record, Resource};

/// Something to delete.
pub struct Leftover {
    pub resource: &'static Resource,
    pub name: String,
    pub place: String,
}

/// The labels of `-l`, all of which must match.
///
/// # Errors
/// For anything but `key=value,key=value`.
pub fn selector(text: &str) -> Result<Vec<(&str, &str)>, Failure> {
    text.split(',')
        .map(|pair| {
            let pair = pair.split_once('=').filter(|(key, _)| !key.is_empty());
            pair.ok_or_else(|| {
                Failure::usage(format!("--selector {} is not KEY=VALUE", quote(text)))
            })
        })
        .collect()
}

/// What to delete: first agents, then credentials.
pub async fn leftovers(
    run: &Run<'_>,
    documents: &[Document],
    labels: &[(&str, &str)],
) -> anyhow::Result<Vec<Leftover>> {
    let mut found = Vec::new();
    if let Some(named) = run.project()
        && let Some(project) = agent::project_id(run, named).await?
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
        place: credential::path_of(record.id()),
    }));
    Ok(found)
}

/// The objects of a collection with these labels that no document names.
async fn unnamed<'d>(
    run: &Run<'_>,
    resource: &'static Resource,
    collection: &str,
    documents: impl Iterator<Item = &'d Document> + Clone,
    labels: &[(&str, &str)],
) -> anyhow::Result<Vec<Record>> {
    let options = ListOptions::default();
    let list = run.client.list(resource, collection, &options).await;
    let list = list.with_context(|| format!("list {}", resource.plural()))?;
    let mut records = list.items.unwrap_or_default();
    records.retain(|record| {
        let stored = pairs_of(record.text("labels")).unwrap_or_default();
        let has = |(key, value): &(&str, &str)| stored.get(*key).is_some_and(|v| v == value);
        let is_named = documents.clone().any(|document| {
            document.known_kind() == Some(resource.kind)
                && (document.name == record.name() || document.name == record.id())
        });
        !record.id().is_empty() && labels.iter().all(has) && !is_named
    });
    Ok(records)
}
