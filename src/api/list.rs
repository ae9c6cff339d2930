//! Lists, page by page, and search expressions.

use std::collections::HashSet;
use std::time::Instant;

use super::client::{Answer, Client, Request};
use super::error::Error;
use super::path::with_query;
use crate::output::progress::{self, Progress};
use crate::resources::{List, Record, Resource};

/// The most requests, objects and bytes that one list may take: a list without end is an error, not a full memory.
const MAX_PAGES: usize = 1000;
const MAX_OBJECTS: usize = 250_000;
const MAX_BYTES: usize = 1 << 30;
/// The time that one list may take, in time limits of a single request.
const MAX_REQUEST_TIMES: u32 = 10;
/// Items of a page while walking all of them.
const WALK_SIZE: i64 = 1000;
/// Items of a page for what is done to all objects (contract cli-core.md section 7.11).
const BULK_SIZE: i64 = 500;
/// The largest page that the server gives (contract api.md section 5).
const MAX_SIZE: i64 = 65_500;
/// What the Go tool asks for, and the server's own default.
pub const DEFAULT_LIMIT: i64 = 100;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    pub search: Option<String>,
    /// At most so many items; `None` walks to the end. Zero or less leaves the size to the server.
    pub limit: Option<i64>,
    /// The project in `X-Ambient-Project`, where it is not the configured one.
    pub project: Option<String>,
}

/// A search for an exact value; quotes in it are doubled (contract api.md section 5.1).
#[must_use]
pub fn equals(field: &str, value: &str) -> String {
    format!("{field} = '{}'", value.replace('\'', "''"))
}

impl Client {
    /// Lists a collection. The first request is the Go tool's; where the server has more than it
    /// showed, the whole is read again in the order of ids, since only that order holds while rows
    /// change (contract api.md section 5).
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub async fn list(
        &self,
        resource: &'static Resource,
        path: &str,
        options: &ListOptions,
    ) -> Result<List, Error> {
        let progress = listing(resource);
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
        // Without items there is nothing to walk, whatever the total claims.
        if shown == 0 || shown >= first.total || shown >= wanted {
            return Ok(first);
        }
        self.walk(resource, path, options, (first, wanted), spent, &progress)
            .await
    }

    /// Every object of a collection, in the server's order and in pages as the Go tool asks for them.
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
        let progress = listing(resource);
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
            // A server that shows the same page for ever ends the walk too.
            if got < BULK_SIZE || all.len() == before {
                break;
            }
            say(&progress, resource, all.len(), total);
        }
        Ok(all)
    }

    /// Finds objects by a search expression alone, as the Go tool asks for agents.
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

    /// Lists a collection whole. The first request says nothing of pages, as the Go tool asks for inboxes.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub async fn list_all(&self, resource: &'static Resource, path: &str) -> Result<List, Error> {
        let progress = listing(resource);
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
            say(progress, resource, items.len(), total.min(wanted));
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
            // A server that shows the same page for ever ends the walk too.
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

/// What a list has taken so far.
struct Spent {
    end: Option<Instant>,
    pages: usize,
    objects: usize,
    bytes: usize,
}

impl Spent {
    /// Counts a page.
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

fn listing(resource: &Resource) -> Progress {
    progress::begin(format!("Listing {}", resource.plural()))
}

fn say(progress: &Progress, resource: &Resource, count: usize, total: i64) {
    progress.say(|| format!("Listing {}: {count} of {total}", resource.plural()));
}

/// Reads a list.
fn decode(resource: &'static Resource, answer: &Answer) -> Result<List, Error> {
    answer.read(|tree| List::read(resource, tree))
}
