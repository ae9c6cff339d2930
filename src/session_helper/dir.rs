//! A private folder that lives as long as the run.
//!
//! The owner holds a lock on the folder itself. The system lets go of it when the process ends, in
//! whatever way, so a folder whose lock is free is a leftover: no process id can be mistaken for
//! another, not even across containers that share the place.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, unlinkat};

use super::{compat_path, family, removal};
use crate::env;
use crate::runner::table;
use crate::secret_file::{self, DIR_MODE};

/// How the folders' names begin.
const PREFIX: &str = "ambient-session-";
/// How often a new name is tried when a sweep of another run took the folder at birth.
const TRIES: u32 = 5;
/// Where folders for temporary files are, if nothing else is said.
const TEMPORARY: &str = "/tmp";

/// The folder; dropping it removes it with all that it holds.
#[derive(Debug)]
pub struct PrivateDir {
    path: PathBuf,
    /// Held open for its lock, and to find the folder again wherever the command moves it.
    lock: File,
}

impl PrivateDir {
    /// Makes a new folder: mode 0700, random name, in `$XDG_RUNTIME_DIR/ambient` if only this user can
    /// write there, else in the folder for temporary files.
    ///
    /// # Errors
    /// What the system says, or that others can put another folder in the place of ours.
    pub fn create() -> io::Result<Self> {
        let base = match runtime() {
            Some(base) => closed_to_others(base)?,
            None => temporary_checked()?,
        };
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
        // This also gives back what the umask takes from the owner.
        let Ok(lock) = removal::open_folder(&path).map(File::from) else {
            return Ok(None);
        };
        if lock.try_lock().is_err() || !is_same(&lock, &path) {
            return Ok(None);
        }
        Ok(Some(Self { path, lock }))
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
        clear(&self.path, &self.lock)
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        let _ = clear(&self.path, &self.lock);
    }
}

/// Removes what killed runs of this user left, here and at the platform's fixed path.
pub fn sweep() {
    // The killed run may have had another environment than this one.
    let mut bases: Vec<PathBuf> = runtime().into_iter().collect();
    bases.extend([temporary(), PathBuf::from(TEMPORARY)]);
    bases.dedup();
    for base in bases {
        sweep_in(&base);
    }
}

/// Nobody is there to hear that a leftover can't be removed; the next run tries again.
fn sweep_in(base: &Path) {
    // Where others can rename what they like, a name proves nothing.
    if !is_kept_from_others(base) {
        return;
    }
    let Ok(entries) = fs::read_dir(base) else {
        return;
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
            && let Ok(folder) = removal::open_folder(&path).map(File::from)
            && folder.try_lock().is_ok()
        {
            let _ = clear(&path, &folder);
        }
    }
}

/// First what runs, then the secrets, then all the rest.
fn clear(path: &Path, folder: &File) -> io::Result<()> {
    family::end_of(path);
    compat_path::remove_recorded(path);
    // The command may have taken the right to change it away.
    if folder.metadata()?.mode() & DIR_MODE != DIR_MODE {
        folder.set_permissions(fs::Permissions::from_mode(DIR_MODE))?;
    }
    for file in table::ROWS.iter().filter_map(|row| row.file) {
        let _ = unlinkat(folder, file.name, AtFlags::empty());
    }
    let emptied = removal::empty(folder.as_fd());
    let removed = match fs::remove_dir(path) {
        // Something else has its place.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => fs::remove_file(path),
        removed => removed,
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => emptied.and(Err(error)),
        _ => emptied,
    }
}

/// A place in the user's own folder for what lives as long as a login, if nobody else can change that. A runtime folder of somebody
/// else, left over from `su` or `sudo`, is no place for secrets.
fn runtime() -> Option<PathBuf> {
    let runtime = env::XDG_RUNTIME_DIR.path()?;
    let is_ours_alone = runtime.is_absolute()
        && fs::metadata(&runtime).is_ok_and(|found| {
            found.is_dir() && found.uid() == user() && found.mode() & 0o022 == 0
        });
    is_ours_alone.then(|| runtime.join("ambient"))
}

/// Makes the folder, or takes the rights of others away if it is there.
fn closed_to_others(base: PathBuf) -> io::Result<PathBuf> {
    secret_file::create_dir(&base)?;
    if !is_folder_of_ours(&base) {
        return Err(io::Error::other(format!(
            "{} is not a folder of yours",
            base.display()
        )));
    }
    if fs::symlink_metadata(&base)?.mode() & 0o777 != DIR_MODE {
        fs::set_permissions(&base, fs::Permissions::from_mode(DIR_MODE))?;
    }
    Ok(base)
}

/// The folder for temporary files. Commands change their folder, so that a relative path is made whole.
fn temporary() -> PathBuf {
    env::TMPDIR
        .path()
        .and_then(|given| std::path::absolute(given).ok())
        .unwrap_or_else(|| PathBuf::from(TEMPORARY))
}

/// The same, where nobody but this user and the system's can put another folder in the place of ours.
fn temporary_checked() -> io::Result<PathBuf> {
    let base = temporary();
    secret_file::create_dir(&base)?;
    if is_kept_from_others(&base) {
        return Ok(base);
    }
    Err(io::Error::other(format!(
        "others can change {}",
        base.display()
    )))
}

/// True where only this user and the system's can rename what this user puts there.
fn is_kept_from_others(base: &Path) -> bool {
    fs::metadata(base).is_ok_and(|found| {
        let is_owned = [0, user()].contains(&found.uid());
        let is_sticky = found.mode() & 0o1000 != 0;
        is_owned && (found.mode() & 0o022 == 0 || is_sticky)
    })
}

fn is_folder_of_ours(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir() && found.uid() == user())
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn is_same(open: &File, path: &Path) -> bool {
    match (open.metadata(), fs::symlink_metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}
