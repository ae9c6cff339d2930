//! The one writer of files that hold secrets: the configuration, the key of the embedded API, and the files that the
//! session helper materializes.
//!
//! Directories have mode 0700 and files 0600 from the first instant, whatever the umask; no symbolic link is followed.
//! The content is flushed to the disk before the file gets its name: a reader sees the old content or the new, never a
//! part, and a process that is killed leaves nothing behind.
//!
//! A nameless file can't replace an existing name, and not every file system supports nameless files. In these cases
//! the content is first written to a temporary file beside the target, `.NAME.<random>`, which its writer keeps locked.
//! The next write to the same target removes temporary files that killed writers left.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::system::files;

use crate::text::command::shell_word;

/// The mode of every directory that is created here.
pub(crate) const DIR_MODE: u32 = 0o700;
/// The mode of every file that is written here.
pub(crate) const FILE_MODE: u32 = 0o600;
/// The bits of a mode that give rights to users other than the owner.
const OTHERS: u32 = 0o077;
/// How much more than the file before it a file has that only shows that there is room, in bytes.
const TRIAL_SIZE: usize = 4096;
/// The number of random hexadecimal digits at the end of a temporary file's name.
const RANDOM_DIGITS: usize = 16;

/// Creates a directory and its missing parents, each with mode 0700 whatever the umask takes away.
///
/// # Errors
/// A directory can't be created, or something else has its name. Root gets an error in another user's folder.
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    let is_missing = |dir: &&Path| !dir.as_os_str().is_empty() && !dir.exists();
    let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
    if !missing.is_empty() {
        refuse_anothers(path)?;
    }
    for dir in missing.into_iter().rev() {
        match create_new_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => {}
            created => created?,
        }
    }
    if path.is_dir() {
        Ok(())
    } else {
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

/// Creates a directory that must not exist yet, with mode 0700.
///
/// # Errors
/// `AlreadyExists` if anything has this name; else the system's error.
pub(crate) fn create_new_dir(path: &Path) -> io::Result<()> {
    files::create_new_dir(path, DIR_MODE)?;
    match fs::symlink_metadata(path) {
        // The umask removed rights of the owner, who could not use the folder without them.
        Ok(made) if files::mode(&made) & DIR_MODE != DIR_MODE => files::set_mode_at(path, DIR_MODE),
        // If another process removed it already, the caller handles that.
        _ => Ok(()),
    }
}

/// Fails for root if the path is in another user's folder. With `sudo` that is usually the home of the user who called
/// it, and a private file of root's would lock that user out.
///
/// # Errors
/// The message does not name the path.
pub(crate) fn refuse_anothers(path: &Path) -> io::Result<()> {
    if !files::are_we_root() {
        return Ok(());
    }
    let path = std::path::absolute(path)?;
    let nearest = path
        .ancestors()
        .find_map(|folder| fs::metadata(folder).ok());
    if nearest.is_some_and(|found| !files::is_of_root(&found)) {
        return Err(io::Error::other(
            "it belongs to another user, whom a file of root's would lock out; run this as that user, or with HOME=/root",
        ));
    }
    Ok(())
}

/// Returns a warning if users other than the owner may read or write a file with a secret.
#[must_use]
pub(crate) fn open_to_others(path: &Path) -> Option<String> {
    let found = fs::metadata(path).ok()?;
    let mode = files::mode(&found) & 0o777;
    if !found.is_file() || mode & OTHERS == 0 {
        return None;
    }
    let Some(path) = lasting(path) else {
        return Some(format!(
            "others may read the file behind {}, which holds a secret (mode {mode:04o})",
            path.display()
        ));
    };
    Some(format!(
        "others may read {}, which holds a secret (mode {mode:04o}); chmod 600 {}",
        path.display(),
        shell_word(&path.to_string_lossy())
    ))
}

/// Returns a warning about a named file with a secret that everybody may change; `None` if that is not so.
#[must_use]
pub(crate) fn changeable_by_all(path: &Path) -> Option<String> {
    let found = fs::metadata(path).ok()?;
    let mode = files::mode(&found) & 0o777;
    if !found.is_file() || mode & 0o002 == 0 {
        return None;
    }
    let path = lasting(path)?;
    Some(format!(
        "everybody may change {}, which holds a secret (mode {mode:04o}); chmod 600 {}",
        path.display(),
        shell_word(&path.to_string_lossy())
    ))
}

/// Returns a path that means the same file in another process, so that a command with it can be copied. That of a
/// descriptor does not; the system tells the file behind it, unless that has been removed.
fn lasting(path: &Path) -> Option<PathBuf> {
    let is_descriptor = |path: &Path| path.starts_with("/dev") || path.starts_with("/proc");
    if !is_descriptor(path) {
        return Some(path.to_owned());
    }
    let behind = fs::canonicalize(path).ok()?;
    (!is_descriptor(&behind)).then_some(behind)
}

/// Creates a file that must not exist yet, with this content.
///
/// # Errors
/// `AlreadyExists` if anything has this name, even a dangling symbolic link; else the system's error. After an error no
/// file is left.
pub(crate) fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(done) = without_name(path, content, |draft| draft.link(path)) {
        return done;
    }
    let mut file = open_new(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// Creates a file with mode 0600 and opens it for writing, without following a link.
///
/// # Errors
/// As [`write_new`].
pub(crate) fn open_new(path: &Path) -> io::Result<File> {
    let file = files::create_new(path, FILE_MODE)?;
    restore_owner_rights(&file)?;
    Ok(file)
}

/// Opens a private file for locking, and creates it if it is missing. A folder can't serve as a lock, because every
/// user who may read it may lock it.
///
/// # Errors
/// The system's error, or something else has its name: a link, a pipe, a device, another user's file.
pub(crate) fn lock_file(path: &Path) -> io::Result<File> {
    let file = match open_lock(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match open_new(path) {
            // Another process has just created it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => open_lock(path)?,
            made => made?,
        },
        opened => opened?,
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if !files::is_ours(&found) {
        return Err(io::Error::other("it belongs to another user"));
    }
    if files::mode(&found) & OTHERS != 0 {
        files::set_mode(&file, FILE_MODE)?;
    }
    Ok(file)
}

/// Opens the lock without waiting, whatever kind of file it is.
fn open_lock(path: &Path) -> io::Result<File> {
    let opened = files::options(false).read(true).write(true).open(path);
    opened.map_err(|error| {
        if files::is_refused_link(&error) {
            io::Error::other("it is a symbolic link")
        } else {
            error
        }
    })
}

/// Replaces the content of `path` in one step.
///
/// # Errors
/// The system's error. The old content is unchanged then, and no new file is left.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    sweep(path);
    without_name(path, content, |draft| draft.rename(path))
        .unwrap_or_else(|| Draft::beside(path, content)?.rename(path))
}

/// Tries whether a file could be replaced: writes one of its size and a little more beside it, or where the first
/// missing folder would be, and removes it again.
///
/// # Errors
/// The system's error.
pub(crate) fn try_replace(path: &Path) -> io::Result<()> {
    let is_in_folder = |path: &&Path| folder(path).is_dir();
    let reachable = path.ancestors().find(is_in_folder).unwrap_or(path);
    let size = fs::metadata(path).map_or(0, |found| found.len());
    let content = vec![b' '; usize::try_from(size).unwrap_or(0) + TRIAL_SIZE];
    let discard = |draft: Draft| {
        drop(draft);
        Ok(())
    };
    without_name(reachable, &content, discard)
        .unwrap_or_else(|| Draft::beside(reachable, &content).map(drop))
}

/// Creates a file that must not exist yet, with its whole content from the first instant: if several processes race,
/// one wins, and no reader sees a part.
///
/// # Errors
/// `AlreadyExists` for the processes that lose; else the system's error.
pub(crate) fn write_new_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    sweep(path);
    without_name(path, content, |draft| draft.link(path))
        .unwrap_or_else(|| Draft::beside(path, content)?.link(path))
}

/// Removes the temporary files beside `path` that killed writers left: regular files of this user with a name of this
/// kind, whose writer is not running.
pub(crate) fn sweep(path: &Path) {
    if let Some(name) = path.file_name() {
        sweep_where(folder(path), |found| is_beside(found, name));
    }
}

/// Removes this user's regular files with certain names from a folder, except those that a process has locked.
pub(crate) fn sweep_where(folder: &Path, is_meant: impl Fn(&OsStr) -> bool) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if !is_meant(&entry.file_name()) {
            continue;
        }
        let left = entry.path();
        let opened = files::options(false).read(true).open(&left);
        if let Ok(file) = opened
            && file
                .metadata()
                .is_ok_and(|found| found.is_file() && files::is_ours(&found))
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(&left);
        }
    }
}

/// A file whose content is on the disk, and that does not have its final name yet.
struct Draft {
    file: File,
    /// Its temporary path, if it has a name; removed when the draft is dropped.
    beside: Option<PathBuf>,
}

impl Draft {
    /// Creates a file without a name; `None` if the system does not support that.
    fn nameless(path: &Path) -> Option<Self> {
        let file = files::create_nameless(folder(path), FILE_MODE)?;
        restore_owner_rights(&file).ok()?;
        Some(Self { file, beside: None })
    }

    /// Creates a temporary file beside the target, with the content.
    fn beside(path: &Path, content: &[u8]) -> io::Result<Self> {
        let beside = beside(path)?;
        let mut draft = Self {
            file: open_new(&beside)?,
            beside: Some(beside),
        };
        draft.fill(content)?;
        Ok(draft)
    }

    fn fill(&mut self, content: &[u8]) -> io::Result<()> {
        // The lock protects the file from a sweep. On a file system without locks a sweep removes nothing.
        let _ = self.file.try_lock();
        self.file.write_all(content)?;
        self.file.sync_all()
    }

    /// Gives the file its name, which must be free: unlike a rename, a link never replaces a file.
    fn link(self, path: &Path) -> io::Result<()> {
        match &self.beside {
            Some(beside) => fs::hard_link(beside, path)?,
            None => files::link_nameless(&self.file, path)?,
        }
        files::sync_folder(folder(path))
    }

    /// Gives the file its name, and replaces the file that has it now.
    fn rename(mut self, path: &Path) -> io::Result<()> {
        if self.beside.is_none() {
            let beside = beside(path)?;
            files::link_nameless(&self.file, &beside)?;
            self.beside = Some(beside);
        }
        if let Some(beside) = &self.beside {
            fs::rename(beside, path)?;
        }
        self.beside = None;
        files::sync_folder(folder(path))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _ = fs::remove_file(beside);
        }
    }
}

/// Writes a file without a name and finishes it. Returns `None` if that is not supported here; any other error would
/// also occur without this way.
fn without_name(
    path: &Path,
    content: &[u8],
    finish: impl FnOnce(Draft) -> io::Result<()>,
) -> Option<io::Result<()>> {
    let mut draft = Draft::nameless(path)?;
    if let Err(error) = draft.fill(content) {
        return Some(Err(error));
    }
    match finish(draft) {
        // There is no /proc, or the system forbids such links.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::PermissionDenied
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::CrossesDevices
            ) =>
        {
            None
        }
        done => Some(done),
    }
}

/// Restores the owner's rights if the umask removed them: the file could not be read again.
fn restore_owner_rights(file: &File) -> io::Result<()> {
    if files::mode(&file.metadata()?) & FILE_MODE != FILE_MODE {
        files::set_mode(file, FILE_MODE)?;
    }
    Ok(())
}

/// Returns the path of a temporary file in the same directory. Nobody else uses the name, and [`sweep`] recognizes it.
///
/// # Errors
/// The path does not name a file.
pub(crate) fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut random = [0_u8; RANDOM_DIGITS / 2];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let mut new = OsString::from(".");
    new.push(name);
    new.push(format!(".{:016x}", u64::from_ne_bytes(random)));
    Ok(path.with_file_name(new))
}

/// Returns true for the names that [`beside`] returns.
#[must_use]
pub(crate) fn is_beside(found: &OsStr, name: &OsStr) -> bool {
    let random = found
        .as_encoded_bytes()
        .strip_prefix(b".")
        .and_then(|rest| rest.strip_prefix(name.as_encoded_bytes()))
        .and_then(|rest| rest.strip_prefix(b"."));
    random.is_some_and(|random| {
        let is_digit = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        random.len() == RANDOM_DIGITS && random.iter().all(is_digit)
    })
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
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

    #[test]
    fn only_a_private_file_of_ours_is_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let made = lock_file(&at("lock")).unwrap();
        assert!(made.try_lock().is_ok() && mode(&at("lock")) == FILE_MODE);
        assert!(lock_file(&at("lock")).unwrap().try_lock().is_err());
        fs::write(at("open"), "").unwrap();
        fs::set_permissions(at("open"), fs::Permissions::from_mode(0o644)).unwrap();
        lock_file(&at("open")).unwrap();
        assert_eq!(mode(&at("open")), FILE_MODE);
        symlink(at("open"), at("link")).unwrap();
        symlink(at("missing"), at("dangling")).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        let fifo_mode = rustix::fs::Mode::from_raw_mode(FILE_MODE);
        rustix::fs::mknodat(rustix::fs::CWD, at("fifo"), fifo, fifo_mode, 0).unwrap();
        for (name, why) in [
            ("link", "it is a symbolic link"),
            ("dangling", "it is a symbolic link"),
            ("fifo", "it is not a regular file"),
        ] {
            assert_eq!(lock_file(&at(name)).unwrap_err().to_string(), why, "{name}");
        }
        assert!(lock_file(dir.path()).is_err());
        assert!(!at("missing").exists());
    }

    #[test]
    fn what_a_killed_writer_left_goes_and_nothing_else_does() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let path = at("secret");
        let kept = [
            ".secret.0123456789abcdeg",
            ".secret.0123456789abcde",
            ".other.0123456789abcdef",
            "secret.0123456789abcdef",
        ];
        for name in kept {
            fs::write(at(name), "kept").unwrap();
        }
        fs::create_dir(at(".secret.1123456789abcdef")).unwrap();
        symlink(at(kept[0]), at(".secret.2123456789abcdef")).unwrap();
        fs::write(at(".secret.3123456789abcdef"), "left").unwrap();
        let alive = Draft::beside(&path, b"alive").unwrap();
        replace(&path, b"new").unwrap();
        assert!(!at(".secret.3123456789abcdef").exists());
        assert!(alive.beside.as_ref().unwrap().exists(), "its writer lives");
        drop(alive);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), kept.len() + 3);
    }

    #[test]
    fn a_file_has_its_content_before_its_name_with_and_without_nameless_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let drafts = [
            Draft::nameless(&path),
            Some(Draft::beside(&path, b"").unwrap()),
        ];
        for mut draft in drafts.into_iter().flatten() {
            draft.fill(b"whole").unwrap();
            assert!(!path.exists());
            draft.link(&path).unwrap();
            assert_eq!(
                (fs::read(&path).unwrap(), mode(&path)),
                (b"whole".to_vec(), FILE_MODE)
            );
            let second = Draft::beside(&path, b"second").unwrap();
            assert_eq!(
                second.link(&path).unwrap_err().kind(),
                io::ErrorKind::AlreadyExists
            );
            Draft::beside(&path, b"other")
                .unwrap()
                .rename(&path)
                .unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"other");
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
