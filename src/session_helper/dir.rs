//! A private folder that exists as long as the run.
//!
//! The run holds a lock on the folder itself. The system releases it when the process ends, however it ends, so a
//! folder with a free lock is a leftover. Unlike a process id, a lock can't be mistaken, not even if containers share
//! the folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{compat_path, family};
use crate::env;
use crate::runner::table;
use crate::secret_file::{self, DIR_MODE};
use crate::system::{files, removal};

/// The beginning of the folders' names.
const PREFIX: &str = "ambient-session-";
/// How often a new name is tried if the sweep of another run removed the new folder before it was locked.
const TRIES: u32 = 5;
/// The default folder for temporary files.
const TEMPORARY: &str = "/tmp";

/// The folder. Dropping it removes the folder with everything in it.
#[derive(Debug)]
pub(crate) struct PrivateDir {
    path: PathBuf,
    /// The open folder: it holds the lock, and finds the folder even if the command moves it.
    lock: File,
}

impl PrivateDir {
    /// Creates a folder with mode 0700 and a random name: in `$XDG_RUNTIME_DIR/ambient` if only this user can write
    /// there, else in the folder for temporary files.
    ///
    /// # Errors
    /// The system's error, or other users can replace the new folder by one of theirs.
    pub(crate) fn create() -> io::Result<Self> {
        let base = base()?;
        for _ in 0..TRIES {
            if let Some(dir) = Self::create_in(&base)? {
                return Ok(dir);
            }
        }
        Err(io::Error::other(
            "other processes keep removing the new folder",
        ))
    }

    /// Returns `None` if a sweep removed the folder before it was locked.
    fn create_in(base: &Path) -> io::Result<Option<Self>> {
        let path = random_name(base, PREFIX)?;
        secret_file::create_new_dir(&path)?;
        // This also restores the owner's rights that the umask removed.
        let Ok(lock) = removal::open_folder(&path) else {
            return Ok(None);
        };
        if lock.try_lock().is_err() || !is_same(&lock, &path) {
            return Ok(None);
        }
        Ok(Some(Self { path, lock }))
    }

    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder. Unlike a drop, it reports a failure.
    ///
    /// # Errors
    /// The system's error. A folder that is gone already is not an error.
    pub(crate) fn remove(self) -> io::Result<()> {
        clear(&self.path, &self.lock)
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        let _ = clear(&self.path, &self.lock);
    }
}

/// Returns the folder in which private folders are made.
fn base() -> io::Result<PathBuf> {
    match runtime() {
        Some(base) => private_to_user(base),
        None => temporary_checked(),
    }
}

fn random_name(base: &Path, prefix: &str) -> io::Result<PathBuf> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(base.join(format!("{prefix}{:032x}", u128::from_ne_bytes(random))))
}

/// Returns a free path beside the private folders, for a file that outlives the run.
///
/// # Errors
/// As [`PrivateDir::create`].
pub(crate) fn beside(prefix: &str) -> io::Result<PathBuf> {
    random_name(&base()?, prefix)
}

/// Removes the leftovers of this user's killed runs, also at the platform's fixed path. Returns the number of folders.
pub(crate) fn sweep() -> usize {
    // The killed run may have had a different environment.
    let mut bases: Vec<PathBuf> = runtime().into_iter().collect();
    bases.extend([temporary(), PathBuf::from(TEMPORARY)]);
    bases.dedup();
    bases.iter().map(|base| sweep_in(base)).sum()
}

/// Removes leftovers in one folder. It ignores failures: the next run tries again.
fn sweep_in(base: &Path) -> usize {
    let mut count = 0;
    // If others can rename files here, a name proves nothing.
    if !is_safe_from_others(base) {
        return count;
    }
    let Ok(entries) = fs::read_dir(base) else {
        return count;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        let path = base.join(name);
        if let Some(folder) = name.strip_suffix(compat_path::RECORD) {
            let folder = base.join(folder);
            if fs::symlink_metadata(&folder).is_err() {
                compat_path::remove_recorded(&folder);
            }
        } else if is_folder_of_ours(&path)
            && let Ok(folder) = removal::open_folder(&path)
            && folder.try_lock().is_ok()
            && clear(&path, &folder).is_ok()
        {
            count += 1;
        }
    }
    count
}

/// Ends the processes, then removes the secrets, then everything else.
fn clear(path: &Path, folder: &File) -> io::Result<()> {
    family::end_of(path);
    compat_path::remove_recorded(path);
    // The command may have removed the right to change the folder.
    if files::mode(&folder.metadata()?) & DIR_MODE != DIR_MODE {
        files::set_mode(folder, DIR_MODE)?;
    }
    for file in table::ROWS.iter().filter_map(|row| row.file) {
        removal::remove_file(folder, file.name);
    }
    let emptied = removal::empty(folder);
    let removed = match fs::remove_dir(path) {
        // Something else has its name.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => fs::remove_file(path),
        removed => removed,
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => emptied.and(Err(error)),
        _ => emptied,
    }
}

/// Returns a path in the user's runtime folder, if nobody else can change that folder. After `su` or `sudo` the
/// variable may name the runtime folder of another user, which must not get secrets.
fn runtime() -> Option<PathBuf> {
    let runtime = env::XDG_RUNTIME_DIR.path()?;
    let is_ours_alone = runtime.is_absolute()
        && fs::metadata(&runtime).is_ok_and(|found| {
            found.is_dir() && files::is_ours(&found) && files::mode(&found) & 0o022 == 0
        });
    is_ours_alone.then(|| runtime.join("ambient"))
}

/// Creates the folder. If it exists, removes the rights of other users.
fn private_to_user(base: PathBuf) -> io::Result<PathBuf> {
    secret_file::create_dir(&base)?;
    if !is_folder_of_ours(&base) {
        return Err(io::Error::other(format!(
            "{} is not a folder of yours",
            base.display()
        )));
    }
    if files::mode(&fs::symlink_metadata(&base)?) & 0o777 != DIR_MODE {
        files::set_mode_at(&base, DIR_MODE)?;
    }
    Ok(base)
}

/// Returns the folder for temporary files, as an absolute path, because the command may run in another folder.
fn temporary() -> PathBuf {
    env::TMPDIR
        .path()
        .and_then(|given| std::path::absolute(given).ok())
        .unwrap_or_else(|| PathBuf::from(TEMPORARY))
}

/// Returns the folder for temporary files, if only this user and root can replace the folders of this user in it.
fn temporary_checked() -> io::Result<PathBuf> {
    let base = temporary();
    secret_file::create_dir(&base)?;
    if is_safe_from_others(&base) {
        return Ok(base);
    }
    Err(io::Error::other(format!(
        "others can change {}",
        base.display()
    )))
}

/// Returns true if only this user and root can rename files of this user in a folder.
fn is_safe_from_others(base: &Path) -> bool {
    fs::metadata(base).is_ok_and(|found| {
        let is_owned = files::is_ours(&found) || files::is_of_root(&found);
        let is_sticky = files::mode(&found) & 0o1000 != 0;
        is_owned && (files::mode(&found) & 0o022 == 0 || is_sticky)
    })
}

fn is_folder_of_ours(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir() && files::is_ours(&found))
}

fn is_same(open: &File, path: &Path) -> bool {
    match (open.metadata(), fs::symlink_metadata(path)) {
        (Ok(a), Ok(b)) => files::is_same(&a, &b),
        _ => false,
    }
}
