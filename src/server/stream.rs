//! Messages of a session as they come, in the form of server-sent events (contract api.md section 9.5).

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::sync::watch;

use super::AppState;
use super::resources::messages;
use super::store::StoreError;
use crate::compat::json;

/// A comment goes out after this long without a message.
const PING: Duration = Duration::from_secs(30);
/// Other processes write into the same database; they are noticed this soon.
const LOOK: Duration = Duration::from_secs(1);

/// One reader of one session's messages. Nothing is dropped for a slow one: it reads from the store
/// at its own pace.
pub struct Follow {
    state: AppState,
    session: String,
    after: i64,
    changed: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    quiet_since: Instant,
}

impl Follow {
    /// Follows a session from after a message's number on.
    pub fn new(state: AppState, session: String, after: i64) -> Self {
        Self {
            changed: state.0.messages.subscribe(),
            closing: state.0.closing.subscribe(),
            quiet_since: Instant::now(),
            state,
            session,
            after,
        }
    }

    /// The events. The stream ends when the server closes or the store fails, never with the session.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, StoreError>> {
        stream::unfold(self, |mut follow| async move {
            let chunk = follow.next().await?;
            Some((Ok(chunk), follow))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            // Marked as seen before looking, so that no message falls in between.
            self.changed.mark_unchanged();
            let events = self.look().await?;
            if !events.is_empty() {
                self.quiet_since = Instant::now();
                return Some(Bytes::from(events));
            }
            if self.quiet_since.elapsed() >= PING {
                self.quiet_since = Instant::now();
                return Some(Bytes::from_static(b": ping\n\n"));
            }
            let wait = LOOK.min(PING.saturating_sub(self.quiet_since.elapsed()));
            tokio::select! {
                closed = self.closing.wait_for(|closing| *closing) => {
                    drop(closed);
                    return None;
                }
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
                .read(|transaction| messages::after(transaction, &session, after, messages::BATCH))
        });
        let found = found.await.ok()?.ok()?;
        let mut events = String::new();
        for message in found {
            self.after = message.seq;
            let data = json::compact(&message.to_json());
            events.push_str(&format!("id: {}\ndata: {data}\n\n", message.seq));
        }
        Some(events)
    }
}
