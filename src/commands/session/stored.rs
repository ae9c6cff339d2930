//! Following the stored messages of a session. Each has a number that rises, so that a connection can
//! begin where the one before ended (contract api.md section 9.5).

use serde_json::Value;

use super::follow::{self, Form, Pauses};
use super::text;
use crate::api::{Client, Error, Event, path};
use crate::ctx::Ctx;
use crate::output::progress;
use crate::resources::{Record, SESSION_MESSAGE};

pub struct Stored<'a> {
    ctx: &'a Ctx,
    client: &'a Client,
    place: String,
    form: Form,
    /// The number of the last message that was printed.
    last: i64,
}

/// How a connection ended.
enum Connection {
    Refused(Error),
    Closed,
    Broken(Error),
}

impl<'a> Stored<'a> {
    pub fn new(ctx: &'a Ctx, client: &'a Client, session: &str, after: i64, form: Form) -> Self {
        Self {
            ctx,
            client,
            place: path(&["sessions", session, "messages"]),
            form,
            last: after,
        }
    }

    /// Prints the messages behind the last one and then those to come, until the user leaves; without
    /// `again`, until the server closes the connection.
    ///
    /// # Errors
    /// When the stream can't be opened and waiting would not help, or standard output can't be
    /// written; without `again` also when the stream breaks off.
    pub async fn follow(&mut self, again: bool) -> anyhow::Result<()> {
        let followed = follow::until_interrupted(async {
            if again {
                self.forever().await
            } else {
                match self.connection().await? {
                    Connection::Closed => Ok(()),
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
            let why = match self.connection().await? {
                Connection::Refused(error) if follow::is_final(&error) => {
                    return Err(follow::not_open(&error).into());
                }
                Connection::Refused(error) => {
                    format!("stream not available: {}", follow::why_not_open(&error))
                }
                Connection::Closed => "stream ended cleanly".to_owned(),
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

    async fn connection(&mut self) -> anyhow::Result<Connection> {
        let place = format!("{}?after_seq={}", self.place, self.last);
        let last = self.last.to_string();
        let connecting = progress::begin(follow::CONNECTING);
        let mut stream = match self.client.stream(&place, Some(&last)).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Connection::Refused(error)),
        };
        drop(connecting);
        loop {
            match stream.next().await {
                Ok(Some(event)) => self.print(&event)?,
                Ok(None) => return Ok(Connection::Closed),
                Err(error) => return Ok(Connection::Broken(error)),
            }
        }
    }

    /// Prints a message, unless it was printed before, or is no message: a cut one comes again whole.
    fn print(&mut self, event: &Event) -> anyhow::Result<()> {
        let value: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match value.get("seq").and_then(Value::as_i64) {
            Some(seq) if seq > self.last => self.last = seq,
            _ => return Ok(()),
        }
        if self.form == Form::Json {
            return self.ctx.out.json_line(&event.data);
        }
        let message = Record::decode(&SESSION_MESSAGE, value).map_err(Error::Decode)?;
        let text = text::message(&message, self.ctx.out.width(), self.ctx.now());
        self.ctx.out.text(&text)
    }
}
