//! Lists of the server, for the pages and for what is joined to them.

use futures_util::future::join_all;

use super::shared::fault;
use crate::api::{Client, ListOptions, path};
use crate::resources::{Record, Resource};
use crate::screen::effect::List;
use crate::screen::event::Fault;

/// How many lists are asked for at the same time.
const AT_ONCE: usize = 10;

/// Rows, and how many the server has.
pub(super) type Rows = Result<(Vec<Record>, i64), Fault>;

/// Reads a whole list. The token of a credential never reaches the screen.
pub(super) async fn listed(client: &Client, list: &List) -> Rows {
    let options = ListOptions {
        search: list.search.clone(),
        limit: None,
        project: Some(list.project.clone()),
    };
    // The title of the page tells how many are missing.
    let read = client.listed(list.resource, &list.path, &options).await;
    let read = read.map_err(|error| fault(&error))?;
    let total = read.total;
    let mut rows = read.items.unwrap_or_default();
    for row in &mut rows {
        row.remove("token");
    }
    Ok((rows, total))
}

/// Reads all objects of a kind.
///
/// # Errors
/// Those of the request.
pub(super) async fn all(
    client: &Client,
    resource: &'static Resource,
) -> Result<Vec<Record>, Fault> {
    let list = List::new(resource, path(&[resource.collection]));
    listed(client, &list).await.map(|(rows, _)| rows)
}

/// Lists a kind in each of these projects. A project that can't be read has no objects.
pub(super) async fn in_projects(
    client: &Client,
    resource: &'static Resource,
    projects: &[String],
) -> Vec<(String, Vec<Record>)> {
    let mut found = Vec::new();
    for some in projects.chunks(AT_ONCE) {
        let lists = some.iter().map(async |project| {
            let list = List::new(resource, path(&["projects", project, resource.collection]));
            let read = listed(client, &list.in_project(project)).await;
            (
                project.clone(),
                read.map(|(rows, _)| rows).unwrap_or_default(),
            )
        });
        found.extend(join_all(lists).await);
    }
    found
}
