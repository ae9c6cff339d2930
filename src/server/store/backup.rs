//! Backups: a copy of the whole database to a file, and back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::database::Store;
use super::error::StoreError;
use super::{open, schema};
use crate::plain_file::{self, Links};
use crate::secret_file;
use crate::system::files;

/// How many pages a restore copies at a time, and how long it waits while the store is busy.
const PAGES: i32 = 1000;
const PAUSE: Duration = Duration::from_millis(20);

impl Store {
    /// Writes a copy of the whole database to a new file while other processes use the store.
    ///
    /// The tokens in the copy stay sealed, and the copy does not contain the key.
    ///
    /// # Errors
    /// When `path` exists or can't be written.
    pub(crate) fn backup(&self, path: &Path) -> Result<(), StoreError> {
        let failed = |error| StoreError::Open {
            path: path.to_owned(),
            error,
        };
        if std::fs::symlink_metadata(path).is_ok() {
            return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
        }
        // The copy has a temporary name beside its final path until it is complete, so that an unfinished copy never
        // has a name that anyone trusts.
        sweep(path);
        let draft = Draft::new(path).map_err(failed)?;
        let name = draft
            .path
            .to_str()
            .ok_or_else(|| failed(std::io::ErrorKind::InvalidFilename.into()))?;
        self.with_lock(|connection| Ok(connection.execute("VACUUM INTO ?1", [name])?))?;
        std::fs::hard_link(&draft.path, path).map_err(failed)
    }

    /// Replaces the whole content by a copy that [`Store::backup`] wrote, in one step: other processes see either the
    /// old content or the new. `check` may refuse the copy.
    ///
    /// # Errors
    /// When the file is not such a copy, has another version, or is refused.
    pub(crate) fn restore(
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
        // No code that the file defines is run, and the transaction ensures that the checked content is what is copied.
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
            copy = migrated(&copy)?;
        }
        self.with_lock(|connection| {
            Ok(Backup::new(&copy, connection)?.run_to_completion(PAGES, PAUSE, None)?)
        })
    }
}

/// An unfinished copy; removed when dropped.
struct Draft {
    path: PathBuf,
    /// While it is open, a sweep leaves the file alone.
    _open: std::fs::File,
}

impl Draft {
    fn new(target: &Path) -> std::io::Result<Self> {
        let path = secret_file::beside(target)?;
        let file = secret_file::open_new(&path)?;
        files::keep_from_sweeps(&file);
        Ok(Self { path, _open: file })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Removes the unfinished copies of killed processes, with their journals. A journal has no lock of its own: it is
/// removed if its copy is gone.
fn sweep(target: &Path) {
    secret_file::sweep(target);
    let (Some(name), Some(folder)) = (target.file_name(), std::path::absolute(target).ok()) else {
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

/// Migrates an older copy in memory, so that running commands never see the old schema.
fn migrated(copy: &Connection) -> Result<Connection, StoreError> {
    let mut migrated = Connection::open_in_memory()?;
    Backup::new(copy, &mut migrated)?.run_to_completion(PAGES, PAUSE, None)?;
    let transaction = migrated.transaction()?;
    schema::migrate(&transaction)?;
    transaction.commit()?;
    Ok(migrated)
}
