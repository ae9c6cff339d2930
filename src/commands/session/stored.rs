//! Following the stored messages of a session. Each has a number that rises, so that a connection can
//! begin where the one before ended.
//!
//! The server keeps the stream open when a run ends. The end shows in a message (`RUN_FINISHED`, `RUN_ERROR`) or in the
//! session's phase, whichever comes first.

use std::time::Duration;

use serde_json::Value;

use tokio::time::timeout;

use super::follow::{self, End, Form, Pauses};
use super::text;
use crate::api::{Client, Error, Event, path};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::progress;
use crate::resources::{Record, SESSION, SESSION_MESSAGE};

/// How long no message must come before the last one counts as the end: earlier runs are replayed without a pause.
const QUIET: Duration = Duration::from_millis(500);
/// How often a silent session is asked for its phase.
const POLL: Duration = Duration::from_secs(2);

pub struct Stored<'a> {
    ctx: &'a Ctx,
    client: &'a Client,
    session: String,
    place: String,
    form: Form,
    /// The number of the last message that was printed.
    last: i64,
    /// How the run ended, if the last message tells of that.
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
    pub fn new(ctx: &'a Ctx, client: &'a Client, session: &str, after: i64, form: Form) -> Self {
        Self {
            ctx,
            client,
            session: path(&["sessions", session]),
            place: path(&["sessions", session, "messages"]),
            form,
            last: after,
            end: None,
        }
    }

    /// Prints the messages behind the last one and then those to come. Ends with the run, with the server, or with Ctrl-C;
    /// with `again` only with Ctrl-C.
    ///
    /// # Errors
    /// If the stream can't be opened and waiting would not help, if standard output can't be written, and without `again` if
    /// the stream breaks off or the run failed.
    pub async fn follow(&mut self, again: bool) -> anyhow::Result<()> {
        let followed = follow::until_interrupted(async {
            if again {
                self.forever().await
            } else {
                match self.connection(true).await? {
                    Connection::Closed | Connection::Ended(End::Finished | End::Closed) => Ok(()),
                    Connection::Ended(End::Failed) => {
                        Err(Failure::new(Kind::Other, "run failed").into())
                    }
                    Connection::Refused(error) => Err(follow::not_open(&error).into()),
                    Connection::Broken(error) => Err(follow::broken(error)),
                }
            }
        });
        followed.await.map(|_left| ())
    }

    async fn forever(&mut self) -> anyhow::Result<()> {
        let mut pauses = Pauses::new();
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
            // A connection that brought something is followed by the next at once: no loop without end.
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

    async fn connection(&mut self, ends: bool) -> anyhow::Result<Connection> {
        let place = format!("{}?after_seq={}", self.place, self.last);
        let last = self.last.to_string();
        let connecting = progress::begin(follow::CONNECTING);
        let mut stream = match self.client.stream(&place, Some(&last)).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Connection::Refused(error)),
        };
        drop(connecting);
        let mut patience = QUIET;
        loop {
            let next = if ends {
                timeout(patience, stream.next()).await
            } else {
                Ok(stream.next().await)
            };
            patience = QUIET;
            match next {
                Ok(Ok(Some(event))) => self.print(&event)?,
                Ok(Ok(None)) => return Ok(Connection::Closed),
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

    /// How the run ended, by the last message or by the phase of the session; nothing while it goes on, or if nobody can tell.
    async fn ended(&mut self) -> Option<End> {
        if let Some(end) = self.end.take() {
            return Some(end);
        }
        let session = self.client.get(&SESSION, &self.session).await.ok()?;
        end_of_phase(session.text("phase"))
    }

    /// Prints a message, unless it was printed before, or is no message: a cut one comes again whole.
    fn print(&mut self, event: &Event) -> anyhow::Result<()> {
        let value: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match value.get("seq").and_then(Value::as_i64) {
            Some(seq) if seq > self.last => self.last = seq,
            _ => return Ok(()),
        }
        self.end = value
            .get("event_type")
            .and_then(Value::as_str)
            .and_then(follow::end_of_type);
        if self.form == Form::Json {
            return self.ctx.out.json_line(&event.data);
        }
        let message = Record::decode(&SESSION_MESSAGE, value).map_err(Error::from)?;
        let text = text::message(&message, self.ctx.out.width(), self.ctx.now());
        self.ctx.out.text(&text)
    }
}

/// What a session's phase says about its run.
fn end_of_phase(phase: &str) -> Option<End> {
    match phase {
        "Completed" | "Stopped" => Some(End::Finished),
        "Failed" => Some(End::Failed),
        _ => None,
    }
}
