//! Follows the stored messages of a session. Their numbers increase, so a connection can begin where the one before
//! ended.
//!
//! The server keeps the stream open when a run ends. The end appears in a message (`RUN_FINISHED`, `RUN_ERROR`) or in
//! the session's phase, whichever comes first.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::follow::{self, End, EventFormat, Pauses};
use super::text;
use crate::api::{Client, Error, Event, LARGEST_SEQ, path};
use crate::commands::session_failure;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::progress;
use crate::resources::{Record, SESSION, SESSION_MESSAGE};
use crate::text::acpctl_for;

/// How long the stream must be silent before its last message counts as the end of the run. Messages of earlier runs
/// come without a pause, so their ends are not taken for the end.
const QUIET: Duration = Duration::from_millis(500);
/// How often the phase of a silent session is read.
const POLL: Duration = Duration::from_secs(2);

/// The state of following one session.
pub(super) struct Stored<'a> {
    ctx: &'a Ctx,
    client: &'a Client,
    session: String,
    session_path: String,
    messages_path: String,
    format: EventFormat,
    /// The number of the last message that was printed.
    last: i64,
    /// How the run ended, if the last message reports it.
    end: Option<End>,
}

/// How a connection ended.
enum Connection {
    Refused(Error),
    Closed,
    Broken(Error),
    /// The run has ended.
    Ended(End),
}

impl<'a> Stored<'a> {
    pub(super) fn new(
        ctx: &'a Ctx,
        client: &'a Client,
        session: &str,
        after: i64,
        format: EventFormat,
    ) -> Self {
        Self {
            ctx,
            client,
            session: session.to_owned(),
            session_path: path(&["sessions", session]),
            messages_path: path(&["sessions", session, "messages"]),
            format,
            last: after,
            end: None,
        }
    }

    /// Prints the messages after the last one, and then each new one. Ends with the run, or on Ctrl-C; with
    /// `reconnect`, only on Ctrl-C.
    ///
    /// # Errors
    /// If the stream can't be opened and waiting would not help, or if standard output can't be written. Without
    /// `reconnect`, also if the stream ends before the run, or the run failed.
    pub(super) async fn follow(&mut self, reconnect: bool) -> anyhow::Result<()> {
        let followed = follow::until_interrupted(async {
            if reconnect {
                self.forever().await
            } else {
                match self.connection(true).await? {
                    Connection::Ended(End::Finished) => Ok(()),
                    Connection::Ended(End::Failed) => Err(self.failed().await.into()),
                    Connection::Closed | Connection::Ended(End::Closed) => Err(self.cut().into()),
                    Connection::Refused(error) => Err(follow::not_open(&error).into()),
                    Connection::Broken(error) => Err(follow::broken(error)),
                }
            }
        });
        followed.await.map(|_left| ())
    }

    async fn forever(&mut self) -> anyhow::Result<()> {
        let mut pauses = Pauses::of_stored();
        loop {
            let before = self.last;
            let why = match self.connection(false).await? {
                Connection::Refused(error) if follow::is_final(&error) => {
                    return Err(follow::not_open(&error).into());
                }
                Connection::Refused(error) => {
                    format!("stream not available: {}", follow::why_not_open(&error))
                }
                Connection::Closed | Connection::Ended(_) => "stream ended cleanly".to_owned(),
                Connection::Broken(error) => format!("stream ended: {:#}", follow::broken(error)),
            };
            // After a connection that brought a message, the next follows at once. The messages run out, so this ends.
            if self.last > before {
                pauses.reset();
                continue;
            }
            let pause = pauses.next();
            self.ctx
                .out
                .note(&format!("[reconnect] {why} — reconnecting in {pause:?}"));
            tokio::time::sleep(pause).await;
        }
    }

    /// Prints the messages of one connection. With `until_end`, also watches for the end of the run.
    async fn connection(&mut self, until_end: bool) -> anyhow::Result<Connection> {
        let path = format!("{}?after_seq={}", self.messages_path, self.last);
        let last = self.last.to_string();
        let connecting = progress::begin(follow::CONNECTING);
        let mut stream = match self.client.stream(&path, Some(&last)).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Connection::Refused(error)),
        };
        drop(connecting);
        let mut patience = QUIET;
        loop {
            let next = if until_end {
                timeout(patience, stream.next()).await
            } else {
                Ok(stream.next().await)
            };
            patience = QUIET;
            match next {
                Ok(Ok(Some(event))) => self.print(&event)?,
                Ok(Ok(None)) if until_end => {
                    let end = self.ended().await;
                    return Ok(end.map_or(Connection::Closed, Connection::Ended));
                }
                Ok(Ok(None)) => return Ok(Connection::Closed),
                // Waiting does not help against a server that sends another session's messages.
                Ok(Err(error @ Error::Unrelated(_))) => return Err(error.into()),
                Ok(Err(error)) => return Ok(Connection::Broken(error)),
                Err(_silent) => {
                    if let Some(end) = self.ended().await {
                        return Ok(Connection::Ended(end));
                    }
                    patience = POLL;
                }
            }
        }
    }

    /// Returns how the run ended, by the last message or by the session's phase; `None` while it goes on, or if the
    /// phase can't be read.
    async fn ended(&mut self) -> Option<End> {
        if let Some(end) = self.end.take() {
            return Some(end);
        }
        let session = self.client.get(&SESSION, &self.session_path).await.ok()?;
        end_of_phase(session.text("phase"))
    }

    /// Returns the failure of a stream that the server, or a proxy, closed before the run ended.
    fn cut(&self) -> Failure {
        let after = self.last.to_string();
        let flags = ["-f", "--after", &after];
        let line = acpctl_for(&["session", "messages"], &self.session, &flags);
        let hint = format!("to read on behind the last message: {line}");
        Failure::new(Kind::Network, follow::CUT).hint(hint)
    }

    /// Returns the failure of the run, with the reason if the session tells it.
    async fn failed(&self) -> Failure {
        let session = self.client.get(&SESSION, &self.session_path).await;
        let why = session.ok().as_ref().and_then(session_failure::reason);
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        Failure::new(Kind::Other, format!("run failed{why}"))
    }

    /// Prints a message, unless it was printed before or is damaged. A message that was cut off comes again as a whole.
    ///
    /// # Errors
    /// If standard output can't be written.
    fn print(&mut self, event: &Event) -> anyhow::Result<()> {
        let value: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        let is_next = |seq: &i64| *seq > self.last && *seq <= LARGEST_SEQ;
        let Some(seq) = value.get("seq").and_then(Value::as_i64).filter(is_next) else {
            return Ok(());
        };
        self.last = seq;
        self.end = text("event_type").and_then(follow::end_of_type);
        if self.format == EventFormat::Json {
            return self.ctx.out.json_line(&event.data);
        }
        let message = Record::decode(&SESSION_MESSAGE, value).map_err(Error::from)?;
        let text = text::message(&message, self.ctx.out.width(), self.ctx.now());
        self.ctx.out.text(&text)
    }
}

/// Returns the end of the run that a session's phase means.
fn end_of_phase(phase: &str) -> Option<End> {
    match phase {
        "Completed" | "Stopped" => Some(End::Finished),
        "Failed" => Some(End::Failed),
        _ => None,
    }
}
