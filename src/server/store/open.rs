//! Opening the database: a private directory, a private file, the current tables.

use std::ffi::OsString;
use std::fs::{self, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use rustix::fs::Access;

use super::error::StoreError;
use super::link::{FILE_NAME, Link, PATIENCE, connect};
use super::schema::{self, Migrated};
use crate::secret_file;

/// What `SQLite` keeps there, by the ends of their names.
const JOURNALS: [&str; 3] = ["-journal", "-wal", "-shm"];
/// Locked by who makes the database or lifts it to the current tables.
const LOCK: &str = "store.lock";

const PAUSE: Duration = Duration::from_millis(5);

/// Fills a new store.
pub type Seed = fn(&Connection) -> Result<(), StoreError>;

/// Opens the database in a directory; also returns the directory's real path.
pub fn open(directory: &Path, seed: Seed) -> Result<(PathBuf, Link), StoreError> {
    let directory = private_directory(directory)?;
    let path = directory.join(FILE_NAME);
    check_file(&path)?;
    check_journals(&path)?;
    // Whatever keeps it from being ready is looked into under the lock.
    let connection = match connect(&path) {
        Ok(link) if is_ready(&link.connection).unwrap_or(false) => link,
        _ => prepare(&directory, &path, seed).map_err(|error| why_not(&directory, error))?,
    };
    Ok((directory, connection))
}

/// A directory that can't be written says why itself; `SQLite` only says that it can't open a file.
fn why_not(directory: &Path, error: StoreError) -> StoreError {
    match rustix::fs::access(directory, Access::WRITE_OK) {
        Ok(()) => error,
        Err(errno) => StoreError::Open {
            path: directory.to_owned(),
            error: errno.into(),
        },
    }
}

/// The directory, made if missing. It must be this user's, no link, and closed to other writers.
fn private_directory(directory: &Path) -> Result<PathBuf, StoreError> {
    let failed = |error| StoreError::Open {
        path: directory.to_owned(),
        error,
    };
    let refused = |reason| StoreError::Unsafe {
        path: directory.to_owned(),
        reason,
    };
    secret_file::create_dir(directory).map_err(failed)?;
    let found = fs::symlink_metadata(directory).map_err(failed)?;
    if found.is_symlink() {
        return Err(refused("its directory is a symbolic link"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused("its directory belongs to another user"));
    }
    if found.permissions().mode() & 0o022 != 0 {
        return Err(refused("others may write to its directory"));
    }
    directory.canonicalize().map_err(failed)
}

fn check_file(path: &Path) -> Result<(), StoreError> {
    let refused = |reason| StoreError::Unsafe {
        path: path.to_owned(),
        reason,
    };
    let Some(found) = look_at(path)? else {
        return Ok(());
    };
    if !found.is_file() {
        return Err(refused("the database is not a regular file"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused("the database belongs to another user"));
    }
    Ok(())
}

/// Refuses what would make `SQLite` wait: it opens the journals beside a database, whatever they are.
pub fn check_journals(database: &Path) -> Result<(), StoreError> {
    for end in JOURNALS {
        let mut path = OsString::from(database);
        path.push(end);
        let path = PathBuf::from(path);
        if look_at(&path)?.is_some_and(|found| !found.is_file()) {
            return Err(StoreError::Unsafe {
                path,
                reason: "a journal is not a regular file",
            });
        }
    }
    Ok(())
}

/// What is there itself, no link followed; none if nothing is.
fn look_at(path: &Path) -> Result<Option<fs::Metadata>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::Open {
            path: path.to_owned(),
            error,
        }),
    }
}

fn is_ready(connection: &Connection) -> Result<bool, StoreError> {
    Ok(schema::version_of(connection)? == schema::current())
}

/// Makes or lifts the database, one process at a time.
fn prepare(directory: &Path, path: &Path, seed: Seed) -> Result<Link, StoreError> {
    let _guard = exclusive(directory)?;
    match secret_file::open_new(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => {
            return Err(StoreError::Open {
                path: path.to_owned(),
                error,
            });
        }
    }
    let mut link = connect(path)?;
    use_write_ahead_log(&link.connection)?;
    let transaction = link
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    if schema::migrate(&transaction)? == Migrated::New {
        seed(&transaction)?;
    }
    transaction.commit()?;
    Ok(link)
}

/// `SQLite` gives up at once on this change while anybody looks at the database, whatever the time-out
/// says; those who look here do so for an instant only.
fn use_write_ahead_log(connection: &Connection) -> Result<(), StoreError> {
    let start = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && start.elapsed() < PATIENCE =>
            {
                std::thread::sleep(PAUSE);
            }
            done => return Ok(done?),
        }
    }
}

/// The right to change how the store is built, until the file is dropped.
fn exclusive(directory: &Path) -> Result<fs::File, StoreError> {
    let path = directory.join(LOCK);
    let file = secret_file::lock_file(&path).map_err(|error| StoreError::Open {
        path: path.clone(),
        error,
    })?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Busy(directory.to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::Open { path, error }),
        }
    }
}
