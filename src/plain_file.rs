//! The one way to open a file that others may have put there: regular, of a bounded size, and nothing that blocks.
//!
//! A FIFO, a device, a folder or an endless file in the place of a secret, a manifest or a key is an error at once.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// How much is read at a time, in bytes.
const STEP: usize = 64 << 10;

/// Whether a symbolic link may stand in the file's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// Files that the user names: mounted secrets are links.
    Follow,
    /// Files of our own.
    Refuse,
}

/// Opens a regular file for reading. It never waits.
///
/// # Errors
/// What the system says, or that it is not a regular file.
pub fn open(path: &Path, links: Links) -> io::Result<File> {
    regular(open_anything(path, links)?)
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open`], or that the file is larger.
pub fn read(path: &Path, links: Links, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    read_to_end(open(path, links)?, limit)
}

/// The same for what a word of the command line names: what the shell opens for this program itself (`/dev/stdin`,
/// `/dev/fd/N`) may be a pipe. A path that stands in a file is for [`read`].
///
/// # Errors
/// As [`read`].
pub fn read_named(path: &Path, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = open_anything(path, Links::Follow)?;
    if is_own_descriptor(path) && file.metadata()?.file_type().is_fifo() {
        let flags = rustix::fs::fcntl_getfl(&file)?;
        rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
        return read_to_end(file, limit);
    }
    read_to_end(regular(file)?, limit)
}

/// True for a path of a descriptor that this program was started with.
#[must_use]
pub fn is_own_descriptor(path: &Path) -> bool {
    path == Path::new("/dev/stdin")
        || ["/dev/fd", "/proc/self/fd"]
            .iter()
            .any(|folder| path.parent() == Some(Path::new(folder)))
}

/// Without waiting for the other end of a pipe, and without making a terminal ours.
fn open_anything(path: &Path, links: Links) -> io::Result<File> {
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|error| match rustix::io::Errno::from_io_error(&error) {
            Some(rustix::io::Errno::LOOP) if links == Links::Refuse => {
                io::Error::other("it is a symbolic link")
            }
            _ => error,
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

/// Reads everything, up to a limit. Room is made in steps of our own and wiped when outgrown: a plain read would
/// leave copies of the secret behind.
///
/// # Errors
/// Why it can't be read, or that there is more.
pub fn read_to_end(mut reader: impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(STEP));
    loop {
        if bytes.len() > limit {
            return Err(io::Error::other(format!(
                "it has more than {}",
                size(limit)
            )));
        }
        if bytes.len() == bytes.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(bytes.capacity() * 4));
            larger.extend_from_slice(&bytes);
            bytes = larger;
        }
        let filled = bytes.len();
        let room = bytes.capacity().min(filled + STEP);
        bytes.resize(room, 0);
        let read = loop {
            match reader.read(&mut bytes[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        bytes.truncate(filled + read.as_ref().copied().unwrap_or(0));
        if read? == 0 {
            return Ok(bytes);
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
