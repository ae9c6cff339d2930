//! Messages of a session as they come, in the form of server-sent events (contract api.md section 9.5).

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

/// A comment goes out after this long without a message.
const PING: Duration = Duration::from_secs(30);
/// Other processes write into the same database; they are noticed this soon.
const LOOK: Duration = Duration::from_secs(1);

/// What the events of a stream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// The messages as they are stored; the stream never ends by itself.
    Messages,
    /// The events of a run; its end is the last one.
    Run,
}

/// One reader of one session's messages. Nothing is dropped for a slow one: it reads from the store
/// at its own pace.
pub struct Follow {
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
    /// Follows a session from after a message's number on.
    pub fn new(kind: StreamKind, state: AppState, session: String, after: i64) -> Self {
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
    pub fn into_body(self) -> Body {
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
            // Marked as seen before looking, so that no message falls in between.
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
                // What came before is still given out.
                _ = self.closing.changed() => {}
                _ = self.changed.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// The messages that have come since, as events.
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
            let data = match self.kind {
                StreamKind::Messages => vec![message.to_json()],
                StreamKind::Run => run_events(&message),
            };
            // Only a message's last event may carry its number: who reads on from there misses nothing.
            for (place, event) in data.iter().enumerate() {
                if place + 1 == data.len() {
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

/// A stored message of a run as the events that a session's runner sends (contract api.md section 9.5).
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
