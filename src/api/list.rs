//! Lists, page by page, and search expressions.

use std::collections::HashSet;
use std::time::Instant;

use super::client::Client;
use super::error::Error;
use super::notice;
use super::path::with_query;
use super::request::{Answer, Request};
use crate::output::progress::Progress;
use crate::resources::{List, Record, Resource};

/// The limits of one list in requests, objects and bytes: a list without an end is an error and does not fill the memory.
const MAX_PAGES: usize = 1000;
const MAX_OBJECTS: usize = 250_000;
const MAX_BYTES: usize = 1 << 30;
/// The time limit of one list, as a multiple of the time limit of a request.
const MAX_REQUEST_TIMES: u32 = 10;
/// The size of a page while the client reads a whole list.
const WALK_SIZE: i64 = 1000;
/// The size of a page for commands that change all objects (docs/interface/cli-core.md section 7.11).
const BULK_SIZE: i64 = 500;
/// The size of the server's largest page (docs/interface/api.md section 5).
const MAX_SIZE: i64 = 65_500;
/// The size of a page in the Go tool's requests, and the server's default.
pub(super) const DEFAULT_LIMIT: i64 = 100;

/// The choice of the objects to list.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    pub search: Option<String>,
    /// The largest number of items; `None` lists all. With zero or less the server decides.
    pub limit: Option<i64>,
    /// The project in `X-Ambient-Project`, if it is not the configured one.
    pub project: Option<String>,
}

/// Returns the search for an exact value; quotes in it are doubled (docs/interface/api.md section 5.1).
#[must_use]
pub(crate) fn equals(field: &str, value: &str) -> String {
    format!("{field} = '{}'", value.replace('\'', "''"))
}

impl Client {
    /// Lists a collection. The first request is the Go tool's. If the server has more than it returned, the client reads
    /// the whole list again in the order of ids, because only that order is stable while objects change
    /// (docs/interface/api.md section 5).
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub async fn list(
        &self,
        resource: &'static Resource,
        path: &str,
        options: &ListOptions,
    ) -> Result<List, Error> {
        let progress = notice::listing(resource);
        let limit = options.limit.unwrap_or(DEFAULT_LIMIT);
        let mut spent = self.spent();
        let first = self
            .page(
                resource,
                path,
                options,
                (1, limit.min(MAX_SIZE), false),
                &mut spent,
            )
            .await?;
        let shown = i64::try_from(first.items().len()).unwrap_or(i64::MAX);
        let wanted = options.limit.filter(|limit| *limit > 0).unwrap_or(i64::MAX);
        // Without items there is no second page, whatever the total claims.
        if shown == 0 || shown >= first.total || shown >= wanted {
            return Ok(first);
        }
        self.walk(resource, path, options, (first, wanted), spent, &progress)
            .await
    }

    /// Returns every object of a collection, in the server's order, with the Go tool's requests.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub async fn every(
        &self,
        resource: &'static Resource,
        path: &str,
        project: Option<&str>,
    ) -> Result<Vec<Record>, Error> {
        let options = ListOptions {
            project: project.map(str::to_owned),
            ..ListOptions::default()
        };
        let progress = notice::listing(resource);
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        let mut spent = self.spent();
        for page in 1.. {
            let next = self
                .page(
                    resource,
                    path,
                    &options,
                    (page, BULK_SIZE, false),
                    &mut spent,
                )
                .await?;
            let got = i64::try_from(next.items().len()).unwrap_or(i64::MAX);
            let total = next.total;
            let before = all.len();
            let items = next.items.unwrap_or_default();
            all.extend(
                items
                    .into_iter()
                    .filter(|item| seen.insert(item.id().to_owned())),
            );
            // A server that repeats the same page forever ends the list too.
            if got < BULK_SIZE || all.len() == before {
                break;
            }
            notice::listed(&progress, resource, all.len(), total);
        }
        Ok(all)
    }

    /// Finds objects by a search expression alone, as the Go tool finds agents.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub async fn find(
        &self,
        resource: &'static Resource,
        path: &str,
        search: &str,
        project: &str,
    ) -> Result<List, Error> {
        let request = Request::get(with_query(path, &[("search", search)])).project(project);
        decode(resource, &self.send(&request).await?)
    }

    /// Lists a whole collection. The first request names no page, as the Go tool lists inboxes.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub async fn list_all(&self, resource: &'static Resource, path: &str) -> Result<List, Error> {
        let progress = notice::listing(resource);
        let mut spent = self.spent();
        let answer = self.send(&Request::get(path)).await?;
        let first = decode(resource, &answer)?;
        spent.page(&answer, &first)?;
        let shown = i64::try_from(first.items().len()).unwrap_or(i64::MAX);
        if shown == 0 || shown >= first.total {
            return Ok(first);
        }
        self.walk(
            resource,
            path,
            &ListOptions::default(),
            (first, i64::MAX),
            spent,
            &progress,
        )
        .await
    }

    async fn walk(
        &self,
        resource: &'static Resource,
        path: &str,
        options: &ListOptions,
        (first, wanted): (List, i64),
        mut spent: Spent,
        progress: &Progress,
    ) -> Result<List, Error> {
        let mut seen = HashSet::new();
        let mut items = Vec::new();
        let mut total = first.total;
        for page in 1.. {
            notice::listed(progress, resource, items.len(), total.min(wanted));
            let next = self
                .page(resource, path, options, (page, WALK_SIZE, true), &mut spent)
                .await?;
            let before = items.len();
            total = next.total;
            let got = next.items().len();
            items.extend(
                next.items
                    .unwrap_or_default()
                    .into_iter()
                    .filter(|item| seen.insert(item.id().to_owned())),
            );
            let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
            // A server that repeats the same page forever ends the list too.
            if got == 0 || items.len() == before || count >= total || count >= wanted {
                break;
            }
        }
        items.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        let size = i64::try_from(items.len()).unwrap_or(i64::MAX);
        Ok(List {
            resource,
            kind: first.kind,
            page: 1,
            size,
            total,
            items: Some(items),
        })
    }

    async fn page(
        &self,
        resource: &'static Resource,
        path: &str,
        options: &ListOptions,
        (page, size, by_id): (i64, i64, bool),
        spent: &mut Spent,
    ) -> Result<List, Error> {
        let (page, size_text) = (page.to_string(), size.to_string());
        let mut query: Vec<(&str, &str)> = Vec::new();
        if by_id {
            query.push(("orderBy", "id"));
        }
        query.push(("page", &page));
        if let Some(search) = &options.search {
            query.push(("search", search));
        }
        if size > 0 {
            query.push(("size", &size_text));
        }
        let mut request = Request::get(with_query(path, &query));
        request.project.clone_from(&options.project);
        let answer = self.send(&request).await?;
        let list = decode(resource, &answer)?;
        spent.page(&answer, &list)?;
        Ok(list)
    }

    fn spent(&self) -> Spent {
        Spent {
            end: self
                .time_limit()
                .and_then(|limit| Instant::now().checked_add(limit * MAX_REQUEST_TIMES)),
            pages: 0,
            objects: 0,
            bytes: 0,
        }
    }
}

/// The resources that a list has used so far.
struct Spent {
    end: Option<Instant>,
    pages: usize,
    objects: usize,
    bytes: usize,
}

impl Spent {
    /// Counts a page.
    ///
    /// # Errors
    /// The list exceeds a limit.
    fn page(&mut self, answer: &Answer, page: &List) -> Result<(), Error> {
        self.pages += 1;
        self.objects += page.items().len();
        self.bytes += answer.body.len();
        let passed = if self.end.is_some_and(|end| Instant::now() > end) {
            format!("it takes longer than {MAX_REQUEST_TIMES} requests may")
        } else if self.objects > MAX_OBJECTS {
            format!("it holds more than {MAX_OBJECTS} objects")
        } else if self.pages > MAX_PAGES {
            format!("it has more than {MAX_PAGES} pages")
        } else if self.bytes > MAX_BYTES {
            format!("it is larger than {} MiB", MAX_BYTES >> 20)
        } else {
            return Ok(());
        };
        Err(Error::Endless(format!("the list does not end: {passed}")))
    }
}

/// Reads a list.
fn decode(resource: &'static Resource, answer: &Answer) -> Result<List, Error> {
    answer.read(|tree| List::read(resource, tree))
}
