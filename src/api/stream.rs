//! Event streams, which have no time limit as a whole and are read until they end.

use std::time::Duration;

use http_body_util::BodyExt as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use tokio::time::timeout;

use super::bounds::check_weight;
use super::error::Error;
use super::proof::refuse_strange_event;
use super::sse::{Event, Parser};

/// A stream that is silent for this time counts as broken. The stream of messages sends a comment every 30 seconds
/// (docs/interface/api.md section 9.5), but the stream of a run may be silent for as long as a tool works.
const IDLE: Duration = Duration::from_secs(15 * 60);

/// Refuses a success that is not an event stream: nothing in the page of a portal, or in an error's object, is an
/// event, so it would look like a stream without any.
///
/// # Errors
/// [`Error::Unrelated`].
pub(super) fn refuse_other(headers: &HeaderMap) -> Result<(), Error> {
    let kind = headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/event-stream") {
        return Ok(());
    }
    let what = if essence.is_empty() {
        "nothing"
    } else {
        essence
    };
    let text = format!("the answer is no event stream: its Content-Type says {what}");
    Err(Error::unproven(&text).of_read())
}

/// The bytes of a stream.
pub(super) enum Bytes {
    Http(reqwest::Response),
    Local(axum::body::Body),
}

/// An open stream of events.
pub struct EventStream {
    /// The path that it was asked for, which says of which session it is.
    path: String,
    bytes: Bytes,
    parser: Parser,
    waiting: std::collections::VecDeque<Event>,
    ended: bool,
}

impl EventStream {
    pub(super) fn new(path: &str, bytes: Bytes) -> Self {
        Self {
            path: path.to_owned(),
            bytes,
            parser: Parser::default(),
            waiting: std::collections::VecDeque::new(),
            ended: false,
        }
    }

    /// Waits for the next event; `None` if the server has closed the stream.
    ///
    /// # Errors
    /// The stream breaks off or stays silent for too long, or an event is too long or one of another session.
    pub async fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                check_weight(event.data.as_bytes())?;
                refuse_strange_event(&self.path, &event.data)?;
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            let piece = timeout(IDLE, self.bytes.next()).await;
            let silent = || {
                Error::Body(format!(
                    "no event and no sign of life for {} s",
                    IDLE.as_secs()
                ))
            };
            match piece.unwrap_or_else(|_| Err(silent()))? {
                Some(bytes) => self.waiting.extend(
                    self.parser
                        .push(&bytes)
                        .map_err(|why| Error::Body(why.to_string()))?,
                ),
                None => {
                    self.ended = true;
                    self.waiting.extend(self.parser.finish());
                }
            }
        }
    }
}

impl Bytes {
    async fn next(&mut self) -> Result<Option<bytes::Bytes>, Error> {
        let broken = || Error::Body("unexpected EOF".to_owned());
        match self {
            Self::Http(response) => response.chunk().await.map_err(|_| broken()),
            Self::Local(body) => loop {
                match body.frame().await {
                    None => return Ok(None),
                    Some(Err(_)) => return Err(broken()),
                    Some(Ok(frame)) => {
                        if let Ok(bytes) = frame.into_data() {
                            return Ok(Some(bytes));
                        }
                    }
                }
            },
        }
    }
}
