//! The one writer of files that hold secrets: the configuration, the key of the embedded API, and
//! what the session helper materialises.
//!
//! Directories are 0700. A file is created exclusively, with 0600 from the first instant, follows no
//! symbolic link, is flushed to the disk and renamed into place, so a reader sees the old content or
//! the new, never a part (contract field.md rows 37 and 52).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Mode of every directory made here.
pub const DIR_MODE: u32 = 0o700;
/// Mode of every file written here.
pub const FILE_MODE: u32 = 0o600;

/// Creates a directory and its missing parents, each with mode 0700 whatever the umask takes away.
///
/// # Errors
/// When a directory can't be created, or something else has its name.
pub fn create_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, DIR_MODE);
    builder.create(path)
}

/// Creates a directory that must not exist yet, with mode 0700.
///
/// # Errors
/// `AlreadyExists` if anything has this name; else what the system says.
pub fn create_new_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, DIR_MODE);
    builder.create(path)
}

/// Creates a file that must not exist yet and writes `content` to it.
///
/// # Errors
/// `AlreadyExists` if anything has this name, a dangling symbolic link included; else what the
/// system says. After an error the file is gone again.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = open_new(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// Opens a file of our own for writing: created here and now, 0600, no link followed.
///
/// # Errors
/// As [`write_new`].
pub fn open_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(FILE_MODE).custom_flags(no_follow());
    }
    options.open(path)
}

#[cfg(unix)]
fn no_follow() -> i32 {
    (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::CLOEXEC)
        .bits()
        .cast_signed()
}

/// Puts `content` in the place of `path` in one step: a new file beside it, flushed, then renamed over it.
///
/// # Errors
/// What the system says. The old content is untouched then, and no new file is left.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = beside(path)?;
    write_new(&beside, content)?;
    let renamed = fs::rename(&beside, path).and_then(|()| sync_dir(path));
    if renamed.is_err() {
        let _ = fs::remove_file(&beside);
    }
    renamed
}

/// Creates a file that must not exist yet, whole from the first instant: several processes may race,
/// one wins, and no reader sees a part.
///
/// # Errors
/// `AlreadyExists` for those who lose; else what the system says.
pub fn write_new_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = beside(path)?;
    write_new(&beside, content)?;
    // Unlike a rename, a link never replaces.
    let linked = fs::hard_link(&beside, path).and_then(|()| sync_dir(path));
    let _ = fs::remove_file(&beside);
    linked
}

/// A name in the same directory that nobody else uses.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let mut new = std::ffi::OsString::from(".");
    new.push(name);
    new.push(format!(".{:016x}", u64::from_ne_bytes(random)));
    Ok(path.with_file_name(new))
}

/// Flushes the directory of `path`, so that a rename outlives a power cut.
fn sync_dir(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn new_files_are_private_and_exclusive() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        create_dir(&path).unwrap();
        let file = path.join("secret");
        write_new(&file, b"x").unwrap();
        assert_eq!((mode(&path), mode(&file)), (DIR_MODE, FILE_MODE));
        assert_eq!(
            write_new(&file, b"y").unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(fs::read(&file).unwrap(), b"x");
    }

    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        fs::write(&victim, "old").unwrap();
        let link = dir.path().join("link");
        symlink(&victim, &link).unwrap();
        assert!(write_new(&link, b"secret").is_err());
        replace(&link, b"secret").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"old");
        assert_eq!(
            (fs::read(&link).unwrap(), mode(&link)),
            (b"secret".to_vec(), FILE_MODE)
        );
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            2,
            "no file is left beside"
        );
    }
}
