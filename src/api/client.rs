//! The client: sends requests, decides which answers are a success, and repeats a request if that is safe.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde_json::Value;

use super::bearer::Renewal;
use super::body::Body;
use super::error::{Cause, Error};
use super::http::Http;
use super::local::Local;
use super::notice;
use super::proof;
use super::rehearsal;
use super::request::{Answer, BASE_PATH, Method, Request};
use super::stream::{Bytes, EventStream};
use super::trace::Trace;
use crate::config::{Settings, Verbosity};
use crate::resources::{Record, Resource};

/// The status of every deletion on the platform (docs/interface/api.md section 6).
const DELETED: u16 = 204;
/// The longest pause that a server may ask for with `Retry-After`.
const MAX_PAUSE: Duration = Duration::from_secs(30);

enum Transport {
    Http(Http),
    Local(Local),
}

pub struct Client {
    transport: Transport,
    project: Option<String>,
    retries: u32,
    trace: Trace,
    rehearses: AtomicBool,
    /// What the latest answer about a session says of its runner.
    has_runner: Mutex<Option<bool>>,
}

impl Client {
    /// Creates the client for the effective settings. It sends no request.
    ///
    /// # Errors
    /// `--ca-file` can't be read, or the store can't be opened.
    pub fn connect(settings: &Settings, token: Option<SecretString>) -> anyhow::Result<Self> {
        let transport = if settings.is_local() {
            Transport::Local(Local::open()?)
        } else {
            Transport::Http(Http::new(settings, token)?)
        };
        Ok(Self {
            transport,
            project: settings.project.value.clone(),
            retries: settings.retries.value,
            trace: Trace::new(settings.verbosity),
            rehearses: AtomicBool::new(false),
            has_runner: Mutex::default(),
        })
    }

    /// Creates a client of the embedded API whose store is in this folder, without a project.
    ///
    /// # Errors
    /// The store can't be opened.
    pub fn embedded(directory: &Path, retries: u32, verbosity: Verbosity) -> anyhow::Result<Self> {
        Ok(Self {
            transport: Transport::Local(Local::open_in(directory)?),
            project: None,
            retries,
            trace: Trace::new(verbosity),
            rehearses: AtomicBool::new(false),
            has_runner: Mutex::default(),
        })
    }

    /// Creates a client whose requests name no project.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub fn without_project(
        settings: &Settings,
        token: Option<SecretString>,
    ) -> anyhow::Result<Self> {
        let mut client = Self::connect(settings, token)?;
        client.project = None;
        Ok(client)
    }

    /// Sends no write from now on: each gets the answer that a server would likely give.
    pub fn rehearse(&self) {
        self.rehearses.store(true, Ordering::Relaxed);
    }

    /// True if nothing that changes something is sent.
    #[must_use]
    pub(crate) fn rehearses(&self) -> bool {
        self.rehearses.load(Ordering::Relaxed)
    }

    /// Returns whether somebody runs the sessions of the embedded API; `None` if the server has not told.
    pub(crate) fn has_runner(&self) -> Option<bool> {
        *self.runner()
    }

    fn runner(&self) -> MutexGuard<'_, Option<bool>> {
        self.has_runner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the client replace its token once for each request that the server refuses with 401.
    #[must_use]
    pub(crate) fn renew_with(mut self, renewal: Renewal) -> Self {
        if let Transport::Http(http) = &mut self.transport {
            http.bearer.renew_with(renewal);
        }
        self
    }

    /// Returns the token of the next request.
    pub(crate) fn token(&self) -> Option<SecretString> {
        match &self.transport {
            Transport::Http(http) => http.bearer.token(),
            Transport::Local(_) => None,
        }
    }

    /// Replaces the token that the server has refused. The request has had no effect then, so it may be sent again.
    async fn renew(&self, refused: Option<&SecretString>) -> bool {
        match (&self.transport, refused) {
            (Transport::Http(http), Some(refused)) => http.bearer.renew(refused).await,
            _ => false,
        }
    }

    /// Returns the error of a request that the caller has stopped waiting for.
    #[must_use]
    pub fn timed_out(&self, request: &Request) -> Error {
        let url = match &self.transport {
            Transport::Http(http) => http.url(&request.path),
            Transport::Local(_) => format!("local:{BASE_PATH}{}", request.path),
        };
        Error::transport(
            request.method.title(),
            &url,
            Cause::Timeout,
            "context deadline exceeded",
        )
    }

    /// Returns the time limit of one request; the embedded API has none.
    pub(super) fn time_limit(&self) -> Option<Duration> {
        match &self.transport {
            Transport::Http(http) => Some(http.time_limit()),
            Transport::Local(_) => None,
        }
    }

    /// Returns the project of the requests, if they name one.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// Sends a request and waits for a whole answer. A write succeeds if the answer shows that it was done: a page for
    /// browsers, an error's object or another object does not, and neither does an answer to a deletion that is not the
    /// platform's, unless the object is seen to be gone.
    ///
    /// # Errors
    /// As [`Client::exchange`]; [`Error::Html`] and [`Error::Unproven`] for a write that may not have been done.
    pub async fn send(&self, request: &Request) -> Result<Answer, Error> {
        proof::refuse_path(request)?;
        let answer = self.exchange(request).await?;
        if self.rehearses() {
            return Ok(answer);
        }
        match request.method {
            Method::Get => {}
            Method::Delete if answer.status == DELETED => {}
            Method::Delete if answer.status == 404 => answer.refuse_html()?,
            Method::Delete => Box::pin(self.see_deleted(request, answer.status)).await?,
            Method::Post | Method::Patch => {
                answer.refuse_html()?;
                answer.refuse_error()?;
                proof::refuse_undone(request, &answer)?;
                let project = request.project.as_deref().or(self.project.as_deref());
                proof::refuse_other(request, project, &answer)?;
            }
        }
        Ok(answer)
    }

    /// Asks once for an object whose deletion had another answer than that of the platform.
    async fn see_deleted(&self, request: &Request, status: u16) -> Result<(), Error> {
        let mut read = Request::get(request.path.as_str());
        read.project.clone_from(&request.project);
        let seen = match self.exchange(&read).await {
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => format!("whether the object is gone can't be seen: {error}"),
            Ok(answer) => {
                answer.refuse_html()?;
                "the object is still there".to_owned()
            }
        };
        Err(Error::Unproven(format!(
            "the server accepted the deletion (HTTP {status}), but {seen}"
        )))
    }

    /// Sends a request and waits for a whole answer. Any 2xx is a success, whatever the answer says.
    ///
    /// # Errors
    /// [`Error::Status`] for every other status; [`Error::Transport`] or [`Error::Body`] if no whole answer arrived.
    pub async fn exchange(&self, request: &Request) -> Result<Answer, Error> {
        if self.rehearses() && request.method != Method::Get {
            return self.rehearsed(request).await;
        }
        let mut answer_lost = false;
        let mut is_renewed = false;
        let mut attempt = 0;
        loop {
            let token = self.token();
            let (error, retry_after) = match self.send_once(request).await {
                Ok(answer)
                    if answer.status == 401 && !is_renewed && self.renew(token.as_ref()).await =>
                {
                    is_renewed = true;
                    continue;
                }
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
                // The answer to an earlier attempt was lost: it has deleted the object if that is gone now.
                Ok(answer)
                    if answer.status == 404 && answer_lost && request.method == Method::Delete =>
                {
                    return Ok(answer);
                }
                Ok(answer) => (
                    Error::from_answer(
                        answer.status,
                        &answer.body,
                        answer.operation_id,
                        answer.location,
                    )
                    .with_pause(answer.retry_after)
                    .of_embedded(matches!(self.transport, Transport::Local(_)))
                    .with_end(token.as_ref()),
                    answer.retry_after,
                ),
                Err(error) => (error, None),
            };
            let Some(pause) = self.pause(request.method, &error, retry_after, attempt) else {
                return Err(error);
            };
            answer_lost |= error.status().is_none();
            self.trace.retry(attempt, pause, &error.to_string());
            let _waiting = notice::waiting(&error, pause);
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// Answers a write that is not sent.
    async fn rehearsed(&self, request: &Request) -> Result<Answer, Error> {
        let found = match rehearsal::reading(request) {
            Some(read) => Box::pin(self.exchange(&read)).await?.json()?,
            None => rehearsal::nothing(),
        };
        Ok(rehearsal::answer(request, found))
    }

    /// Sends a request once and returns its answer, whatever the status.
    ///
    /// # Errors
    /// [`Error::Transport`] or [`Error::Body`] if no whole answer arrived.
    pub async fn send_once(&self, request: &Request) -> Result<Answer, Error> {
        let project = request.project.as_deref().or(self.project.as_deref());
        let project = project.filter(|project| !project.is_empty());
        let started = Instant::now();
        let answer = match &self.transport {
            Transport::Http(http) => {
                self.trace
                    .request(&http.url(&request.path), request, project);
                http.send(request, project).await?
            }
            Transport::Local(local) => {
                self.trace.request(
                    &format!("local:{BASE_PATH}{}", request.path),
                    request,
                    project,
                );
                local.send(request, project).await?
            }
        };
        self.trace.answer(&answer, started.elapsed());
        if answer.has_runner.is_some() {
            *self.runner() = answer.has_runner;
        }
        Ok(answer)
    }

    /// Returns the pause before the next attempt; `None` if the request is not repeated. Only safe requests are: never
    /// a POST, never one that the server refused, never one that ran into our own time limit.
    fn pause(
        &self,
        method: Method,
        error: &Error,
        retry_after: Option<Duration>,
        attempt: u32,
    ) -> Option<Duration> {
        if attempt >= self.retries || !method.repeats_safely() {
            return None;
        }
        match error {
            Error::Status {
                status: 429 | 503, ..
            } if retry_after.is_some() => retry_after.filter(|pause| *pause <= MAX_PAUSE),
            Error::Status {
                status: 502..=504, ..
            }
            | Error::Transport {
                cause: Cause::Closed,
                ..
            } => Some(backoff(attempt)),
            _ => None,
        }
    }

    /// Opens an event stream, which continues behind the last event that was read, if one is given.
    ///
    /// # Errors
    /// [`Error::Transport`], [`Error::Status`] for every status but 200, or [`Error::Unrelated`] for something else
    /// than a stream.
    pub async fn stream(
        &self,
        path: &str,
        last_event_id: Option<&str>,
    ) -> Result<EventStream, Error> {
        let mut request = Request::get(path);
        request.last_event_id = last_event_id.map(str::to_owned);
        self.stream_of(&request).await
    }

    /// Opens the event stream that a request asks for.
    ///
    /// # Errors
    /// As [`Client::stream`].
    pub(crate) async fn stream_of(&self, request: &Request) -> Result<EventStream, Error> {
        proof::refuse_path(request)?;
        let token = self.token();
        match self.open_stream(request).await {
            Err(error) if error.status() == Some(401) && self.renew(token.as_ref()).await => {
                self.open_stream(request).await
            }
            opened => opened,
        }
    }

    async fn open_stream(&self, request: &Request) -> Result<EventStream, Error> {
        let project = request.project.as_deref().or(self.project.as_deref());
        let project = project.filter(|project| !project.is_empty());
        let bytes = match &self.transport {
            Transport::Http(http) => {
                self.trace
                    .request(&http.url(&request.path), request, project);
                Bytes::Http(http.open(request, project).await?)
            }
            Transport::Local(local) => Bytes::Local(local.open_stream(request, project).await?),
        };
        Ok(EventStream::new(&request.path, bytes))
    }

    /// Gets a JSON document.
    ///
    /// # Errors
    /// As [`Client::send`], and [`Error::Decode`].
    pub async fn get_json(&self, path: &str) -> Result<Value, Error> {
        self.send(&Request::get(path)).await?.json()
    }

    /// Gets one object.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub async fn get(&self, resource: &'static Resource, path: &str) -> Result<Record, Error> {
        self.fetch(resource, &Request::get(path)).await
    }

    /// Creates an object.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub async fn create(
        &self,
        resource: &'static Resource,
        path: &str,
        body: Body,
    ) -> Result<Record, Error> {
        self.fetch(resource, &Request::new(Method::Post, path).body(body))
            .await
    }

    /// Changes the fields of an object that `body` holds.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub async fn update(
        &self,
        resource: &'static Resource,
        path: &str,
        body: Body,
    ) -> Result<Record, Error> {
        self.fetch(resource, &Request::new(Method::Patch, path).body(body))
            .await
    }

    /// Sends a request whose answer is one object. The answer to a request for an object by its ID is believed only if
    /// it is this object.
    ///
    /// # Errors
    /// As [`Client::get_json`] and [`Client::written`]; [`Error::Unrelated`] for another object.
    pub async fn fetch(
        &self,
        resource: &'static Resource,
        request: &Request,
    ) -> Result<Record, Error> {
        let answer = self.send(request).await?;
        if request.method == Method::Get {
            let record = answer.read(|tree| Record::read(resource, tree))?;
            proof::refuse_unread(resource, request, &answer, &record)?;
            if let Some(read) = proof::second_read(request, &record) {
                Box::pin(self.see_same(&record, &read)).await?;
            }
            return Ok(record);
        }
        self.written(resource, request, &answer).await
    }

    /// Reads an object that was found by its name again, by its ID: it may be the ID of an object of another name.
    ///
    /// # Errors
    /// As [`Client::fetch`]; [`Error::Unrelated`] if the ID leads to nothing, or to another object.
    pub(crate) async fn see_same(&self, found: &Record, read: &Request) -> Result<(), Error> {
        let answer = match self.send(read).await {
            Err(error) if error.is_not_found() => return Err(proof::unconfirmed(found)),
            answer => answer?,
        };
        let again = answer.read(|tree| Record::read(found.resource, tree))?;
        proof::refuse_unread(found.resource, read, &answer, &again)?;
        if (again.id(), again.name()) == (found.id(), found.name()) {
            return Ok(());
        }
        Err(proof::unconfirmed(found))
    }

    /// Reads the object in the answer to a write. An action that switches something may have an empty answer: then the
    /// object itself is read.
    ///
    /// # Errors
    /// [`Error::Decode`], and [`Error::Unproven`] if the answer has keys, but not the ID of an object of this kind, or
    /// if the object shows that nothing was done.
    pub(crate) async fn written(
        &self,
        resource: &'static Resource,
        request: &Request,
        answer: &Answer,
    ) -> Result<Record, Error> {
        let record = match proof::switched(request) {
            Some((object, _)) if answer.body.is_empty() => {
                let mut read = Request::get(object);
                read.project.clone_from(&request.project);
                Box::pin(self.fetch(resource, &read)).await?
            }
            _ => answer.read(|tree| Record::read(resource, tree))?,
        };
        if self.rehearses() {
            return Ok(record);
        }
        proof::refuse_nameless(request, &record, answer)?;
        proof::refuse_kind(resource, &record)?;
        proof::refuse_unchanged(request, &record)?;
        Ok(record)
    }
}

/// Returns a quarter of a second, doubled with each attempt, and up to half as much again, so that many callers do not
/// come back at the same time.
fn backoff(attempt: u32) -> Duration {
    let base = 250_u64 << attempt.min(5);
    let mut random = [0_u8; 8];
    let jitter =
        getrandom::fill(&mut random).map_or(0, |()| u64::from_ne_bytes(random) % (base / 2));
    Duration::from_millis(base + jitter)
}
