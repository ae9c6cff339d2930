//! Empties a folder, whatever a command created in it: read-only folders, deep folders, pipes, links.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::Errno;

/// The mode of a folder that its owner can use.
#[cfg(target_os = "linux")]
const OWNER: u32 = 0o700;

/// The time limit: another process may keep filling the folder.
const LIMIT: Duration = Duration::from_secs(30);

/// Removes everything in a folder, without following links. It empties each inner folder of its files and moves the
/// folders below it up, so that any depth can be removed.
///
/// # Errors
/// The system's error; `TimedOut` if another process keeps filling the folder.
pub(crate) fn empty(top: &File) -> io::Result<()> {
    let top = top.as_fd();
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let new_name = format!(".moved-{:016x}-", u64::from_ne_bytes(random));
    let mut moved = 0_u64;
    let begin = Instant::now();
    loop {
        let names = names_in(top)?;
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            if begin.elapsed() > LIMIT {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if unlink(top, &name)? {
                continue;
            }
            let folder = open(top, &name)?;
            for inner in names_in(folder.as_fd())? {
                if !unlink(folder.as_fd(), &inner)? {
                    // A folder that moves must be writable itself.
                    open(folder.as_fd(), &inner)?;
                    moved += 1;
                    renameat(&folder, &inner, top, format!("{new_name}{moved}"))?;
                }
            }
            unlinkat(top, &name, AtFlags::REMOVEDIR)?;
        }
    }
}

/// Opens a folder of this user and gives the owner all rights first. It opens neither a link nor a mounted file system.
///
/// # Errors
/// The system's error.
pub(crate) fn open_folder(path: &Path) -> io::Result<File> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let parent = openat(
        CWD,
        parent,
        OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    open(parent.as_fd(), &CString::new(name.as_bytes())?).map(File::from)
}

/// Removes the file of this name in a folder, if there is one.
pub(crate) fn remove_file(folder: &File, name: &str) {
    let _ = unlinkat(folder, name, AtFlags::empty());
}

fn open(folder: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    {
        use std::fs::{Permissions, set_permissions};
        use std::os::fd::AsRawFd as _;
        use std::os::unix::fs::PermissionsExt as _;
        let seen = open_here(folder, name, OFlags::PATH)?;
        if !Mode::from_raw_mode(rustix::fs::fstat(&seen)?.st_mode).contains(Mode::RWXU) {
            let itself = format!("/proc/self/fd/{}", seen.as_raw_fd());
            // If that fails, opening the folder reports the reason.
            let _ = set_permissions(itself, Permissions::from_mode(OWNER));
        }
    }
    open_here(folder, name, OFlags::RDONLY)
}

/// Opens a folder, unless a command mounted another file system there: its content must not be removed.
fn open_here(folder: BorrowedFd<'_>, name: &CStr, how: OFlags) -> io::Result<OwnedFd> {
    let how = how | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mounted = || io::Error::other("something is mounted in it; unmount that first");
    #[cfg(target_os = "linux")]
    match rustix::fs::openat2(
        folder,
        name,
        how,
        Mode::empty(),
        rustix::fs::ResolveFlags::NO_XDEV,
    ) {
        Err(Errno::XDEV) => return Err(mounted()),
        // The system is too old, or a container forbids the call.
        Err(Errno::NOSYS | Errno::PERM) => {}
        opened => return Ok(opened?),
    }
    let opened = openat(folder, name, how, Mode::empty())?;
    if rustix::fs::fstat(&opened)?.st_dev == rustix::fs::fstat(folder)?.st_dev {
        Ok(opened)
    } else {
        Err(mounted())
    }
}

/// Removes a file. Returns false for a folder.
fn unlink(folder: BorrowedFd<'_>, name: &CStr) -> io::Result<bool> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        Err(Errno::ISDIR | Errno::PERM) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn names_in(folder: BorrowedFd<'_>) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn everything_goes_and_no_link_is_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("top");
        let mut deep = top.clone();
        for _ in 0..40 {
            deep.push("below");
        }
        fs::create_dir_all(&deep).unwrap();
        symlink(outside.path(), deep.join("link")).unwrap();
        fs::write(deep.join("file"), "").unwrap();
        for (path, mode) in [
            (&deep, 0o000),
            (&top.join("below/below"), 0o500),
            (&top, 0o500),
        ] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let opened = open_folder(&top).unwrap();
        empty(&opened).unwrap();
        assert_eq!(fs::read_dir(&top).unwrap().count(), 0);
        assert!(outside.path().join("kept").exists());
        assert!(open_folder(&dir.path().join("none")).is_err());
    }
}
