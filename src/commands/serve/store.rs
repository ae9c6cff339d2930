//! Stores runs on threads of their own, because the database blocks the thread that uses it.

use std::sync::Arc;

use tokio::sync::watch;

use super::output::OutputLine;
use crate::server::StoreError;
use crate::server::runs::{End, Runner, SessionRun};

/// The store of runs; each call uses a thread that may block.
#[derive(Clone)]
pub(super) struct RunStore(Arc<Runner>);

impl RunStore {
    pub(super) fn new(runner: Runner) -> Self {
        Self(Arc::new(runner))
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes()
    }

    pub(super) async fn next(&self) -> Result<Option<SessionRun>, StoreError> {
        self.on_blocking_thread(Runner::next).await
    }

    pub(super) async fn started(&self, session: &str) -> Result<(), StoreError> {
        let session = session.to_owned();
        self.on_blocking_thread(move |runner| runner.started(&session))
            .await
    }

    pub(super) async fn say(
        &self,
        session: &str,
        lines: Vec<OutputLine>,
    ) -> Result<(), StoreError> {
        let session = session.to_owned();
        self.on_blocking_thread(move |runner| {
            let said: Vec<(&str, &str)> = lines
                .iter()
                .map(|(event_type, line)| (*event_type, line.as_str()))
                .collect();
            runner.say(&session, &said)
        })
        .await
    }

    pub(super) async fn end(&self, session: &str, end: End) -> Result<(), StoreError> {
        let session = session.to_owned();
        self.on_blocking_thread(move |runner| runner.end(&session, &end))
            .await
    }

    pub(super) async fn to_stop(&self, running: Vec<String>) -> Result<Vec<String>, StoreError> {
        self.on_blocking_thread(move |runner| runner.to_stop(&running))
            .await
    }

    async fn on_blocking_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Runner) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let runner = Arc::clone(&self.0);
        match tokio::task::spawn_blocking(move || work(&runner)).await {
            Ok(done) => done,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}
