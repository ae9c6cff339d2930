//! A request and its answer, whichever transport carries them.

use std::fmt;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER};
use serde_json::Value;

use super::body::Body;
use super::bounds::check_weight;
use super::error::Error;
use crate::compat::json;
use crate::compat::json_tree::Tree;
use crate::config::server_url;
use crate::text::url_for_people;

/// The start of every path of the platform.
pub(crate) const BASE_PATH: &str = server_url::API_PATH;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    /// Returns the name that the Go tool's messages use.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Get => "Get",
            Self::Post => "Post",
            Self::Patch => "Patch",
            Self::Delete => "Delete",
        }
    }

    /// Returns the name in a request.
    #[must_use]
    pub fn wire(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// True if two requests have the same effect as one.
    #[must_use]
    pub fn repeats_safely(self) -> bool {
        self != Self::Post
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire())
    }
}

/// A request below [`BASE_PATH`].
pub struct Request {
    pub method: Method,
    /// The encoded path with its query.
    pub path: String,
    pub body: Option<Body>,
    /// The project in `X-Ambient-Project`, if it is not the configured one; an empty text means none.
    pub project: Option<String>,
    /// For a stream: the last event that was read. The stream continues behind it.
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

/// A whole answer.
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub operation_id: Option<String>,
    /// The pause that the server wants, from `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The target of a redirect, without a password.
    pub location: Option<String>,
    /// The server's clock, from `Date`.
    pub date: Option<String>,
    /// Whether somebody runs the sessions of the server. Only the embedded API says so, beside sessions.
    pub has_runner: Option<bool>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns an answer of this status with these headers, whose body is still empty.
    #[must_use]
    pub fn of(status: u16, headers: &HeaderMap) -> Self {
        let header = |name: &str| {
            let text = headers.get(name)?.to_str().ok()?;
            Some(text.to_owned())
        };
        let is_redirect = (300..400).contains(&status);
        let location = header(LOCATION.as_str()).filter(|_| is_redirect);
        Self {
            status,
            content_type: header(CONTENT_TYPE.as_str()).unwrap_or_default(),
            operation_id: header("X-Operation-Id"),
            retry_after: header(RETRY_AFTER.as_str())
                .and_then(|text| text.parse().ok())
                .map(Duration::from_secs),
            location: location.map(|location| url_for_people(&location)),
            date: header(DATE.as_str()),
            has_runner: header("X-Acpctl-Runner").map(|word| word != "none"),
            body: Vec::new(),
        }
    }

    /// Returns the body as JSON.
    ///
    /// # Errors
    /// [`Error::Decode`] if it is not JSON, or empty; [`Error::Body`] if it is too large.
    pub fn json(&self) -> Result<Value, Error> {
        check_weight(&self.body)?;
        json::parse(&self.body).map_err(|why| self.unreadable(&why))
    }

    /// Reads the body with `decode`.
    ///
    /// # Errors
    /// As [`Answer::json`], and the errors of `decode`.
    pub fn read<T, E: fmt::Display>(
        &self,
        decode: impl FnOnce(Tree<'_>) -> Result<T, E>,
    ) -> Result<T, Error> {
        check_weight(&self.body)?;
        let tree = Tree::parse(&self.body).map_err(|why| self.unreadable(&why))?;
        decode(tree).map_err(|why| self.unreadable(&why))
    }

    /// Reads the body with `quick`, and with `decode` if that does not know it.
    ///
    /// # Errors
    /// As [`Answer::read`].
    pub fn read_long<T, E: fmt::Display>(
        &self,
        quick: impl FnOnce(&[u8]) -> Option<T>,
        decode: impl FnOnce(Tree<'_>) -> Result<T, E>,
    ) -> Result<T, Error> {
        check_weight(&self.body)?;
        match quick(&self.body) {
            Some(read) => Ok(read),
            None => self.read(decode),
        }
    }

    /// True for `{}`. The Go tool takes it for success, while an object with unknown keys alone is another API's.
    #[must_use]
    pub fn is_empty_object(&self) -> bool {
        let shown = self.body.iter().filter(|byte| !byte.is_ascii_whitespace());
        shown.eq(b"{}")
    }

    /// Refuses a page for browsers.
    ///
    /// # Errors
    /// [`Error::Html`].
    pub(super) fn refuse_html(&self) -> Result<(), Error> {
        match Error::unreadable(&self.content_type, &self.body, "the answer is HTML") {
            error @ Error::Html(_) => Err(error),
            _ => Ok(()),
        }
    }

    /// Refuses an object that is an error, or the status of one, whatever the status of the answer says.
    ///
    /// # Errors
    /// [`Error::Unproven`], with the server's reason.
    pub(super) fn refuse_error(&self) -> Result<(), Error> {
        let Ok(value) = serde_json::from_slice::<Value>(&self.body) else {
            return Ok(());
        };
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        if !matches!(text("kind"), Some("Error" | "Status")) {
            return Ok(());
        }
        let reason = text("reason").or_else(|| text("message"));
        let (status, reason) = (self.status, reason.unwrap_or("it gives no reason"));
        Err(Error::unproven(&format!(
            "the server answered with HTTP {status}, but with an error: {reason}"
        )))
    }

    fn unreadable(&self, why: &dyn fmt::Display) -> Error {
        Error::unreadable(&self.content_type, &self.body, &why.to_string())
    }
}
