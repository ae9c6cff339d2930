//! A private folder that lives as long as the run.
//!
//! The owner holds a lock on the folder itself. The system lets go of it when the process ends, in
//! whatever way, so a folder whose lock is free is a leftover: no process id can be mistaken for
//! another, not even across containers that share the place.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{compat_path, orphan};
use crate::env;
use crate::secret_file;

/// How the folders' names begin.
const PREFIX: &str = "ambient-session-";
/// How often a new name is tried when a sweep of another run took the folder at birth.
const TRIES: u32 = 5;

/// The folder; dropping it removes it with all that it holds.
#[derive(Debug)]
pub struct PrivateDir {
    path: PathBuf,
    /// Held open for its lock.
    _lock: File,
}

impl PrivateDir {
    /// Makes a new folder: mode 0700, random name, in `$XDG_RUNTIME_DIR/ambient` if only this user can
    /// write there, else in the folder for temporary files.
    ///
    /// # Errors
    /// What the system says.
    pub fn create() -> io::Result<Self> {
        let base = base();
        secret_file::create_dir(&base)?;
        for _ in 0..TRIES {
            if let Some(dir) = Self::create_in(&base)? {
                return Ok(dir);
            }
        }
        Err(io::Error::other(
            "the new folder disappears again and again",
        ))
    }

    /// Nothing where a sweep was faster than the lock.
    fn create_in(base: &Path) -> io::Result<Option<Self>> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let path = base.join(format!("{PREFIX}{:032x}", u128::from_ne_bytes(random)));
        secret_file::create_new_dir(&path)?;
        let Ok(lock) = File::open(&path) else {
            return Ok(None);
        };
        if lock.try_lock().is_err() || !is_same(&lock, &path) {
            return Ok(None);
        }
        Ok(Some(Self { path, _lock: lock }))
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder, and says when that fails; [`Drop`] can only try.
    ///
    /// # Errors
    /// What the system says. A folder that is gone already is none.
    pub fn remove(self) -> io::Result<()> {
        clear(&self.path)
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        let _ = clear(&self.path);
    }
}

/// Removes what killed runs of this user left, here and at the platform's fixed path.
pub fn sweep() {
    // The killed run may have had another environment than this one.
    let mut bases = vec![base(), std::env::temp_dir()];
    bases.dedup();
    for base in bases {
        sweep_in(&base);
    }
}

fn sweep_in(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && fs::symlink_metadata(&path).is_ok_and(|found| {
                found.is_dir() && found.uid() == rustix::process::geteuid().as_raw()
            });
        if !is_ours {
            continue;
        }
        if let Ok(lock) = File::open(&path)
            && lock.try_lock().is_ok()
        {
            // Nobody is there to hear that a leftover can't be removed; the next run tries again.
            let _ = clear(&path);
        }
    }
}

fn clear(path: &Path) -> io::Result<()> {
    orphan::end_recorded(path);
    compat_path::remove_recorded(path);
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Where the folders are made.
fn base() -> PathBuf {
    match env::XDG_RUNTIME_DIR.path() {
        Some(runtime) if runtime.is_absolute() && is_ours_alone(&runtime) => {
            runtime.join("ambient")
        }
        _ => std::env::temp_dir(),
    }
}

/// A runtime folder of somebody else, left over from `su` or `sudo`, is no place for secrets, and
/// neither is one in which others can put another folder in the place of ours.
fn is_ours_alone(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| {
        found.is_dir()
            && found.uid() == rustix::process::geteuid().as_raw()
            && found.mode() & 0o022 == 0
    })
}

fn is_same(open: &File, path: &Path) -> bool {
    match (open.metadata(), fs::symlink_metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}
