//! The platform's fixed path for kubeconfigs, used safely: exclusively created, never through a link.
//!
//! A record beside the private folder, out of the way of the command, says which file was made there (device and inode), so
//! that a later run can remove the file of a killed one and nothing else.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::runner::table::KUBECONFIG_PATH;
use crate::secret_file;

/// How the record's name ends; it begins with the name of the private folder.
pub const RECORD: &str = ".fixed";
/// The longest record that is read, in bytes: two numbers.
const LONGEST: u64 = 64;

/// Writes `content` to the fixed path. Creating it exclusively is the lock: one session at a time.
///
/// # Errors
/// `AlreadyExists` if anything is there, a link included; else what the system says.
pub fn write(dir: &Path, content: &[u8]) -> io::Result<Fixed> {
    let path = Path::new(KUBECONFIG_PATH);
    remove_stillborn(path);
    let mut file = secret_file::open_new(path)?;
    let id = identity(&file.metadata()?);
    let fixed = Fixed(id);
    // The record comes before the secret: whoever is killed in between leaves an empty file only.
    secret_file::write_new(&record(dir), fixed.0.as_bytes())?;
    file.write_all(content).and_then(|()| file.sync_all())?;
    Ok(fixed)
}

/// The file at the fixed path; dropping it removes it. The record is for later runs alone: the folder
/// with it may be gone by then, as a runtime folder is after the logout.
pub struct Fixed(String);

impl Drop for Fixed {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// Removes the file that is on record for a private folder, if it is still that file, and the record.
pub fn remove_recorded(dir: &Path) {
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

/// A record is what was written as one: a small regular file of ours, not a link, a pipe or a device.
fn read(path: &Path) -> Option<String> {
    let how = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(how.bits().cast_signed())
        .open(path)
        .ok()?;
    let found = file.metadata().ok()?;
    let is_ours = found.is_file()
        && found.uid() == rustix::process::geteuid().as_raw()
        && found.len() <= LONGEST;
    let mut text = String::new();
    (is_ours && file.take(LONGEST).read_to_string(&mut text).is_ok()).then_some(text)
}

/// Removes the file at the fixed path, if it is the one of this identity.
fn remove(id: &str) {
    let path = Path::new(KUBECONFIG_PATH);
    let is_it = |found: fs::Metadata| {
        identity(&found) == id
            && found.is_file()
            && found.uid() == rustix::process::geteuid().as_raw()
    };
    if fs::symlink_metadata(path).is_ok_and(is_it) {
        let _ = fs::remove_file(path);
    }
}

/// An empty file of our own is what a run leaves that was killed before it could record it.
fn remove_stillborn(path: &Path) {
    let is_stillborn = fs::symlink_metadata(path).is_ok_and(|found| {
        found.is_file()
            && found.len() == 0
            && found.nlink() == 1
            && found.uid() == rustix::process::geteuid().as_raw()
            && found.mode() & 0o777 == secret_file::FILE_MODE
            && found
                .modified()
                .and_then(|time| time.elapsed().map_err(io::Error::other))
                .is_ok_and(|age| age.as_secs() >= 60)
    });
    if is_stillborn {
        let _ = fs::remove_file(path);
    }
}

fn identity(found: &fs::Metadata) -> String {
    format!("{}:{}", found.dev(), found.ino())
}
