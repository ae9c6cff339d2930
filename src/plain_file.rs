//! Opens files that others may have put there: regular files of a bounded size, and nothing that blocks.
//!
//! A FIFO, a device or an endless file in the place of a key, a token or a backup is an error at once.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

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
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|error| match rustix::io::Errno::from_io_error(&error) {
            Some(rustix::io::Errno::LOOP) if links == Links::Refuse => {
                io::Error::other("it is a symbolic link")
            }
            _ => error,
        })?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open`], or that the file is larger.
pub fn read(path: &Path, links: Links, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = open(path, links)?;
    let too_large = || io::Error::other(format!("it is larger than {limit} bytes"));
    let size = file.metadata()?.len();
    if size > limit {
        return Err(too_large());
    }
    // With room for all of it nothing is moved, so no copy of a secret is left behind.
    let room = usize::try_from(size).unwrap_or_default().saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    Ok(bytes)
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
        for special in ["fifo", ".", "/dev/zero"] {
            assert_eq!(
                words(special, Links::Follow),
                "it is not a regular file",
                "{special}"
            );
        }
        let short = read(&at("file"), Links::Refuse, 3).unwrap_err();
        assert_eq!(short.to_string(), "it is larger than 3 bytes");
    }
}
