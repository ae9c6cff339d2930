//! Messages of sessions (docs/interface/api.md section 9.5). Message numbers increase across all sessions.

use axum::body::Body;
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};

use crate::compat::json;
use crate::server::body;
use crate::server::call::Call;
use crate::server::error::ServerFailure;
use crate::server::kinds::SESSION;
use crate::server::reply::Reply;
use crate::server::state::AppState;
use crate::server::store::messages;
use crate::server::store::{StoreError, records};
use crate::server::stream::{Follow, StreamKind};

const MAX_BODY: usize = 1024 * 1024;

const NOT_FOUND: ServerFailure = ServerFailure::text(StatusCode::NOT_FOUND, "session not found");
const BAD_JSON: ServerFailure = ServerFailure::text(StatusCode::BAD_REQUEST, "invalid JSON body");
const NOT_USER: ServerFailure = ServerFailure::text(
    StatusCode::BAD_REQUEST,
    "event_type must be \"user\" on this endpoint",
);

/// The messages up to a certain one as a JSON array. They are read from the store at the client's pace, because all of
/// them together may not fit into memory.
struct Array {
    state: AppState,
    session: String,
    /// The number of the last message that was read.
    after: i64,
    last: i64,
    /// The separator before the next message.
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

    /// Returns the next part of the array and the rest; `None` after the last part, which has a final newline.
    fn part(mut self) -> Result<(Bytes, Option<Self>), StoreError> {
        let found = self
            .state
            .store()
            .read(|transaction| messages::batch_after(transaction, &self.session, self.after))?;
        let mut part = String::new();
        let mut is_last = true;
        for message in found.iter().take_while(|message| message.seq <= self.last) {
            part.push_str(self.separator);
            part.push_str(&json::compact(&message.to_json()));
            self.separator = ",";
            self.after = message.seq;
            is_last = message.seq == self.last;
        }
        if is_last {
            part.push_str(if self.separator == "[" { "[]\n" } else { "]\n" });
        }
        Ok((Bytes::from(part), (!is_last).then_some(self)))
    }

    /// Returns the whole array as the body of an answer.
    fn into_body(self) -> Result<Body, StoreError> {
        let (first, rest) = self.part()?;
        if rest.is_none() {
            return Ok(Body::from(first));
        }
        let first = stream::once(async { Ok(first) });
        let rest = stream::try_unfold(rest, |rest| async move {
            let Some(array) = rest else {
                return Ok::<_, StoreError>(None);
            };
            let read = tokio::task::spawn_blocking(move || array.part()).await;
            read.unwrap_or_else(|_| Err(rusqlite::Error::InvalidQuery.into()))
                .map(Some)
        });
        Ok(Body::from_stream(first.chain(rest)))
    }
}

/// GET: returns the stored messages as an array, or these and all later ones as an event stream.
pub(crate) fn read(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let session = call.part("id");
    let number = |text: &str| text.parse::<i64>().unwrap_or_default();
    let asked = call.query.get("after_seq").map(number).unwrap_or_default();
    let last = call.state.store().read::<_, ServerFailure>(|transaction| {
        records::get(transaction, &SESSION, session)?.ok_or(NOT_FOUND)?;
        Ok(messages::end(transaction, session)?)
    })?;
    let (state, session) = (call.state.clone(), session.to_owned());
    if call.wants_events {
        let from = call.last_event_id.as_deref().map_or(asked, number);
        let follow = Follow::new(StreamKind::Messages, state, session, from);
        return Ok(Reply::EventStream(follow.into_body()));
    }
    let array = Array::new(state, session, asked, last);
    Ok(Reply::JsonStream(array.into_body()?))
}

/// POST: stores a message of the user; no other type may be sent.
pub(crate) fn write(call: &Call<'_>) -> Result<Reply, ServerFailure> {
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
        Ok(messages::push(
            transaction,
            call.part("id"),
            "user",
            &payload,
        )?)
    })?;
    call.state.announce_messages();
    Ok(Reply::JsonLine(StatusCode::CREATED, message.to_json()))
}
