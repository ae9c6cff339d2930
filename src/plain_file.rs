//! Opens files that others may have put there: only regular files of a bounded size, without blocking.
//!
//! If a secret, a manifest or a key turns out to be a FIFO, a device, a folder or an endless file, that is an error at
//! once.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::system::files;

/// The first size of the buffer, in bytes.
const FIRST: usize = 64 << 10;

/// Whether the path may be a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// For files that the user names: mounted secrets are links.
    Follow,
    /// For files that this program writes.
    Refuse,
}

/// Opens a regular file for reading, without waiting.
///
/// # Errors
/// The system's error, or the file is not regular.
pub(crate) fn open(path: &Path, links: Links) -> io::Result<File> {
    regular(open_anything(path, links)?)
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open`], or the file is larger.
pub(crate) fn read(path: &Path, links: Links, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    read_to_end(open(path, links)?, limit)
}

/// Reads a file that the command line names. Unlike [`read`], it accepts a pipe that the shell opened for this program
/// (`/dev/stdin`, `/dev/fd/N`). A path that comes from a file must use [`read`].
///
/// # Errors
/// As [`read`].
pub(crate) fn read_named(path: &Path, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = open_anything(path, Links::Follow)?;
    if is_own_descriptor(path) && files::is_pipe(&file.metadata()?) {
        files::let_wait(&file)?;
        return read_to_end(file, limit);
    }
    read_to_end(regular(file)?, limit)
}

/// Returns true for the path of a descriptor of this program.
#[must_use]
pub(crate) fn is_own_descriptor(path: &Path) -> bool {
    path == Path::new("/dev/stdin")
        || ["/dev/fd", "/proc/self/fd"]
            .iter()
            .any(|folder| path.parent() == Some(Path::new(folder)))
}

/// Opens a file of any kind, without waiting for the other end of a pipe and without acquiring a terminal.
fn open_anything(path: &Path, links: Links) -> io::Result<File> {
    files::options(links == Links::Follow)
        .read(true)
        .open(path)
        .map_err(|error| {
            if links == Links::Refuse && files::is_refused_link(&error) {
                io::Error::other("it is a symbolic link")
            } else {
                error
            }
        })
}

fn regular(file: File) -> io::Result<File> {
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(file)
}

/// Reads everything, up to a limit. It grows the buffer itself and wipes each outgrown one: a growing `Vec` would leave
/// copies of the secret in memory.
///
/// # Errors
/// The reader fails, or there is more than the limit.
pub(crate) fn read_to_end(mut reader: impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; FIRST]);
    let mut filled = 0;
    loop {
        if filled > limit {
            return Err(io::Error::other(format!(
                "it has more than {}",
                size(limit)
            )));
        }
        if filled == bytes.len() {
            let mut larger = Zeroizing::new(vec![0; bytes.len() * 4]);
            larger[..filled].copy_from_slice(&bytes);
            bytes = larger;
        }
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => {
                bytes.truncate(filled);
                return Ok(bytes);
            }
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn size(bytes: usize) -> String {
    match bytes {
        _ if bytes != 0 && bytes.trailing_zeros() >= 20 => format!("{} MiB", bytes >> 20),
        _ if bytes != 0 && bytes.trailing_zeros() >= 10 => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_plain_file_of_a_fair_size_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "text").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("fifo"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let words = |name: &str, links| read(&at(name), links, 4).unwrap_err().to_string();
        assert_eq!(**read(&at("file"), Links::Refuse, 4).unwrap(), *b"text");
        assert_eq!(**read(&at("link"), Links::Follow, 4).unwrap(), *b"text");
        assert_eq!(words("link", Links::Refuse), "it is a symbolic link");
        for special in ["fifo", "/dev/zero"] {
            assert_eq!(
                words(special, Links::Follow),
                "it is not a regular file",
                "{special}"
            );
        }
        let folder = read(dir.path(), Links::Follow, 4).unwrap_err();
        assert_eq!(folder.kind(), io::ErrorKind::IsADirectory);
        let short = read(&at("file"), Links::Refuse, 3).unwrap_err();
        assert_eq!(short.to_string(), "it has more than 3 bytes");
        assert_eq!(size(32 << 20), "32 MiB");
        assert_eq!(
            read_named(&at("fifo"), 4).unwrap_err().to_string(),
            "it is not a regular file"
        );
    }
}
