//! Modes and owners of files, links that are not followed, files without a name.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _,
    PermissionsExt as _,
};
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, OFlags, RenameFlags};
use rustix::io::Errno;
use rustix::process::geteuid;

/// Whether a mode says who may read a file.
pub(crate) const HAS_MODES: bool = true;

/// Returns options that neither wait for the other end of a pipe nor acquire a terminal, and that open a symbolic link
/// only if they `follow` links; [`is_refused_link`] recognizes the error for one.
#[must_use]
pub(crate) fn options(follow: bool) -> OpenOptions {
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if !follow {
        flags |= OFlags::NOFOLLOW;
    }
    let mut options = OpenOptions::new();
    options.custom_flags(raw(flags));
    options
}

/// Returns true if a file was not opened because it is a symbolic link.
#[must_use]
pub(crate) fn is_refused_link(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::LOOP)
}

/// Lets reads of a file from [`options`] wait for data.
///
/// # Errors
/// The system's error.
pub(crate) fn let_wait(file: &File) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(file)?;
    Ok(rustix::fs::fcntl_setfl(file, flags - OFlags::NONBLOCK)?)
}

/// Creates a file that must not exist yet, with this mode at most, and opens it for writing.
///
/// # Errors
/// `AlreadyExists` if anything has this name, even a dangling symbolic link; else the system's error.
pub(crate) fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .custom_flags(raw(OFlags::NOFOLLOW))
        .open(path)
}

/// Creates a directory that must not exist yet, with this mode at most.
///
/// # Errors
/// `AlreadyExists` if anything has this name; else the system's error.
pub(crate) fn create_new_dir(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().mode(mode).create(path)
}

/// Creates a file without a name in a folder and opens it for writing; `None` if the system does not support that.
#[must_use]
pub(crate) fn create_nameless(folder: &Path, mode: u32) -> Option<File> {
    #[cfg(target_os = "linux")]
    {
        let mode = rustix::fs::Mode::from_raw_mode(mode);
        let how = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
        let file = rustix::fs::openat(CWD, folder, how, mode).ok()?;
        Some(File::from(file))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (folder, mode);
        None
    }
}

/// Gives a file without a name a name that must be free.
///
/// # Errors
/// `AlreadyExists` if anything has this name; else the system's error.
pub(crate) fn link_nameless(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;
    let itself = format!("/proc/self/fd/{}", file.as_raw_fd());
    let follow = AtFlags::SYMLINK_FOLLOW;
    Ok(rustix::fs::linkat(CWD, itself, CWD, path, follow)?)
}

/// Keeps the sweeps of other processes from removing a file that `SQLite` writes, as long as it is open here.
pub(crate) fn keep_from_sweeps(file: &File) {
    // On a file system without locks a sweep removes nothing.
    let _ = file.try_lock();
}

/// Marks a file as that of a running process, until the result is dropped. Others can still read it.
///
/// # Errors
/// Another process holds it, or the system's error.
pub(crate) fn hold(_: &Path, file: &File) -> io::Result<File> {
    file.try_lock()?;
    file.try_clone()
}

/// Returns true if a running process holds the file.
#[must_use]
pub(crate) fn is_held(_: &Path, file: &File) -> bool {
    file.try_lock_shared().is_err()
}

/// Moves a folder to a path that must be free.
///
/// # Errors
/// The system's error.
pub(crate) fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A file system that can't refuse to replace a folder.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => fs::rename(from, to),
        moved => Ok(moved?),
    }
}

/// Opens a folder, for a lock on it.
///
/// # Errors
/// The system's error.
pub(crate) fn open_folder(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Flushes a folder, so that a rename in it survives a power failure.
///
/// # Errors
/// The system's error.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Fails if this user can't write to a folder.
///
/// # Errors
/// The system's reason.
pub(crate) fn check_writable(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(folder, Access::WRITE_OK)?)
}

/// Returns true if the file belongs to this user.
#[must_use]
pub(crate) fn is_ours(found: &Metadata) -> bool {
    found.uid() == geteuid().as_raw()
}

/// Returns true if the file belongs to the administrator.
#[must_use]
pub(crate) fn is_of_root(found: &Metadata) -> bool {
    found.uid() == 0
}

/// Returns true if this user is the administrator, who may write into everybody's folders.
#[must_use]
pub(crate) fn are_we_root() -> bool {
    geteuid().is_root()
}

/// Returns the bits of a mode: who may read, write and execute.
#[must_use]
pub(crate) fn mode(found: &Metadata) -> u32 {
    found.mode() & 0o7777
}

/// Changes the mode of an open file.
///
/// # Errors
/// The system's error.
pub(crate) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))
}

/// Changes the mode of the file at a path.
///
/// # Errors
/// The system's error.
pub(crate) fn set_mode_at(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Returns true if the file may be run as a program.
#[must_use]
pub(crate) fn is_executable(found: &Metadata) -> bool {
    found.is_file() && found.mode() & 0o111 != 0
}

#[must_use]
pub(crate) fn is_pipe(found: &Metadata) -> bool {
    found.file_type().is_fifo()
}

/// Returns true for the path of the device that is always empty, under any name.
#[must_use]
pub(crate) fn is_null_device(path: &Path) -> bool {
    match (fs::metadata(path), fs::metadata("/dev/null")) {
        (Ok(found), Ok(null)) => found.file_type().is_char_device() && found.rdev() == null.rdev(),
        _ => false,
    }
}

/// Returns true if both are the same file.
#[must_use]
pub(crate) fn is_same(a: &Metadata, b: &Metadata) -> bool {
    identity(a) == identity(b)
}

/// Returns the device and the number of a file, which no other file has; `None` if the system does not tell.
#[must_use]
#[allow(clippy::unnecessary_wraps, reason = "not every system tells")]
pub(crate) fn identity(found: &Metadata) -> Option<(u64, u64)> {
    Some((found.dev(), found.ino()))
}

/// Returns the device of a file.
#[must_use]
pub(crate) fn device(found: &Metadata) -> u64 {
    found.dev()
}

/// Returns the number of names that a file has.
#[must_use]
pub(crate) fn names(found: &Metadata) -> u64 {
    found.nlink()
}

fn raw(flags: OFlags) -> i32 {
    (flags | OFlags::CLOEXEC).bits().cast_signed()
}
