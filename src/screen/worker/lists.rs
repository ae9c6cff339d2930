//! Lists of the server, for the pages and for what is joined to them.

use futures_util::future::join_all;

use super::shared::fault;
use crate::api::{Client, Error, ListOptions, path};
use crate::resources::{CREDENTIAL, Record, Resource, remove_those_of_gateways};
use crate::screen::effect::List;
use crate::screen::event::Fault;

/// How many lists are asked for at the same time.
const AT_ONCE: usize = 10;

/// The rows of a list, or of a page that is made of several.
pub(super) struct Listed {
    pub rows: Vec<Record>,
    /// How many the server has.
    pub total: i64,
    /// How many of them are not shown, because the platform made them for its own gateways.
    pub hidden: i64,
}

impl Listed {
    /// Returns rows that are all there are.
    #[must_use]
    pub(super) fn all(rows: Vec<Record>) -> Self {
        Self {
            total: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            hidden: 0,
            rows,
        }
    }
}

pub(super) type Rows = Result<Listed, Fault>;

/// Reads a whole list. The token of a credential never reaches the screen, nor do the credentials that the platform
/// makes for itself.
pub(super) async fn listed(client: &Client, list: &List) -> Rows {
    let options = ListOptions {
        search: list.search.clone(),
        limit: None,
        project: Some(list.project.clone()),
    };
    // The title of the page tells how many are missing.
    let read = client.listed(list.resource, &list.path, &options).await;
    let read = read.map_err(|error| fault(&error))?;
    let mut rows = read.items.unwrap_or_default();
    if rows.is_empty()
        && let Some(gap) = read.gap
    {
        return Err(fault(&Error::Incomplete(gap)));
    }
    let is_hiding = list.resource.word == CREDENTIAL.word;
    let hidden = if is_hiding {
        remove_those_of_gateways(&mut rows)
    } else {
        0
    };
    for row in &mut rows {
        row.remove("token");
    }
    Ok(Listed {
        rows,
        total: read.total - hidden,
        hidden,
    })
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
    listed(client, &list).await.map(|read| read.rows)
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
                read.map(|read| read.rows).unwrap_or_default(),
            )
        });
        found.extend(join_all(lists).await);
    }
    found
}
