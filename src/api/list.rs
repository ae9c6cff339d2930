//! Lists, page by page, and search expressions.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Instant;

use futures_util::future::{Either, select};

use super::client::Client;
use super::error::Error;
use super::notice;
use super::path::with_query;
use super::proof::{refuse_kind, refuse_strangers};
use super::request::{Answer, Request};
use crate::output::progress::Progress;
use crate::resources::{List, Record, Resource, quick};

/// The limits of one list in requests, objects and bytes: a list without an end is an error and does not fill the
/// memory.
const MAX_PAGES: usize = 1000;
const MAX_OBJECTS: usize = 250_000;
const MAX_BYTES: usize = 1 << 30;
/// The time limit of one list, as a multiple of the time limit of a request.
const MAX_REQUEST_TIMES: u32 = 10;
/// The size of a page while the client reads a whole list.
const WALK_SIZE: i64 = 1000;
/// How often the client reads a list from its beginning if objects went while it was read, or fewer came than the
/// server counts.
const MAX_ROUNDS: u32 = 3;
/// How often the reader of a page gives way, so that the request for the next page is on its way before the work
/// begins.
const YIELDS: usize = 4;
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

/// Returns the search for one of these values.
#[must_use]
pub(crate) fn one_of(field: &str, values: &[String]) -> String {
    let quoted = |value: &String| format!("'{}'", value.replace('\'', "''"));
    let values: Vec<String> = values.iter().map(quoted).collect();
    format!("{field} in ({})", values.join(","))
}

impl Client {
    /// Lists a collection for a caller that concludes something from what is not in it.
    ///
    /// # Errors
    /// As [`Client::get_json`], and [`Error::Incomplete`] for a list with a gap.
    pub async fn list(
        &self,
        resource: &'static Resource,
        path: &str,
        options: &ListOptions,
    ) -> Result<List, Error> {
        whole(self.listed(resource, path, options).await?)
    }

    /// Lists a collection for a caller that shows it, as [`Client::pages`] reads it.
    ///
    /// # Errors
    /// As [`Client::get_json`]. A gap is not an error: the caller shows what there is, and then the gap.
    pub async fn listed(
        &self,
        resource: &'static Resource,
        path: &str,
        options: &ListOptions,
    ) -> Result<List, Error> {
        let mut gathered = Gathered::default();
        let list = self.pages(resource, path, options, |page| gathered.add(page));
        let list = list.await?;
        Ok(gathered.into_list(list))
    }

    /// Reads a collection and passes it to `with` page by page, until that breaks. Returns the list without its items.
    ///
    /// The first request is the Go tool's. If the server has more than it returned, the client reads the whole list
    /// again in the order of ids, because only that order is stable while objects change (docs/interface/api.md section
    /// 5).
    ///
    /// # Errors
    /// As [`Client::get_json`]. A gap is not an error: the list tells it.
    pub async fn pages(
        &self,
        resource: &'static Resource,
        path: &str,
        options: &ListOptions,
        mut with: impl FnMut(List) -> ControlFlow<()>,
    ) -> Result<List, Error> {
        let progress = notice::listing(resource);
        let limit = options.limit.unwrap_or(DEFAULT_LIMIT);
        let mut spent = self.spent();
        let first = (1, limit.min(MAX_SIZE), false);
        let first = self
            .page(resource, path, options, first, &mut spent)
            .await?;
        let wanted = options.limit.filter(|limit| *limit > 0).unwrap_or(i64::MAX);
        if distinct(first.items()) >= wanted || ends_with(&first, limit.min(MAX_SIZE)) {
            let head = List {
                gap: stranger(&first),
                ..first.head()
            };
            let _ = with(first);
            return Ok(head);
        }
        let walk = Walk::new(resource, path, options, first);
        self.walk(walk, spent, &progress, &mut with).await
    }

    /// Returns every object of a collection, in the server's order, with the Go tool's requests. If these do not prove
    /// that nothing is missing, the client reads the list again as [`Client::pages`] does.
    ///
    /// # Errors
    /// As [`Client::list`].
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
        let mut seen = Seen::default();
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
            let got = length(next.items());
            let before = all.len();
            let head = whole(List {
                gap: stranger(&next).filter(|_| got > 0),
                ..next.head()
            })?;
            let items = next.items.unwrap_or_default();
            all.extend(items.into_iter().filter(|item| seen.is_new(item.id())));
            let count = length(&all);
            let has_no_total = head.total == 0 && count < DEFAULT_LIMIT;
            if got < BULK_SIZE && (count == head.total || has_no_total) {
                whole(List {
                    gap: stranger(&head).filter(|_| count == 0),
                    ..head
                })?;
                return Ok(all);
            }
            // A server that repeats the same page forever ends the list too.
            if got < BULK_SIZE || all.len() == before {
                let walk = Walk::new(resource, path, &options, head);
                let list = self.walk_all(walk, spent, &progress).await?;
                return Ok(list.items.unwrap_or_default());
            }
            notice::listed(&progress, resource, count, head.total);
        }
        Ok(all)
    }

    /// Finds objects by a search expression alone, as the Go tool finds agents.
    ///
    /// # Errors
    /// As [`Client::list`].
    pub async fn find(
        &self,
        resource: &'static Resource,
        path: &str,
        search: &str,
        project: &str,
    ) -> Result<List, Error> {
        let request = Request::get(with_query(path, &[("search", search)])).project(project);
        let options = ListOptions {
            search: Some(search.to_owned()),
            limit: None,
            project: Some(project.to_owned()),
        };
        self.continued(resource, path, &options, &request).await
    }

    /// Lists a whole collection. The first request names no page, as the Go tool lists inboxes.
    ///
    /// # Errors
    /// As [`Client::list`].
    pub async fn list_all(&self, resource: &'static Resource, path: &str) -> Result<List, Error> {
        let options = ListOptions::default();
        self.continued(resource, path, &options, &Request::get(path))
            .await
    }

    /// Lists a collection whose first request names no page.
    async fn continued(
        &self,
        resource: &'static Resource,
        path: &str,
        options: &ListOptions,
        request: &Request,
    ) -> Result<List, Error> {
        let progress = notice::listing(resource);
        let mut spent = self.spent();
        let answer = self.send(request).await?;
        let first = decode(resource, path, &answer)?;
        spent.page(&answer, &first)?;
        if ends_with(&first, DEFAULT_LIMIT) {
            return whole(List {
                gap: stranger(&first),
                ..first
            });
        }
        let walk = Walk::new(resource, path, options, first);
        self.walk_all(walk, spent, &progress).await
    }

    /// Reads a whole list page by page.
    async fn walk_all(
        &self,
        walk: Walk<'_>,
        spent: Spent,
        progress: &Progress,
    ) -> Result<List, Error> {
        let mut gathered = Gathered::default();
        let mut with = |page| gathered.add(page);
        let list = self.walk(walk, spent, progress, &mut with).await?;
        whole(gathered.into_list(list))
    }

    /// Reads a list page by page, in the order of ids, again from the beginning if a round does not prove that nothing
    /// is missing: an object that goes moves the later ones to the page before.
    async fn walk(
        &self,
        mut walk: Walk<'_>,
        mut spent: Spent,
        progress: &Progress,
        with: &mut impl FnMut(List) -> ControlFlow<()>,
    ) -> Result<List, Error> {
        let mut shown = Shown::default();
        let mut gap = None;
        for round in 1..=MAX_ROUNDS {
            spent.begin();
            let end = self
                .round(&mut walk, &mut spent, progress, &mut shown, with)
                .await?;
            gap = match end {
                End::Whole => None,
                // A list that changes all the time was read as far as that can be done.
                End::Shrunk if round == MAX_ROUNDS => None,
                End::Shrunk => continue,
                End::Short(gap) => Some(gap),
            };
            if gap.is_none() {
                break;
            }
        }
        Ok(List {
            resource: walk.resource,
            kind: walk.kind,
            page: 1,
            size: shown.count.min(walk.wanted),
            total: walk.total,
            items: Some(Vec::new()),
            gap,
        })
    }

    /// Reads a list page by page once. The next page is asked for before the present one is read, so that the server
    /// prepares it meanwhile.
    async fn round(
        &self,
        walk: &mut Walk<'_>,
        spent: &mut Spent,
        progress: &Progress,
        shown: &mut Shown,
        with: &mut impl FnMut(List) -> ControlFlow<()>,
    ) -> Result<End, Error> {
        let (resource, wanted) = (walk.resource, walk.wanted);
        let mut round = Round::default();
        let mut ahead: Option<Answer> = None;
        notice::listed(progress, resource, shown.count, walk.total.min(wanted));
        for page in 1.. {
            let answer = match ahead.take() {
                Some(answer) => answer,
                None => self.ask(&walk.request(page)).await?,
            };
            let may_follow = page * WALK_SIZE < walk.total.min(wanted);
            let next = walk.request(page + 1);
            let next = async {
                if may_follow {
                    self.ask(&next).await.map(Some)
                } else {
                    Ok(None)
                }
            };
            let read = async {
                // Lets the connection send the request for the next page.
                for _ in 0..YIELDS {
                    tokio::task::yield_now().await;
                }
                let mut list = decode(resource, walk.path, &answer)?;
                spent.page(&answer, &list)?;
                drop(answer);
                walk.total = list.total;
                let mut end = round.page(&list);
                shown.keep_new(&mut list, wanted);
                notice::listed(progress, resource, shown.count, list.total.min(wanted));
                if with(list).is_break() || shown.count >= wanted {
                    end = Some(End::Whole);
                }
                Ok::<_, Error>(end)
            };
            let (next, end) = match select(pin!(next), pin!(read)).await {
                Either::Left((next, read)) => (Some(next), read.await?),
                // At the end, the answer about one more page is not waited for.
                Either::Right((end, next)) => {
                    let end = end?;
                    let next = if end.is_some() {
                        None
                    } else {
                        Some(next.await)
                    };
                    (next, end)
                }
            };
            if let Some(end) = end {
                return Ok(end);
            }
            ahead = next.transpose()?.flatten();
        }
        Ok(End::Whole)
    }

    /// Sends a request for a page. Its future is large, and two of them are alive at once.
    async fn ask(&self, request: &Request) -> Result<Answer, Error> {
        Box::pin(self.send(request)).await
    }

    async fn page(
        &self,
        resource: &'static Resource,
        path: &str,
        options: &ListOptions,
        part: (i64, i64, bool),
        spent: &mut Spent,
    ) -> Result<List, Error> {
        let answer = self.send(&page_request(path, options, part)).await?;
        let list = decode(resource, path, &answer)?;
        spent.page(&answer, &list)?;
        Ok(list)
    }

    fn spent(&self) -> Spent {
        Spent {
            end: self
                .time_limit()
                .and_then(|limit| Instant::now().checked_add(limit * MAX_REQUEST_TIMES)),
            ..Spent::default()
        }
    }
}

/// A list that is read page by page.
struct Walk<'a> {
    resource: &'static Resource,
    path: &'a str,
    options: &'a ListOptions,
    /// The largest number of objects.
    wanted: i64,
    /// The number of objects that the server has, by its latest answer.
    total: i64,
    kind: String,
}

impl<'a> Walk<'a> {
    fn new(
        resource: &'static Resource,
        path: &'a str,
        options: &'a ListOptions,
        first: List,
    ) -> Self {
        Self {
            resource,
            path,
            options,
            wanted: options.limit.filter(|limit| *limit > 0).unwrap_or(i64::MAX),
            total: first.total,
            kind: first.kind,
        }
    }

    fn request(&self, page: i64) -> Request {
        page_request(self.path, self.options, (page, WALK_SIZE, true))
    }
}

/// What one reading of a list from its beginning has shown.
#[derive(Default)]
struct Round {
    seen: Seen,
    count: i64,
    total: Option<i64>,
    /// True if the server's total fell between two pages.
    has_shrunk: bool,
}

/// How a reading of a list ended.
enum End {
    Whole,
    /// Objects went meanwhile, and others may have moved to a page that was read already.
    Shrunk,
    /// The server counts other objects than it sent.
    Short(String),
}

impl Round {
    /// Counts a page; returns how the list ended if this is its last page. Only the server's total and a page without
    /// objects are ends: a server may send smaller pages than it was asked for.
    fn page(&mut self, page: &List) -> Option<End> {
        if let Some(gap) = stranger(page) {
            return Some(End::Short(gap));
        }
        let before = self.count;
        let new = page
            .items()
            .iter()
            .filter(|item| self.seen.is_new(item.id()));
        self.count += i64::try_from(new.count()).unwrap_or(i64::MAX);
        self.has_shrunk |= self.total.is_some_and(|total| page.total < total);
        self.total = Some(page.total);
        if self.count != page.total && self.count != before {
            return None;
        }
        let is_past_the_end = page.items().is_empty();
        let is_whole = self.count == page.total || self.count > page.total && is_past_the_end;
        Some(if !is_whole {
            End::Short(gap(page, self.count))
        } else if self.has_shrunk {
            End::Shrunk
        } else {
            End::Whole
        })
    }
}

/// The objects that were passed on.
#[derive(Default)]
struct Shown {
    seen: Seen,
    count: i64,
}

impl Shown {
    /// Leaves the objects on the page that were not passed on yet, and of these no more than are wanted.
    fn keep_new(&mut self, page: &mut List, wanted: i64) {
        let Some(items) = &mut page.items else { return };
        items.retain(|item| self.seen.is_new(item.id()));
        self.count += length(items);
        let surplus = usize::try_from(self.count - wanted).unwrap_or(0);
        items.truncate(items.len() - surplus);
    }
}

/// True if the list ends with its first page, for which so many objects were asked. A server without totals ends it
/// with a page that is not full.
fn ends_with(first: &List, asked: i64) -> bool {
    let shown = distinct(first.items());
    let asked = if asked > 0 { asked } else { DEFAULT_LIMIT };
    shown == first.total || first.total == 0 && shown < asked
}

/// Returns the gap of an answer that is JSON without being a list, as a proxy may send it, or an error with a status
/// of success; and that of a list of other objects.
fn stranger(page: &List) -> Option<String> {
    let is_list = page.items.is_some() || page.kind.ends_with("List");
    if !is_list {
        return Some("the answer holds no list".to_owned());
    }
    let mut refused = page
        .items()
        .iter()
        .map(|item| refuse_kind(page.resource, item));
    refused.find_map(|done| Some(done.err()?.to_string()))
}

fn gap(page: &List, count: i64) -> String {
    let total = usize::try_from(page.total).unwrap_or_default();
    let counted = page.resource.counted(total);
    format!("the list may lack objects: the server counts {counted} and sent {count}")
}

/// Refuses a list with a gap.
fn whole(list: List) -> Result<List, Error> {
    match list.gap {
        Some(gap) => Err(Error::Incomplete(gap)),
        None => Ok(list),
    }
}

/// Returns the request for a page of this number and size; the last part says whether it is ordered by id.
fn page_request(
    path: &str,
    options: &ListOptions,
    (page, size, by_id): (i64, i64, bool),
) -> Request {
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
    request
}

/// The pages of a list, joined.
#[derive(Default)]
struct Gathered(Option<Vec<Record>>);

impl Gathered {
    fn add(&mut self, page: List) -> ControlFlow<()> {
        match (&mut self.0, page.items) {
            (Some(all), Some(items)) => all.extend(items),
            (None, items) => self.0 = items,
            (Some(_), None) => {}
        }
        ControlFlow::Continue(())
    }

    fn into_list(self, head: List) -> List {
        List {
            items: self.0.or(head.items),
            ..head
        }
    }
}

/// The ids that a list has shown, as hashes, so that a long list does not hold them all.
#[derive(Default)]
struct Seen {
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl Seen {
    /// Adds an id; returns whether it was missing. Objects without one cannot be distinguished.
    fn is_new(&mut self, id: &str) -> bool {
        id.is_empty() || self.hashes.insert(self.hasher.hash_one(id))
    }
}

/// Counts objects, each once: a server that shows one twice may leave out another. A recorded list has several objects
/// of one ID, which differ in their names.
fn distinct(items: &[Record]) -> i64 {
    let mut seen = Seen::default();
    let is_new = |item: &&Record| {
        item.id().is_empty() || seen.is_new(&format!("{}\n{}", item.id(), item.name()))
    };
    let new = items.iter().filter(is_new);
    i64::try_from(new.count()).unwrap_or(i64::MAX)
}

fn length(items: &[Record]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

/// The resources that a list has used so far.
#[derive(Default)]
struct Spent {
    end: Option<Instant>,
    pages: usize,
    objects: usize,
    bytes: usize,
}

impl Spent {
    /// Begins to count again; the time runs on.
    fn begin(&mut self) {
        *self = Self {
            end: self.end,
            ..Self::default()
        };
    }

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
///
/// # Errors
/// The answer is no list, or it holds an object of another project, agent or session than the one in the path.
fn decode(resource: &'static Resource, path: &str, answer: &Answer) -> Result<List, Error> {
    let list: List = answer.read_long(
        |text| quick::list(resource, text),
        |tree| List::read(resource, tree),
    )?;
    refuse_strangers(path, list.items())?;
    Ok(list)
}
