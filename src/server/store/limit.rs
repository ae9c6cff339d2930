//! The limit of time for one read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// The longest time that a read may take: a search may look at every record.
const LONGEST: Duration = Duration::from_secs(8);
/// After how many steps the database checks the clock.
const STEPS: i32 = 10_000;
/// The error of a read that was stopped.
pub(super) const TOO_LONG: &str = "it took too long";

/// When the present read of a connection has to end.
#[derive(Debug, Default)]
pub(super) struct Limit(Mutex<Option<Instant>>);

impl Limit {
    pub(super) fn is_over(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|end| Instant::now() > end)
    }

    pub(super) fn begin(&self) {
        self.set(Some(Instant::now() + LONGEST));
    }

    pub(super) fn end(&self) {
        self.set(None);
    }

    fn set(&self, end: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }
}

/// Makes a connection check the clock while it works.
pub(super) fn install(connection: &mut Connection, limit: &Arc<Limit>) -> rusqlite::Result<()> {
    let own = Arc::clone(limit);
    connection.progress_handler(STEPS, Some(move || own.is_over()))
}
