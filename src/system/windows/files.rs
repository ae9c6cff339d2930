//! Files with the access list of their folder, and links that are not followed.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Whether a mode says who may read a file: here an access list does, which is not read.
pub(crate) const HAS_MODES: bool = false;

/// `FILE_FLAG_OPEN_REPARSE_POINT`: opens a link itself, which is not a regular file, in place of what it names.
const LINK_ITSELF: u32 = 0x0020_0000;
/// `FILE_FLAG_BACKUP_SEMANTICS`: opens folders too.
const FOLDERS_TOO: u32 = 0x0200_0000;

/// Returns options that open a link itself, unless they `follow` it.
#[must_use]
pub(crate) fn options(follow: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    if !follow {
        options.custom_flags(LINK_ITSELF);
    }
    options
}

/// A link is opened, and the caller finds that it is not a regular file.
#[must_use]
pub(crate) fn is_refused_link(_: &io::Error) -> bool {
    false
}

/// Every read waits for data.
pub(crate) fn let_wait(_: &File) -> io::Result<()> {
    Ok(())
}

/// Creates a file that must not exist yet, and opens it for writing.
///
/// # Errors
/// `AlreadyExists` if anything has this name, even a dangling symbolic link; else the system's error.
pub(crate) fn create_new(path: &Path, _: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Creates a directory that must not exist yet.
///
/// # Errors
/// `AlreadyExists` if anything has this name; else the system's error.
pub(crate) fn create_new_dir(path: &Path, _: u32) -> io::Result<()> {
    fs::create_dir(path)
}

/// Every file has a name.
#[must_use]
pub(crate) fn create_nameless(_: &Path, _: u32) -> Option<File> {
    None
}

/// Every file has a name.
pub(crate) fn link_nameless(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The system removes no file that `SQLite` has open, and a lock would keep `SQLite` away.
pub(crate) fn keep_from_sweeps(_: &File) {}

/// Marks a file as that of a running process, until the result is dropped. A lock keeps readers away, so the lock is on
/// another file beside it.
///
/// # Errors
/// Another process holds it, or the system's error.
pub(crate) fn hold(path: &Path, _: &File) -> io::Result<File> {
    let file = File::create(lock_of(path))?;
    file.try_lock()?;
    Ok(file)
}

/// Returns true if a running process holds the file.
#[must_use]
pub(crate) fn is_held(path: &Path, _: &File) -> bool {
    File::open(lock_of(path)).is_ok_and(|lock| lock.try_lock_shared().is_err())
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

/// Moves a folder to a path that must be free. The system itself replaces no folder that holds files.
///
/// # Errors
/// The system's error.
pub(crate) fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Opens a folder. Nothing can move it meanwhile.
///
/// # Errors
/// The system's error.
pub(crate) fn open_folder(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(FOLDERS_TOO)
        .open(path)
}

/// The file system keeps names in its own journal.
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Only the attempt to write tells.
pub(crate) fn check_writable(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Access lists count, and not the owner.
#[must_use]
pub(crate) fn is_ours(_: &Metadata) -> bool {
    true
}

/// Access lists count, and not the owner.
#[must_use]
pub(crate) fn is_of_root(_: &Metadata) -> bool {
    false
}

/// No user writes into everybody's folders by mistake.
#[must_use]
pub(crate) fn are_we_root() -> bool {
    false
}

/// Returns the mode of what is private: access lists are not read.
#[must_use]
pub(crate) fn mode(found: &Metadata) -> u32 {
    if found.is_dir() { 0o700 } else { 0o600 }
}

/// There are no modes.
pub(crate) fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

/// There are no modes.
pub(crate) fn set_mode_at(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// Returns true for any file: its name says whether it is a program.
#[must_use]
pub(crate) fn is_executable(found: &Metadata) -> bool {
    found.is_file()
}

/// Pipes have a place of their own, where no files are.
#[must_use]
pub(crate) fn is_pipe(_: &Metadata) -> bool {
    false
}

/// Returns true for the device that is always empty, also by the name that scripts for other systems use.
#[must_use]
pub(crate) fn is_null_device(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|path| path.eq_ignore_ascii_case("NUL") || path == "/dev/null")
}

/// Files can't be compared.
#[must_use]
pub(crate) fn is_same(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// Files have no number that the standard library tells.
#[must_use]
pub(crate) fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// Mounted volumes look like links, which are not followed, so a walk stays on its device.
#[must_use]
pub(crate) fn device(_: &Metadata) -> u64 {
    0
}

/// The standard library does not tell how many names a file has.
#[must_use]
pub(crate) fn names(_: &Metadata) -> u64 {
    1
}
