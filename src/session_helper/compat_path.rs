//! Writes the kubeconfig to the platform's fixed path, safely: creates it exclusively, and never through a link.
//!
//! A record beside the private folder, where the command does not see it, names the created file by device and inode.
//! With it a later run can remove the file of a killed run, and no other.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::runner::table::KUBECONFIG_PATH;
use crate::secret_file;
use crate::system::files;

/// The end of the record's name, after the name of the private folder.
pub(crate) const RECORD: &str = ".fixed";
/// The longest record that is read, in bytes: two numbers.
const LONGEST: u64 = 64;

/// Writes `content` to the fixed path. The exclusive creation is the lock: only one session at a time has the file.
///
/// # Errors
/// `AlreadyExists` if anything is there, even a link; else the system's error.
pub(crate) fn write(dir: &Path, content: &[u8]) -> io::Result<Fixed> {
    let path = Path::new(KUBECONFIG_PATH);
    remove_unrecorded(path);
    let mut file = secret_file::open_new(path)?;
    let id = identity(&file.metadata()?).ok_or(io::ErrorKind::Unsupported)?;
    let fixed = Fixed(id);
    // The record is written before the secret: a run that is killed in between leaves only an empty file.
    secret_file::write_new(&record(dir), fixed.0.as_bytes())?;
    file.write_all(content).and_then(|()| file.sync_all())?;
    Ok(fixed)
}

/// The file at the fixed path. Dropping it removes the file, without using the record: that is for later runs, and its
/// folder may be gone by then, like a runtime folder after the logout.
pub(crate) struct Fixed(String);

impl Drop for Fixed {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// Removes the file in the record of a private folder, if it is still the same file, and the record.
pub(crate) fn remove_recorded(dir: &Path) {
    let path = record(dir);
    if let Some(recorded) = read(&path) {
        remove(&recorded);
        let _ = fs::remove_file(path);
    }
}

fn record(dir: &Path) -> PathBuf {
    let mut path = dir.as_os_str().to_owned();
    path.push(RECORD);
    path.into()
}

/// Reads a record. It must be a small regular file of this user, not a link, a pipe or a device.
fn read(path: &Path) -> Option<String> {
    let file = files::options(false).read(true).open(path).ok()?;
    let found = file.metadata().ok()?;
    let is_ours = found.is_file() && files::is_ours(&found) && found.len() <= LONGEST;
    let mut text = String::new();
    (is_ours && file.take(LONGEST).read_to_string(&mut text).is_ok()).then_some(text)
}

/// Removes the file at the fixed path, if it has this identity.
fn remove(id: &str) {
    let path = Path::new(KUBECONFIG_PATH);
    let is_it = |found: fs::Metadata| {
        identity(&found).as_deref() == Some(id) && found.is_file() && files::is_ours(&found)
    };
    if fs::symlink_metadata(path).is_ok_and(is_it) {
        let _ = fs::remove_file(path);
    }
}

/// Removes an empty file of this user: it was left by a run that was killed before it could write the record.
fn remove_unrecorded(path: &Path) {
    let is_unrecorded = fs::symlink_metadata(path).is_ok_and(|found| {
        found.is_file()
            && found.len() == 0
            && files::names(&found) == 1
            && files::is_ours(&found)
            && files::mode(&found) & 0o777 == secret_file::FILE_MODE
            && found
                .modified()
                .and_then(|time| time.elapsed().map_err(io::Error::other))
                .is_ok_and(|age| age.as_secs() >= 60)
    });
    if is_unrecorded {
        let _ = fs::remove_file(path);
    }
}

fn identity(found: &fs::Metadata) -> Option<String> {
    files::identity(found).map(|(device, number)| format!("{device}:{number}"))
}
