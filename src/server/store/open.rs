//! Opens the database: checks that directory and file are private, and creates or migrates the tables.

use std::ffi::OsString;
use std::fs::{self, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::error::StoreError;
use super::link::{FILE_NAME, Link, PATIENCE, connect};
use super::schema::{self, Migrated};
use crate::secret_file;
use crate::system::files;

/// The ends of the names of the journals that `SQLite` keeps beside the database.
const JOURNALS: [&str; 3] = ["-journal", "-wal", "-shm"];
/// Locked by the process that creates or migrates the database.
const LOCK: &str = "store.lock";

const PAUSE: Duration = Duration::from_millis(5);

/// Fills a new store.
pub(super) type Seed = fn(&Connection) -> Result<(), StoreError>;

/// Opens the database in a directory; also returns the directory's real path.
pub(super) fn open(directory: &Path, seed: Seed) -> Result<(PathBuf, Link), StoreError> {
    let directory = private_directory(directory)?;
    let path = directory.join(FILE_NAME);
    check_file(&path)?;
    check_journals(&path)?;
    // If the database is not ready, find out why while holding the lock.
    let connection = match connect(&path) {
        Ok(link) if is_ready(&link.connection).unwrap_or(false) => link,
        _ => prepare(&directory, &path, seed).map_err(|error| explain(&directory, error))?,
    };
    Ok((directory, connection))
}

/// Replaces the error by the system's reason if the directory can't be written: `SQLite` says only that it can't open a
/// file.
fn explain(directory: &Path, error: StoreError) -> StoreError {
    match files::check_writable(directory) {
        Ok(()) => error,
        Err(error) => StoreError::Open {
            path: directory.to_owned(),
            error,
        },
    }
}

/// Creates the directory if it is missing. It must belong to this user, must not be a link, and no one else may write
/// to it.
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
    if !files::is_ours(&found) {
        return Err(refused("its directory belongs to another user"));
    }
    if files::mode(&found) & 0o022 != 0 {
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
    if !files::is_ours(&found) {
        return Err(refused("the database belongs to another user"));
    }
    Ok(())
}

/// Refuses journals that are not regular files: `SQLite` would open a pipe and wait.
pub(super) fn check_journals(database: &Path) -> Result<(), StoreError> {
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

/// Reads the metadata of a path without following a link; returns `None` if nothing exists there.
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

/// Creates or migrates the database, one process at a time.
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

/// Turns the write-ahead log on. `SQLite` refuses this at once, in spite of its time-out, while another process reads
/// the database; since those reads are short, this tries again.
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

/// Takes the lock for creating and migrating the store; dropping the file releases it.
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
