//! The one client: sends requests, decides what is a success, retries where that is safe.

use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde_json::Value;

use super::body::Body;
use super::bounds::check_weight;
use super::error::{Cause, Error};
use super::http::Http;
use super::local::Local;
use super::stream::{EventStream, Source};
use super::trace::Trace;
use crate::compat::json;
use crate::compat::json_tree::Tree;
use crate::config::Settings;
use crate::globals::Globals;
use crate::output::progress;
use crate::resources::{Record, Resource};

/// Every path of the platform starts with this.
pub const BASE_PATH: &str = "/api/ambient/v1";
/// The longest pause that a server may ask for with `Retry-After`.
const MAX_PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    /// As the Go tool names it in messages.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Get => "Get",
            Self::Post => "Post",
            Self::Patch => "Patch",
            Self::Delete => "Delete",
        }
    }

    /// As it stands on the wire.
    #[must_use]
    pub fn wire(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Doing it twice is the same as doing it once.
    fn repeats_safely(self) -> bool {
        self != Self::Post
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.wire())
    }
}

/// A request below [`BASE_PATH`].
pub struct Request {
    pub method: Method,
    /// Encoded path with its query.
    pub path: String,
    pub body: Option<Body>,
    /// The project in `X-Ambient-Project`, where it is not the configured one; an empty one for none.
    pub project: Option<String>,
    /// For a stream: the last event that was read, so that it goes on behind it.
    pub last_event_id: Option<String>,
}

impl Request {
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            project: None,
            last_event_id: None,
        }
    }

    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }

    #[must_use]
    pub fn project(mut self, project: &str) -> Self {
        self.project = Some(project.to_owned());
        self
    }
}

/// An answer, whole.
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub operation_id: Option<String>,
    /// The server's wish in seconds, from `Retry-After`.
    pub retry_after: Option<Duration>,
    pub location: Option<String>,
    /// The server's clock, from `Date`.
    pub date: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`Error::Decode`] if it is not JSON, or empty; [`Error::Body`] if it is too large.
    pub fn json(&self) -> Result<Value, Error> {
        check_weight(&self.body)?;
        json::parse(&self.body).map_err(|why| Error::unreadable(self, &why.to_string()))
    }

    /// What `decode` makes of the body.
    ///
    /// # Errors
    /// As [`Answer::json`], and what `decode` says.
    pub fn read<T>(&self, decode: impl FnOnce(Tree<'_>) -> Result<T, String>) -> Result<T, Error> {
        check_weight(&self.body)?;
        let decoded = Tree::parse(&self.body)
            .map_err(|why| why.to_string())
            .and_then(decode);
        decoded.map_err(|why| Error::unreadable(self, &why))
    }
}

enum Transport {
    Http(Http),
    Local(Local),
}

pub struct Client {
    transport: Transport,
    project: Option<String>,
    retries: u32,
    trace: Trace,
}

impl Client {
    /// Makes the client for the effective settings. Nothing is sent.
    ///
    /// # Errors
    /// Why the client can't be made: an unreadable `--ca-file`, or a store that can't be opened.
    pub fn connect(
        settings: &Settings,
        token: Option<SecretString>,
        globals: &Globals,
    ) -> anyhow::Result<Self> {
        let transport = if settings.is_local() {
            Transport::Local(Local::open()?)
        } else {
            Transport::Http(Http::new(settings, token, globals)?)
        };
        Ok(Self {
            transport,
            project: settings.project.clone(),
            retries: settings.retries,
            trace: Trace::new(globals),
        })
    }

    /// A client of the embedded API whose store is in this folder, without a project.
    ///
    /// # Errors
    /// When the store can't be opened.
    pub fn embedded(directory: &Path, globals: &Globals) -> anyhow::Result<Self> {
        Ok(Self {
            transport: Transport::Local(Local::open_in(directory)?),
            project: None,
            retries: globals.retries,
            trace: Trace::new(globals),
        })
    }

    /// A client without a project, for what concerns none.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub fn without_project(
        settings: &Settings,
        token: Option<SecretString>,
        globals: &Globals,
    ) -> anyhow::Result<Self> {
        let mut client = Self::connect(settings, token, globals)?;
        client.project = None;
        Ok(client)
    }

    /// The error of a caller who waits no longer.
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

    /// How long one request may take; the embedded API has no limit.
    pub(super) fn time_limit(&self) -> Option<Duration> {
        match &self.transport {
            Transport::Http(http) => Some(http.time_limit()),
            Transport::Local(_) => None,
        }
    }

    /// The project of the requests, if one is known.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// Sends a request and waits for a whole answer. Any 2xx is a success.
    ///
    /// # Errors
    /// [`Error::Status`] for every other status, [`Error::Transport`] or [`Error::Body`] where no
    /// whole answer came.
    pub async fn send(&self, request: &Request) -> Result<Answer, Error> {
        let mut answer_lost = false;
        for attempt in 0.. {
            let (error, retry_after) = match self.send_once(request).await {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
                // A delete whose answer was lost did its work if the object is gone now.
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
                    ),
                    answer.retry_after,
                ),
                Err(error) => (error, None),
            };
            let Some(pause) = self.pause(request.method, &error, retry_after, attempt) else {
                return Err(error);
            };
            answer_lost |= error.status().is_none();
            self.trace.retry(attempt, pause, &error.to_string());
            let _waiting = progress::begin(waiting(&error, pause));
            tokio::time::sleep(pause).await;
        }
        unreachable!("the loop ends by returning")
    }

    /// Sends a request once and gives the answer, whatever its status.
    ///
    /// # Errors
    /// [`Error::Transport`] or [`Error::Body`] where no whole answer came.
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
        Ok(answer)
    }

    /// How long to wait before the next try; nothing if there is to be none. Only what is safe to
    /// repeat is repeated: never a POST, never after a refusal, never after a time-out of our own.
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

    /// Opens an event stream, behind the last event that was read, if one is named.
    ///
    /// # Errors
    /// [`Error::Transport`], or [`Error::Status`] for anything but 200.
    pub async fn stream(
        &self,
        path: &str,
        last_event_id: Option<&str>,
    ) -> Result<EventStream, Error> {
        let mut request = Request::get(path);
        request.last_event_id = last_event_id.map(str::to_owned);
        let project = self.project.as_deref();
        Ok(EventStream::new(match &self.transport {
            Transport::Http(http) => {
                self.trace.request(&http.url(path), &request, project);
                Source::Http(http.open(&request, project).await?)
            }
            Transport::Local(local) => Source::Local(local.open_stream(&request, project).await?),
        }))
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

    /// Changes an object; only the fields of `body` are touched.
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

    /// Deletes an object.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn delete(&self, path: &str) -> Result<(), Error> {
        self.send(&Request::new(Method::Delete, path))
            .await
            .map(drop)
    }

    /// Sends a request whose answer is one object.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub async fn fetch(
        &self,
        resource: &'static Resource,
        request: &Request,
    ) -> Result<Record, Error> {
        let answer = self.send(request).await?;
        answer.read(|tree| Record::read(resource, tree))
    }
}

/// What the user waits for before the next try.
fn waiting(error: &Error, pause: Duration) -> String {
    let why = match error.status() {
        Some(status) => format!("server busy ({status})"),
        None => "connection lost".to_owned(),
    };
    format!("{why}: waiting {} s", pause.as_secs().max(1))
}

/// A quarter of a second, doubled with each try, and up to half as much again so that many callers
/// do not come back at once.
fn backoff(attempt: u32) -> Duration {
    let base = 250_u64 << attempt.min(5);
    let mut random = [0_u8; 8];
    let jitter =
        getrandom::fill(&mut random).map_or(0, |()| u64::from_ne_bytes(random) % (base / 2));
    Duration::from_millis(base + jitter)
}
