//! Streams the messages of a session as server-sent events (docs/interface/api.md section 9.5).

use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::runs;
use super::state::AppState;
use super::store::StoreError;
use super::store::messages::{self, Message};
use crate::compat::json;

/// How long a stream is silent before a comment is sent.
const PING: Duration = Duration::from_secs(30);
/// How often the database is checked for messages of other processes.
const LOOK: Duration = Duration::from_secs(1);

/// Which events a stream consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamKind {
    /// The messages as they are stored; the stream does not end with the session.
    Messages,
    /// The events of a run; the stream ends with the run.
    Run,
}

/// One reader of one session's messages. It reads from the store at its own pace, so a slow reader misses nothing.
pub(super) struct Follow {
    kind: StreamKind,
    state: AppState,
    session: String,
    after: i64,
    changed: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    quiet_since: Instant,
    /// The run has ended.
    is_over: bool,
}

impl Follow {
    /// Follows a session, beginning after the message with this number.
    pub(super) fn new(kind: StreamKind, state: AppState, session: String, after: i64) -> Self {
        Self {
            kind,
            is_over: false,
            changed: state.message_changes(),
            closing: state.closing(),
            quiet_since: Instant::now(),
            state,
            session,
            after,
        }
    }

    /// Returns the events as the body of an answer, which ends when the server closes, the store fails, or the run
    /// that is followed ends.
    pub(super) fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(self, |mut follow| async move {
            let chunk = follow.next().await?;
            Some((Ok::<_, StoreError>(chunk), follow))
        }))
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.is_over {
                return None;
            }
            // Marks changes as seen before reading, so that no message is missed in between.
            self.changed.mark_unchanged();
            let is_closing = *self.closing.borrow_and_update();
            let events = self.look().await?;
            if !events.is_empty() {
                self.quiet_since = Instant::now();
                return Some(Bytes::from(events));
            }
            if is_closing {
                return None;
            }
            if self.quiet_since.elapsed() >= PING {
                self.quiet_since = Instant::now();
                return Some(Bytes::from_static(b": ping\n\n"));
            }
            let wait = LOOK.min(PING.saturating_sub(self.quiet_since.elapsed()));
            tokio::select! {
                // The messages before the end are still sent.
                _ = self.closing.changed() => {}
                _ = self.changed.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Returns the messages since the last look, as events.
    async fn look(&mut self) -> Option<String> {
        let (state, session, after) = (self.state.clone(), self.session.clone(), self.after);
        let found = tokio::task::spawn_blocking(move || {
            state
                .store()
                .read(|transaction| messages::batch_after(transaction, &session, after))
        });
        let found = found.await.ok()?.ok()?;
        let mut events = String::new();
        for message in found {
            self.after = message.seq;
            let mut data = match self.kind {
                StreamKind::Messages => vec![message.to_json()],
                StreamKind::Run => run_events(&message),
            };
            if self.kind == StreamKind::Run {
                // A stream begins with what happened before: each event tells when.
                let at = message.created_at.as_millisecond();
                for event in &mut data {
                    event["timestamp"] = at.into();
                }
            }
            // Only the last event of a message carries its number, so that a reader that resumes there misses nothing.
            for (index, event) in data.iter().enumerate() {
                if index + 1 == data.len() {
                    events.push_str(&format!("id: {}\n", message.seq));
                }
                events.push_str(&format!("data: {}\n\n", json::compact(event)));
            }
            if self.kind == StreamKind::Run && is_end(&message) {
                self.is_over = true;
                break;
            }
        }
        Some(events)
    }
}

fn is_end(message: &Message) -> bool {
    [runs::FINISHED, runs::FAILED].contains(&message.event_type.as_str())
}

/// Returns a stored message of a run as the events that a session's runner sends (docs/interface/api.md section 9.5).
fn run_events(message: &Message) -> Vec<Value> {
    let (id, payload) = (&message.id, &message.payload);
    let of_session = |mut event: Value| {
        event["threadId"] = message.session_id.as_str().into();
        vec![event]
    };
    match message.event_type.as_str() {
        "assistant" => vec![
            json!({"type": "TEXT_MESSAGE_START", "messageId": id, "role": "assistant"}),
            json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": id, "delta": payload}),
            json!({"type": "TEXT_MESSAGE_END", "messageId": id}),
        ],
        "log" => vec![json!({"type": "CUSTOM", "name": "log", "value": payload})],
        runs::STARTED => of_session(json!({"type": runs::STARTED})),
        runs::FINISHED => of_session(json!({"type": runs::FINISHED})),
        runs::FAILED => {
            let found: Value = serde_json::from_str(payload).unwrap_or_default();
            let why = found["message"].as_str().unwrap_or_default();
            of_session(json!({"type": runs::FAILED, "message": why}))
        }
        _ => Vec::new(),
    }
}
