//! Messages of sessions (contract api.md section 9.5). Their numbers rise over all sessions.

use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::{Value as Json, json};

use super::sessions::SESSION;
use crate::compat;
use crate::server::AppState;
use crate::server::body;
use crate::server::call::Call;
use crate::server::error::Failure;
use crate::server::reply::Reply;
use crate::server::store::{StoreError, records};
use crate::server::stream::{Follow, Form};
use crate::server::{ids, time};

/// How many messages a follower reads at once.
const BATCH: i64 = 100;
const BATCH_BYTES: usize = 256 << 10;
const AFTER: &str =
    "SELECT seq, id, session_id, event_type, payload, created_at FROM session_messages
     WHERE session_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
const MAX_BODY: usize = 1024 * 1024;

const NOT_FOUND: Failure = Failure::text(StatusCode::NOT_FOUND, "session not found");
const BAD_JSON: Failure = Failure::text(StatusCode::BAD_REQUEST, "invalid JSON body");
const NOT_USER: Failure = Failure::text(
    StatusCode::BAD_REQUEST,
    "event_type must be \"user\" on this endpoint",
);

#[derive(Clone)]
pub struct Message {
    pub seq: i64,
    pub id: String,
    pub session_id: String,
    pub event_type: String,
    pub payload: String,
    created_at: Timestamp,
}

impl Message {
    /// In this order of keys.
    pub fn to_json(&self) -> Json {
        json!({
            "id": self.id,
            "session_id": self.session_id,
            "seq": self.seq,
            "event_type": self.event_type,
            "payload": self.payload,
            "created_at": time::format(self.created_at),
        })
    }
}

/// Adds a message to a session.
pub fn push(
    connection: &Connection,
    session: &str,
    event_type: &str,
    payload: &str,
) -> rusqlite::Result<Message> {
    let mut message = Message {
        seq: 0,
        id: ids::fresh(),
        session_id: session.to_owned(),
        event_type: event_type.to_owned(),
        payload: payload.to_owned(),
        created_at: time::now(),
    };
    connection
        .prepare_cached(
            "INSERT INTO session_messages (id, session_id, event_type, payload, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            &message.id,
            session,
            event_type,
            payload,
            time::to_micros(message.created_at),
        ))?;
    message.seq = connection.last_insert_rowid();
    Ok(message)
}

/// The next messages of a session, as many as go out at once: a limit in bytes too, so that a reader who does not
/// read costs little. One message comes in any case.
pub fn batch_after(
    connection: &Connection,
    session: &str,
    seq: i64,
) -> Result<Vec<Message>, StoreError> {
    let mut statement = connection.prepare_cached(AFTER)?;
    let mut rows = statement.query((session, seq, BATCH))?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    while bytes < BATCH_BYTES
        && let Some(row) = rows.next()?
    {
        let next = message(row)?;
        bytes += next.payload.len();
        found.push(next);
    }
    Ok(found)
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        seq: row.get(0)?,
        id: row.get(1)?,
        session_id: row.get(2)?,
        event_type: row.get(3)?,
        payload: row.get(4)?,
        created_at: time::from_micros(row.get(5)?),
    })
}

/// The user's messages of a session that no other message follows.
pub fn since_answer(connection: &Connection, session: &str) -> Result<Vec<Message>, StoreError> {
    let answered = last(connection, session, "event_type <> 'user'")?;
    let mut statement = connection.prepare_cached(AFTER)?;
    let all = -1;
    let rows = statement.query_map((session, answered.unwrap_or_default(), all), message)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The number of the last message that the latest run of a session began with.
pub fn last_start(connection: &Connection, session: &str) -> Result<Option<i64>, StoreError> {
    last(connection, session, "event_type = 'RUN_STARTED'")
}

/// The number of the last message of a session that meets a condition.
fn last(
    connection: &Connection,
    session: &str,
    condition: &'static str,
) -> Result<Option<i64>, StoreError> {
    let sql = format!(
        "SELECT seq FROM session_messages WHERE session_id = ?1 AND {condition} ORDER BY seq DESC LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement
        .query_row([session], |row| row.get(0))
        .optional()?)
}

/// The number of the last message of a session; 0 where it has none.
pub fn end(connection: &Connection, session: &str) -> Result<i64, StoreError> {
    Ok(last(connection, session, "true")?.unwrap_or_default())
}

/// The messages up to a certain one as an array in JSON, read from the store at its reader's pace: all of them
/// together may be larger than the memory.
pub struct Array {
    state: AppState,
    session: String,
    /// The number of the message before the next one.
    after: i64,
    last: i64,
    /// What stands before the next message.
    separator: &'static str,
}

impl Array {
    fn new(state: AppState, session: String, after: i64, last: i64) -> Self {
        Self {
            state,
            session,
            after,
            last,
            separator: "[",
        }
    }

    /// The next part of the array, and what follows it. The last part has a final newline.
    fn part(mut self) -> Result<(Bytes, Option<Self>), StoreError> {
        let found = self
            .state
            .store()
            .read(|transaction| batch_after(transaction, &self.session, self.after))?;
        let mut part = String::new();
        let mut is_last = true;
        for message in found.iter().take_while(|message| message.seq <= self.last) {
            part.push_str(self.separator);
            part.push_str(&compat::json::compact(&message.to_json()));
            self.separator = ",";
            self.after = message.seq;
            is_last = message.seq == self.last;
        }
        if is_last {
            part.push_str(if self.separator == "[" { "[]\n" } else { "]\n" });
        }
        Ok((Bytes::from(part), (!is_last).then_some(self)))
    }

    /// All parts.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, StoreError>> {
        stream::try_unfold(Some(self), |rest| async move {
            let Some(array) = rest else {
                return Ok(None);
            };
            let read = tokio::task::spawn_blocking(move || array.part()).await;
            read.unwrap_or_else(|_| Err(rusqlite::Error::InvalidQuery.into()))
                .map(Some)
        })
    }
}

/// GET: an array of all that is there, or a stream of what comes too.
pub fn read(call: &Call<'_>) -> Result<Reply, Failure> {
    let session = call.part("id");
    let number = |text: &str| text.parse::<i64>().unwrap_or_default();
    let asked = call.query.get("after_seq").map(number).unwrap_or_default();
    let last = call.state.store().read::<_, Failure>(|transaction| {
        records::get(transaction, &SESSION, session)?.ok_or(NOT_FOUND)?;
        Ok(end(transaction, session)?)
    })?;
    let (state, session) = (call.state.clone(), session.to_owned());
    if call.wants_events {
        let from = call.last_event_id.as_deref().map_or(asked, number);
        let follow = Follow::new(Form::Messages, state, session, from);
        return Ok(Reply::Messages(follow));
    }
    let (first, rest) = Array::new(state, session, asked, last).part()?;
    Ok(Reply::JsonParts(first, rest))
}

/// POST: users' messages only.
pub fn write(call: &Call<'_>) -> Result<Reply, Failure> {
    let message = call.state.store().write(|transaction| {
        records::get(transaction, &SESSION, call.part("id"))?.ok_or(NOT_FOUND)?;
        if call.body.len() > MAX_BODY {
            return Err(BAD_JSON);
        }
        let object =
            body::object(&call.body, "", &["event_type", "payload"]).map_err(|_| BAD_JSON)?;
        let text = |key| body::text_of(&object, key, "").map_err(|_| BAD_JSON);
        let event_type = text("event_type")?;
        if !["", "user"].contains(&event_type.as_str()) {
            return Err(NOT_USER);
        }
        let payload = text("payload")?;
        Ok(push(transaction, call.part("id"), "user", &payload)?)
    })?;
    call.state.announce_messages();
    Ok(Reply::JsonLine(StatusCode::CREATED, message.to_json()))
}
