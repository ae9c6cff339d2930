//! The errors of requests and answers, in the Go tool's words (docs/interface/cli-resources.md section 1.5).

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::config::settings;
use crate::env;
use crate::failure::{Failure, Kind, ServerWords};
use crate::kubeconfig::jwt;
use crate::resources::WrongType;
use crate::text::{acpctl, secrets, visible};

/// The longest text of a server that we show, in characters.
const LONGEST: usize = 2000;
/// The longest text of a server that is not in the platform's format, in characters.
const LONGEST_LINE: usize = 200;

/// The library's reason `CaUsedAsEndEntity` in plain words.
pub(super) const OF_AUTHORITY: &str = "the server's certificate is that of an authority (CA:TRUE)";

/// Why no answer arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Refused,
    /// A time limit ran out.
    Timeout,
    /// The connection ended before the answer.
    Closed,
    Tls,
    /// The token can't be sent.
    Token,
    Other,
}

/// A failed request. Its text never holds the token or a body.
#[derive(Debug)]
pub enum Error {
    /// The server answered with a status that is not a success.
    Status {
        status: u16,
        code: Option<String>,
        reason: String,
        operation_id: Option<String>,
        text: Option<String>,
        location: Option<Box<str>>,
        /// True if the answer is a page for browsers.
        is_html: bool,
        /// The pause that the server wants, in seconds.
        retry_after: Option<u16>,
        /// True if the token of the request says that its time is over.
        token_ended: bool,
        /// True if the embedded API answered, which this user operates.
        is_embedded: bool,
    },
    /// No answer arrived. `method` is `Get`, `Post`, …
    Transport {
        method: &'static str,
        url: String,
        cause: Cause,
        text: String,
    },
    /// The answer's body ended early, took too long, or is too large.
    Body(String),
    /// The answer is not the JSON that the request is for.
    Decode(String),
    /// The answer is a page for browsers instead of JSON.
    Html(String),
    /// A list is longer than any real list.
    Endless(String),
    /// A list may lack objects.
    Incomplete(String),
    /// The server answered a write with a success, but nothing shows that it was done.
    Unproven(String),
    /// The server answered with something else than the object that was asked for.
    Unrelated(String),
    /// The server answered with `{}` instead of the object that was asked for.
    Nothing,
}

impl Error {
    /// Returns the error of a request without an answer.
    #[must_use]
    pub fn transport(method: &'static str, url: &str, cause: Cause, text: &str) -> Self {
        Self::Transport {
            method,
            url: words(&crate::text::url_for_people(url), LONGEST),
            cause,
            text: words(text, LONGEST),
        }
    }

    /// Returns the error of a success whose body can't be read for this reason.
    #[must_use]
    pub fn unreadable(content_type: &str, body: &[u8], why: &str) -> Self {
        let why = words(why, LONGEST);
        if is_html(content_type, body) {
            Self::Html(why)
        } else {
            Self::Decode(why)
        }
    }

    /// Returns the error of a write whose answer does not show that it was done. The text may quote the server.
    #[must_use]
    pub(super) fn unproven(text: &str) -> Self {
        Self::Unproven(words(text, LONGEST))
    }

    /// Returns the same error for a request that changes nothing.
    #[must_use]
    pub(super) fn of_read(self) -> Self {
        match self {
            Self::Unproven(text) => Self::Unrelated(text),
            other => other,
        }
    }

    /// Reads an answer that is not a success. The server's text becomes one line without the secrets of this run,
    /// because servers quote requests.
    #[must_use]
    pub fn from_answer(
        status: u16,
        body: &[u8],
        operation_id: Option<String>,
        location: Option<String>,
    ) -> Self {
        let json: Option<Value> = serde_json::from_slice(body).ok();
        let text_of = |key: &str| {
            let text = json.as_ref()?.get(key)?.as_str()?;
            Some(words(text, LONGEST))
        };
        let code = text_of("code").filter(|code| !code.is_empty());
        let reason = text_of("reason").unwrap_or_default();
        let operation_id = text_of("operation_id").or(operation_id.map(|id| words(&id, LONGEST)));
        let text = if json.is_none() {
            first_line(body)
        } else {
            Some(reason.clone()).filter(|reason| !reason.is_empty())
        };
        Self::Status {
            status,
            code,
            reason,
            operation_id,
            text,
            location: location.map(|location| words(&location, LONGEST).into()),
            is_html: is_html("", body),
            retry_after: None,
            token_ended: false,
            is_embedded: false,
        }
    }

    /// Notes that the embedded API gave the answer.
    #[must_use]
    pub(super) fn of_embedded(mut self, embedded: bool) -> Self {
        if let Self::Status { is_embedded, .. } = &mut self {
            *is_embedded = embedded;
        }
        self
    }

    /// Adds the pause that the server wants before the next request.
    #[must_use]
    pub fn with_pause(mut self, pause: Option<Duration>) -> Self {
        if let Self::Status { retry_after, .. } = &mut self {
            *retry_after = pause.and_then(|pause| u16::try_from(pause.as_secs()).ok());
        }
        self
    }

    /// Adds whether the token of the request has ended, to an error that says that it was refused.
    #[must_use]
    pub fn with_end(mut self, token: Option<&SecretString>) -> Self {
        if let Self::Status {
            status: 401,
            token_ended,
            ..
        } = &mut self
        {
            let end = token.and_then(|token| jwt::parse(token.expose_secret())?.expires_at());
            *token_ended = end.is_some_and(|end| end < Timestamp::now());
        }
        self
    }

    /// Returns the pause that the server wants before the next request.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => {
                retry_after.map(|seconds| Duration::from_secs(seconds.into()))
            }
            _ => None,
        }
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            // The platform answers no page: nothing is known about the object.
            Self::Status {
                status: 404 | 410,
                is_html: true,
                ..
            }
            | Self::Decode(_)
            | Self::Html(_)
            | Self::Endless(_)
            | Self::Incomplete(_)
            | Self::Unproven(_)
            | Self::Unrelated(_)
            | Self::Nothing => Kind::Server,
            Self::Status { status, .. } => match status {
                400 | 422 => Kind::Data,
                401 => Kind::Login,
                403 => Kind::Forbidden,
                404 | 410 => Kind::NotFound,
                409 | 412 => Kind::Conflict,
                500..=599 | 429 => Kind::Server,
                _ => Kind::Other,
            },
            Self::Transport {
                cause: Cause::Token,
                ..
            } => Kind::Login,
            Self::Transport { .. } | Self::Body(_) => Kind::Network,
        }
    }

    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(
            self,
            Self::Status {
                status: 404,
                is_html: false,
                ..
            }
        )
    }

    /// Returns the server's own code, such as `ambient-api-server-7`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Status { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    #[must_use]
    pub fn operation_id(&self) -> Option<&str> {
        match self {
            Self::Status { operation_id, .. } => operation_id.as_deref(),
            _ => None,
        }
    }

    /// Returns one thing that the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Status {
                location: Some(location),
                ..
            } => Some(format!(
                "the server points to {location}; the token is not sent to another host or by a repeated write: set the API URL to where the API lives"
            )),
            Self::Html(_) | Self::Status { is_html: true, .. } => Some(format!(
                "the answer is HTML, not the ACP API: a portal or a proxy? Check the URL: {}",
                acpctl(&["config", "get", "api_url"])
            )),
            Self::Status {
                status: 401 | 403,
                reason,
                text,
                ..
            } if explained(reason, text.as_deref()).is_some() => {
                explained(reason, text.as_deref()).map(str::to_owned)
            }
            Self::Status { status: 401, .. } if settings::has_job() => Some(format!(
                "the server does not accept the token that the issuer gave to this job: check {} and {}",
                env::ISSUER_URL.name,
                env::CLIENT_ID.name
            )),
            Self::Status { status: 401, token_ended, .. } if env::TOKEN.get().is_some() => {
                let what = if *token_ended { "has expired" } else { "was rejected" };
                let name = env::TOKEN.name;
                Some(format!(
                    "the token {what}: set {name} to a new one, or unset it and log in ({})",
                    acpctl(&["login", "URL"])
                ))
            }
            Self::Status { status: 401, token_ended: true, .. } => Some(format!(
                "the token has expired: log in again ({}), or set AMBIENT_TOKEN",
                acpctl(&["login", "URL"])
            )),
            Self::Status { status: 401, .. } => Some(format!(
                "the token was rejected: log in again ({}), or set AMBIENT_TOKEN",
                acpctl(&["login", "URL"])
            )),
            Self::Status { status: 403, .. } => {
                Some("ask the project's owner for a role, or check --project".to_owned())
            }
            Self::Status {
                status: 404,
                code: None,
                ..
            } => Some(format!(
                "not found, or not visible to you; if every command says so, check the URL: {}",
                acpctl(&["config", "get", "api_url"])
            )),
            Self::Status {
                status: 409,
                reason,
                ..
            } if reason.contains("already exists") => {
                Some("choose another name: a name may stay taken after a deletion".to_owned())
            }
            Self::Status { status: 429, .. } => {
                Some("the server asks to slow down: try again later".to_owned())
            }
            Self::Status {
                status: 500..=599,
                is_embedded: true,
                ..
            } => Some(format!(
                "to see what is wrong with the store: {}",
                acpctl(&["doctor"])
            )),
            Self::Status {
                status: 500..=599,
                operation_id: Some(id),
                ..
            } => Some(format!(
                "the server failed: give its operators the operation id {id}"
            )),
            Self::Transport {
                cause: Cause::Refused,
                url,
                ..
            } => Some(format!(
                "nothing listens there: check {}, or use the embedded API: --local",
                origin_of(url)
            )),
            Self::Transport {
                cause: Cause::Timeout,
                ..
            } => Some(
                "the server did not answer in time: check the network, or raise --request-timeout"
                    .to_owned(),
            ),
            Self::Transport {
                cause: Cause::Tls,
                text,
                ..
            } if text.contains(NOT_TLS) => Some(
                "what listens there does not speak TLS: for a server without it, write http:// in place of https://"
                    .to_owned(),
            ),
            Self::Transport {
                cause: Cause::Tls,
                text,
                ..
            } => Some(tls_hint("server", text)),
            Self::Transport {
                cause: Cause::Token,
                ..
            } => Some(format!(
                "the token holds a character that can't be sent, such as a line end: check AMBIENT_TOKEN, or log in again: {}",
                acpctl(&["login", "URL"])
            )),
            Self::Decode(_) | Self::Unrelated(_) | Self::Nothing => Some(format!(
                "that is not what the ACP API answers: check the URL ({}), and proxies on the way",
                acpctl(&["config", "get", "api_url"])
            )),
            Self::Endless(_) => Some("ask for less: --limit, or a narrower search".to_owned()),
            Self::Incomplete(_) => Some(
                "nothing can be concluded from what is not in it: try again, or ask the server's operators"
                    .to_owned(),
            ),
            Self::Unproven(_) => Some(
                "look what the server has before you repeat the command; a proxy on the way may have answered"
                    .to_owned(),
            ),
            Self::Status { .. } | Self::Transport { .. } | Self::Body(_) => None,
        }
    }

    /// Returns the server's plain text, or the reason of a body without a code; the Go tool hides both.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Status {
                code: None, text, ..
            } => text.as_deref(),
            _ => None,
        }
    }
}

/// How rustls names a first answer that is not TLS, such as an error page of plain HTTP.
const NOT_TLS: &str = "InvalidContentType";

/// Refusals of the platform that need more than a role of the caller, by a part of their text, and what to do.
const REFUSALS: &[(&str, &str)] = &[
    (
        "management is restricted to GitOps",
        "this platform takes such changes from its GitOps repository only: commit the change there",
    ),
    (
        "requires Editor or Admin tier access",
        "ask the project's owner for the role project:editor",
    ),
    (
        "Username required for tier resolution",
        "the token names no user: log in as a person, or ask the administrators for a token that does",
    ),
    (
        "token fetch restricted to authorized callers",
        "the secret goes to those whom the credential is bound to: ask its owner for a binding, or for the role \
         credential:token-reader",
    ),
    (
        "only platform admins can create global credential bindings",
        "name the project whose sessions may use the credential, with project: NAME in a manifest; without one, the \
         binding is for all projects",
    ),
    (
        "agent does not belong to this project",
        "name the agent's own project with --project",
    ),
];

/// Names where an address that leads nowhere comes from: the variable, if it begins with it.
fn origin_of(url: &str) -> &'static str {
    let variable = &env::API_URL;
    let is_from_it = |base: String| url.starts_with(base.trim_end_matches('/'));
    if variable.get().is_some_and(is_from_it) {
        variable.name
    } else {
        "--api-url"
    }
}

/// Returns what to do about a refusal with a known text.
fn explained(reason: &str, text: Option<&str>) -> Option<&'static str> {
    let has = |part: &str| reason.contains(part) || text.is_some_and(|text| text.contains(part));
    let mut known = REFUSALS.iter();
    known.find(|(part, _)| has(part)).map(|(_, hint)| *hint)
}

/// Returns the first line of a text answer, shortened; `None` for markup and binary data.
fn first_line(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim_start();
    let line = words(text.lines().next()?, LONGEST_LINE);
    (!line.is_empty() && !line.starts_with('<')).then_some(line)
}

/// Returns a text of another program as one line of limited length, without the secrets of this run.
fn words(text: &str, longest: usize) -> String {
    let shown = visible(&secrets::hide(text));
    match shown.char_indices().nth(longest) {
        Some((end, _)) => format!("{}...", &shown[..end]),
        None => shown,
    }
}

fn is_html(content_type: &str, body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    content_type.starts_with("text/html")
        || start.first() == Some(&b'<') && !start.starts_with(b"<?xml")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status {
                status,
                code: Some(code),
                reason,
                ..
            } => write!(f, "ambient API error {status}: {code} — {reason}"),
            Self::Status {
                status, code: None, ..
            } => write!(
                f,
                "ambient API error {status}: http_error — HTTP {status}: unexpected status"
            ),
            Self::Transport {
                method, url, text, ..
            } => write!(f, "HTTP request failed: {method} \"{url}\": {text}"),
            Self::Body(text) => write!(f, "read response body: {text}"),
            Self::Endless(text)
            | Self::Incomplete(text)
            | Self::Unproven(text)
            | Self::Unrelated(text) => f.write_str(text),
            Self::Nothing => f.write_str("the server's answer names no object"),
            Self::Decode(text) | Self::Html(text) => write!(f, "unmarshal response: {text}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<WrongType> for Error {
    fn from(why: WrongType) -> Self {
        Self::Decode(why.to_string())
    }
}

/// The server's refusal as a failure, for a caller that adds a better hint.
impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
            hint: error.hint(),
            server: Some(Box::new(ServerWords {
                code: error.code().map(str::to_owned),
                operation_id: error.operation_id().map(str::to_owned),
                detail: error.detail().map(str::to_owned),
            })),
            findings: None,
        }
    }
}

/// Finds the failure in an error chain: the command's own one, or a refusal of the server.
#[must_use]
pub(crate) fn failure_in(error: &anyhow::Error) -> Option<Failure> {
    let own = error.chain().find_map(|e| e.downcast_ref::<Failure>());
    let refusal = || error.chain().find_map(|e| e.downcast_ref::<Error>());
    own.cloned().or_else(|| refusal().map(Failure::from))
}

/// Returns the kind of the failure in an error chain.
#[must_use]
pub(crate) fn kind_of(error: &anyhow::Error) -> Kind {
    failure_in(error).map_or(Kind::Other, |failure| failure.kind)
}

/// Returns what to do about a certificate that is not accepted. `who` has it, `why` is the reason.
pub(crate) fn tls_hint(who: &str, why: &str) -> String {
    // That of a plain `openssl req -x509` is one, too.
    if why.contains(OF_AUTHORITY) {
        return format!(
            "make a certificate for the {who} that is none of an authority: \
             openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 365 -subj /CN=HOST \
             -addext subjectAltName=DNS:HOST -addext basicConstraints=critical,CA:FALSE"
        );
    }
    format!("if the {who}'s certificate is from a private authority, name it with --ca-file")
}
