//! One `SQLite` file, `ambient.db`, in a directory of its user's own.
//!
//! - `schema`: the tables by version; `records`: rows as records
//!
//! WAL with `synchronous=FULL`: what was acknowledged outlives a kill and a power cut. Writers take
//! the write lock before they read (`BEGIN IMMEDIATE`), so a read, a change and a write are one step
//! for every other process too.

mod like;
mod limit;
mod open;
pub mod records;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior,
};

use crate::plain_file::{self, Links};
use crate::secret_file;
use limit::Limit;

/// How many connections are kept for later.
const MOST_IDLE: usize = 4;

/// How many pages a restore copies at a time, and how long it waits where the store is busy.
const PAGES: i32 = 1000;
const PAUSE: Duration = Duration::from_millis(20);

/// What can go wrong below the handlers. The causes are in the words, not in `source()`: a chain of errors would
/// say them twice.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("open the store in {}: {error}", .path.display())]
    Open {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("the store in {} is not safe to use: {reason}", .path.display())]
    Unsafe { path: PathBuf, reason: &'static str },
    #[error("another process keeps the store in {} busy", .0.display())]
    Busy(PathBuf),
    #[error("another process runs the sessions of the store in {}", .0.display())]
    Runs(PathBuf),
    #[error("the store was written by a newer program (version {found}, this one knows {known})")]
    Newer { found: i64, known: i64 },
    #[error("{} is no copy of a store that this program can use (version {found})", .path.display())]
    NotACopy { path: PathBuf, found: i64 },
    #[error("{} is damaged, or changed by another program; the store is left as it is", .0.display())]
    Damaged(PathBuf),
    #[error("{} was sealed with another key than the one in use; its tokens could not be read", .0.display())]
    OtherKey(PathBuf),
    #[error("{0}")]
    Sql(rusqlite::Error),
    #[error(
        "the key of the store is missing from {place}; without it no token can be read or written"
    )]
    KeyMissing { place: String },
    #[error("the key in {place} can't be used: {reason}")]
    KeyUnusable { place: String, reason: String },
    #[error("the key in {place} is not the one that sealed the tokens of this store")]
    KeyWrong { place: String },
    #[error("decrypt credential token: {0}")]
    Sealed(super::seal::SealError),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<super::seal::SealError> for StoreError {
    fn from(error: super::seal::SealError) -> Self {
        Self::Sealed(error)
    }
}

/// The open database: as many connections as are at work at once, so that nobody waits for a long read.
pub struct Store {
    idle: Mutex<Vec<Link>>,
    /// Held by the writer of this process: it waits here, in turn, and not at the database's own lock.
    writing: Mutex<()>,
    directory: PathBuf,
}

/// A connection, and when its present read has to be over.
struct Link {
    connection: Connection,
    limit: Arc<Limit>,
}

/// A connection at work; given back when dropped.
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
    /// Opens the database in `directory`, which is created (0700) if it is missing.
    ///
    /// # Errors
    /// When the directory isn't safe to use, the file can't be opened, or a newer program wrote it.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let (directory, connection) = open::open(directory)?;
        Ok(Self {
            idle: Mutex::new(vec![connection]),
            writing: Mutex::new(()),
            directory,
        })
    }

    /// Where the database is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn lend(&self) -> Result<Lent<'_>, StoreError> {
        // A panic has rolled its transaction back, so its connection is in order.
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let link = match idle {
            Some(link) => link,
            None => open::link(&self.directory)?,
        };
        Ok(Lent {
            store: self,
            link: Some(link),
        })
    }

    /// Works on a connection, alone among the writers of this process.
    fn with_lock<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _guard = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lent = self.lend()?;
        let link = lent.link.as_mut().ok_or(rusqlite::Error::InvalidQuery)?;
        work(&mut link.connection)
    }

    /// Runs reads on one state of the database.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lent = self.lend()?;
        if let Some(link) = &lent.link {
            link.limit.begin();
        }
        self.run(&mut lent, TransactionBehavior::Deferred, work)
    }

    /// Runs reads and writes as one step; an error undoes all of it.
    pub fn write<T, E: From<StoreError>>(
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

    /// Writes a copy of the whole database to a new file, while others go on working.
    ///
    /// Tokens stay sealed in it, and the key is not part of it.
    ///
    /// # Errors
    /// When `path` exists or can't be written.
    pub fn backup(&self, path: &Path) -> Result<(), StoreError> {
        let failed = |error| StoreError::Open {
            path: path.to_owned(),
            error,
        };
        if std::fs::symlink_metadata(path).is_ok() {
            return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
        }
        // Beside its place until it is whole: a copy that was broken off has no name that anybody trusts.
        sweep(path);
        let draft = Draft::new(path).map_err(failed)?;
        let name = draft
            .path
            .to_str()
            .ok_or_else(|| failed(std::io::ErrorKind::InvalidFilename.into()))?;
        self.with_lock(|connection| Ok(connection.execute("VACUUM INTO ?1", [name])?))?;
        std::fs::hard_link(&draft.path, path).map_err(failed)
    }

    /// Puts a copy that [`Store::backup`] wrote in the place of everything, in one step: other
    /// processes see the old content or the new. `check` may refuse the copy.
    ///
    /// # Errors
    /// When the file is no such copy, is of another version, or is refused.
    pub fn restore(
        &self,
        path: &Path,
        check: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        plain_file::open(path, Links::Follow).map_err(|error| StoreError::Open {
            path: path.to_owned(),
            error,
        })?;
        open::check_journals(path)?;
        let mut copy = Connection::open_with_flags(path, flags)?;
        // Nothing that the file defines runs, and what is checked is what is copied.
        copy.execute_batch("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; BEGIN;")?;
        let found = schema::version_of(&copy)?;
        if !(1..=schema::current()).contains(&found) {
            return Err(StoreError::NotACopy {
                path: path.to_owned(),
                found,
            });
        }
        if !schema::is_whole(&copy, found).unwrap_or(false) {
            return Err(StoreError::Damaged(path.to_owned()));
        }
        check(&copy)?;
        if found < schema::current() {
            copy = lifted(&copy)?;
        }
        self.with_lock(|connection| {
            Ok(Backup::new(&copy, connection)?.run_to_completion(PAGES, PAUSE, None)?)
        })
    }
}

/// A copy on the way to its place; removed when dropped.
struct Draft {
    path: PathBuf,
    /// Locked: a sweep leaves it alone.
    _locked: std::fs::File,
}

impl Draft {
    fn new(place: &Path) -> std::io::Result<Self> {
        let path = secret_file::beside(place)?;
        let file = secret_file::open_new(&path)?;
        let _ = file.try_lock();
        Ok(Self {
            path,
            _locked: file,
        })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Removes what killed runs left of a backup, the journals too. Those have no lock of their own: they go where their
/// draft has gone.
fn sweep(place: &Path) {
    secret_file::sweep(place);
    let (Some(name), Some(folder)) = (place.file_name(), std::path::absolute(place).ok()) else {
        return;
    };
    let Some(folder) = folder.parent() else {
        return;
    };
    secret_file::sweep_where(folder, |found| {
        let draft = found
            .to_str()
            .and_then(|found| found.strip_suffix("-journal"));
        draft.is_some_and(|draft| {
            secret_file::is_beside(draft.as_ref(), name) && !folder.join(draft).exists()
        })
    });
}

/// A copy of an older program in this one's tables, in memory: those who work never see the older ones.
fn lifted(copy: &Connection) -> Result<Connection, StoreError> {
    let mut lifted = Connection::open_in_memory()?;
    Backup::new(copy, &mut lifted)?.run_to_completion(PAGES, PAUSE, None)?;
    let transaction = lifted.transaction()?;
    schema::migrate(&transaction)?;
    transaction.commit()?;
    Ok(lifted)
}

/// A value of the table `metadata`.
pub fn metadata(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT value FROM metadata WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Sets a value of the table `metadata`.
pub fn set_metadata(connection: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO metadata (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name, value],
    )?;
    Ok(())
}

/// Whether a read was broken off because it took too long.
pub fn is_too_long(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
        || error.to_string().contains(limit::TOO_LONG)
}

/// Whether a statement failed because a value that must be unique is taken.
pub fn is_taken(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    error.sqlite_error().is_some_and(|error| {
        [SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY].contains(&error.extended_code)
    })
}
