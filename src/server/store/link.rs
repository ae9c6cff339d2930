//! One connection to the database, with its settings and its limit of time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::like;
use super::limit::{self, Limit};

/// The database, beside which `SQLite` keeps its journal.
pub(super) const FILE_NAME: &str = "ambient.db";

/// How long one process waits for another that writes.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A connection, and the limit of time of its present read.
pub(super) struct Link {
    pub connection: Connection,
    pub limit: Arc<Limit>,
}

/// Opens one more connection to a database that is open.
pub(super) fn in_directory(directory: &Path) -> Result<Link, StoreError> {
    Ok(connect(&directory.join(FILE_NAME))?)
}

/// Connects to a file that exists. The journals get the same mode as the file.
pub(super) fn connect(path: &Path) -> Result<Link, rusqlite::Error> {
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW,
    )?;
    connection.busy_timeout(PATIENCE)?;
    // Freed pages are wiped, so not even the ciphertext of a deleted token remains.
    connection.execute_batch("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;")?;
    connection.set_prepared_statement_cache_capacity(64);
    let limit = Arc::new(Limit::default());
    limit::install(&mut connection, &limit)?;
    like::install(&connection, &limit)?;
    Ok(Link { connection, limit })
}
