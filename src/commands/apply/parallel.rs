//! Applies documents, several at the same time where none of them can depend on another.

use std::collections::HashSet;

use futures_util::stream::{FuturesOrdered, StreamExt as _};

use super::ahead::FEWEST;
use super::document::Document;
use crate::lookup;

/// Applies each item of a group by `one`, at most `limit` at the same time, and passes the results to `done` in the
/// order of the items; `done` returns the failures among them.
///
/// # Errors
/// The first failure of `done`. Nothing is begun after it, but what was begun is ended, since a request that is
/// cut off may have changed the server. Further failures go to `also`.
pub(super) async fn in_order<'a, T, R>(
    items: &'a [T],
    limit: usize,
    one: impl AsyncFn(&'a T) -> anyhow::Result<R>,
    mut done: impl FnMut(&'a T, anyhow::Result<R>) -> anyhow::Result<()>,
    mut also: impl FnMut(anyhow::Error),
) -> anyhow::Result<()> {
    let mut waiting = items.iter();
    let mut running = FuturesOrdered::new();
    let mut failed = None;
    loop {
        while failed.is_none()
            && running.len() < limit
            && let Some(item) = waiting.next()
        {
            let work = one(item);
            running.push_back(async move { (item, work.await) });
        }
        let Some((item, result)) = running.next().await else {
            return failed.map_or(Ok(()), Err);
        };
        if let Err(error) = done(item, result) {
            match failed {
                None => failed = Some(error),
                Some(_) => also(error),
            }
        }
    }
}

/// Returns how many of the first documents can be applied at the same time: several credentials, or several agents,
/// each of another name. All other kinds come one after the other: they may name each other, or mean the same object.
pub(super) fn independent(documents: &[Document]) -> usize {
    let mut names = HashSet::new();
    let kind = documents.first().map(Document::kind);
    let together = documents.iter().take_while(|document| {
        Some(document.kind()) == kind && name(document).is_some_and(|name| names.insert(name))
    });
    match together.count() {
        count if count < FEWEST => 1,
        count => count,
    }
}

/// Returns what makes a document of these kinds differ from others: the project, if it is given, and the name. A text
/// that may be an ID can mean an object that another document names by its name.
fn name(document: &Document) -> Option<(Option<&str>, &str)> {
    let project = match document {
        Document::Credential(_) => None,
        Document::Agent(agent) => agent.project.as_deref(),
        _ => return None,
    };
    let name = document.name().filter(|name| !lookup::has_form_of_id(name));
    name.map(|name| (project, name))
}
