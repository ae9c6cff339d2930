//! Lists of the server, for the pages and for what is joined to them.

use futures_util::future::join_all;

use super::shared::fault;
use crate::api::{Client, Error, ListOptions, path};
use crate::resources::{CREDENTIAL, Record, Resource, remove_those_of_gateways};
use crate::screen::effect::List;
use crate::screen::event::{Extent, Fault};
use crate::screen::view::UNKNOWN;

/// How many lists are asked for at the same time.
const AT_ONCE: usize = 10;

/// The rows of a list, or of a page that is made of several.
pub(super) struct Listed {
    pub rows: Vec<Record>,
    /// How many the server has.
    pub total: i64,
    /// How many of them are not shown, because the platform made them for its own gateways.
    pub hidden: i64,
    /// Why there may be more.
    pub gap: Option<String>,
}

impl Listed {
    /// Returns rows that are made from lists, with what these lack.
    #[must_use]
    pub(super) fn made(rows: Vec<Record>, gap: Option<String>) -> Self {
        Self {
            total: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            hidden: 0,
            gap,
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
    // The page tells that rows may be missing.
    let read = client.listed(list.resource, &list.path, &options).await;
    let read = read.map_err(|error| fault(&error))?;
    let mut rows = read.items.unwrap_or_default();
    let gap = match read.gap {
        Some(gap) if rows.is_empty() => return Err(fault(&Error::Incomplete(gap))),
        gap => gap,
    };
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
        gap,
    })
}

/// Reads all objects of a kind, as far as they can be read.
///
/// # Errors
/// Those of the request.
pub(super) async fn all(client: &Client, resource: &'static Resource) -> Rows {
    listed(client, &List::new(resource, path(&[resource.collection]))).await
}

/// Lists a kind in each of these projects.
pub(super) async fn in_projects(
    client: &Client,
    resource: &'static Resource,
    projects: &[String],
) -> Vec<(String, Rows)> {
    let mut found = Vec::new();
    for some in projects.chunks(AT_ONCE) {
        let lists = some.iter().map(async |project| {
            let list = List::new(resource, path(&["projects", project, resource.collection]));
            let read = listed(client, &list.in_project(project)).await;
            (project.clone(), read)
        });
        found.extend(join_all(lists).await);
    }
    found
}

/// The rows of a list as far as it could be read. What is counted from them tells it.
pub(super) struct Known {
    pub rows: Vec<Record>,
    extent: Extent,
}

impl Known {
    /// Returns a number of rows, with a mark if there may be more, or a sign that it is not known.
    #[must_use]
    pub(super) fn number(&self, count: usize) -> String {
        match self.extent {
            Extent::Whole => count.to_string(),
            Extent::Part => format!("{count}+"),
            Extent::Nothing => UNKNOWN.to_owned(),
        }
    }

    #[must_use]
    pub(super) fn is_whole(&self) -> bool {
        self.extent == Extent::Whole
    }
}

/// What lists lack that a page is made of.
#[derive(Default)]
pub(super) struct Lacks {
    first: Option<String>,
    others: usize,
}

impl Lacks {
    /// Takes a list as far as it could be read, and remembers what it lacks. `what` names it.
    pub(super) fn known(&mut self, what: &str, read: Rows) -> Known {
        let (rows, lack, extent) = match read {
            Ok(Listed {
                rows, gap: None, ..
            }) => (rows, None, Extent::Whole),
            Ok(Listed { rows, gap, .. }) => (rows, gap, Extent::Part),
            Err(fault) => (Vec::new(), Some(fault.text), Extent::Nothing),
        };
        if let Some(lack) = lack {
            match self.first {
                Some(_) => self.others += 1,
                None => self.first = Some(format!("{what}: {lack}")),
            }
        }
        Known { rows, extent }
    }

    /// Returns what is lacking, as a sentence; `None` if nothing is.
    #[must_use]
    pub(super) fn said(self) -> Option<String> {
        let first = self.first?;
        Some(match self.others {
            0 => first,
            others => format!("{first} (and {others} more)"),
        })
    }
}
