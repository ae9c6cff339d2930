//! The messages of sessions as rows. Their numbers increase across all sessions.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::{Value as Json, json};

use super::error::StoreError;
use crate::server::ids;
use crate::server::time;

/// How many messages, and how many bytes of them, are read at once.
const BATCH: i64 = 100;
const BATCH_BYTES: usize = 256 << 10;
const AFTER: &str =
    "SELECT seq, id, session_id, event_type, payload, created_at FROM session_messages
     WHERE session_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
const OF_USER_AFTER: &str =
    "SELECT seq, id, session_id, event_type, payload, created_at FROM session_messages
     WHERE session_id = ?1 AND seq > ?2 AND event_type = 'user' ORDER BY seq";

#[derive(Clone)]
pub(crate) struct Message {
    pub seq: i64,
    pub id: String,
    pub session_id: String,
    pub event_type: String,
    pub payload: String,
    pub created_at: Timestamp,
}

impl Message {
    /// Returns the object that answers show, with its keys in this order.
    pub(crate) fn to_json(&self) -> Json {
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
pub(crate) fn push(
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

/// Returns the next messages of a session, at least one if there is one. Number and size are limited, so that a client
/// that does not read costs little memory.
pub(crate) fn batch_after(
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

/// Returns the messages of the user that no run has answered: those after the start of the last run that finished. A
/// run reads the messages before its start, and one that failed or was stopped has answered nothing.
pub(crate) fn unanswered(
    connection: &Connection,
    session: &str,
) -> Result<Vec<Message>, StoreError> {
    let answered = last(
        connection,
        session,
        "event_type = 'RUN_STARTED' AND seq < (SELECT max(seq) FROM session_messages
         WHERE session_id = ?1 AND event_type = 'RUN_FINISHED')",
    )?;
    let mut statement = connection.prepare_cached(OF_USER_AFTER)?;
    let rows = statement.query_map((session, answered.unwrap_or_default()), message)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns the number of the message with which the latest run of a session began.
pub(crate) fn last_start(
    connection: &Connection,
    session: &str,
) -> Result<Option<i64>, StoreError> {
    last(connection, session, "event_type = 'RUN_STARTED'")
}

/// Returns the number of the last message of a session that meets a condition.
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

/// Returns the number of the last message of a session; 0 if it has none.
pub(crate) fn end(connection: &Connection, session: &str) -> Result<i64, StoreError> {
    Ok(last(connection, session, "true")?.unwrap_or_default())
}
