//! The open database: lends connections and runs transactions.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::error::StoreError;
use super::link::{self, Link};
use super::open::{self, Seed};

/// How many idle connections are kept.
const MOST_IDLE: usize = 4;

/// The open database. It has as many connections as are in use at once, so that no request waits for a long read.
pub(crate) struct Store {
    idle: Mutex<Vec<Link>>,
    /// Held by the writer of this process. Writers queue here, in order, and not at the database's own lock.
    writing: Mutex<()>,
    directory: PathBuf,
}

/// A connection in use; returned when dropped.
struct Lent<'a> {
    store: &'a Store,
    link: Option<Link>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            link.limit.end();
            let mut idle = self
                .store
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if idle.len() < MOST_IDLE {
                idle.push(link);
            }
        }
    }
}

impl Store {
    /// Opens the database in `directory`, which is created (0700) if it is missing. `seed` fills a new store.
    ///
    /// # Errors
    /// When the directory isn't safe to use, the file can't be opened, or a newer program wrote it.
    pub(crate) fn open(directory: &Path, seed: Seed) -> Result<Self, StoreError> {
        let (directory, connection) = open::open(directory, seed)?;
        Ok(Self {
            idle: Mutex::new(vec![connection]),
            writing: Mutex::new(()),
            directory,
        })
    }

    /// The directory of the database.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    fn lend(&self) -> Result<Lent<'_>, StoreError> {
        // A panic rolls its transaction back, so the connection is still in order.
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let link = match idle {
            Some(link) => link,
            None => link::in_directory(&self.directory)?,
        };
        Ok(Lent {
            store: self,
            link: Some(link),
        })
    }

    /// Runs work on a connection while no other writer of this process runs.
    pub(super) fn with_lock<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _guard = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lent = self.lend()?;
        let link = lent.link.as_mut().ok_or(rusqlite::Error::InvalidQuery)?;
        work(&mut link.connection)
    }

    /// Runs reads that all see the same state of the database.
    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lent = self.lend()?;
        if let Some(link) = &lent.link {
            link.limit.begin();
        }
        self.run(&mut lent, TransactionBehavior::Deferred, work)
    }

    /// Runs reads and writes as one step; an error undoes all of them.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _guard = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lent = self.lend()?;
        self.run(&mut lent, TransactionBehavior::Immediate, work)
    }

    fn run<T, E: From<StoreError>>(
        &self,
        lent: &mut Lent<'_>,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let none = || StoreError::from(rusqlite::Error::InvalidQuery);
        let link = lent.link.as_mut().ok_or_else(none)?;
        let begun = link.connection.transaction_with_behavior(behavior);
        let transaction = begun.map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => StoreError::Busy(self.directory.clone()),
            _ => StoreError::from(error),
        })?;
        let done = work(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(done)
    }
}
