//! What the standard streams are.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use rustix::process::{Pid, getppid};

use crate::system::kinds::Stdin;

/// Distinguishes a secret in a pipe from the list of a `while read` loop. A script shares its standard input with the
/// commands that it runs: then the parent process has the same pipe, or a part of the file was read before.
#[must_use]
pub(crate) fn stdin() -> Stdin {
    let Ok(about) = fstat(io::stdin()) else {
        return Stdin::Silent;
    };
    match FileType::from_raw_mode(about.st_mode) {
        FileType::RegularFile => match rustix::fs::tell(io::stdin()) {
            Ok(0) => Stdin::Given,
            _ => Stdin::Shared,
        },
        FileType::Fifo | FileType::Socket => {
            let parent = getppid().map(Pid::as_raw_nonzero);
            let same = parent
                .and_then(|parent| rustix::fs::stat(format!("/proc/{parent}/fd/0")).ok())
                .is_some_and(|other| (other.st_dev, other.st_ino) == (about.st_dev, about.st_ino));
            if same { Stdin::Shared } else { Stdin::Given }
        }
        _ => Stdin::Silent,
    }
}

/// Returns true if standard input is a file or a device such as `/dev/null`, whose content waits for nobody.
#[must_use]
pub(crate) fn stdin_is_at_hand() -> bool {
    fstat(io::stdin()).is_ok_and(|file| {
        matches!(
            FileType::from_raw_mode(file.st_mode),
            FileType::RegularFile | FileType::CharacterDevice
        )
    })
}

/// Returns the number of bytes that can be read from standard input without waiting.
///
/// # Errors
/// The system does not tell.
pub(crate) fn waiting() -> io::Result<u64> {
    Ok(rustix::io::ioctl_fionread(io::stdin())?)
}

/// Waits until standard input holds data or has ended, but not longer than this.
pub(crate) fn await_data(limit: Duration) {
    let stdin = io::stdin();
    let mut streams = [PollFd::new(&stdin, PollFlags::IN)];
    if let Ok(limit) = Timespec::try_from(limit) {
        let _ = poll(&mut streams, Some(&limit));
    }
}

/// Returns true if standard output is a pipe, whose reader may write to the same terminal.
#[must_use]
pub(crate) fn stdout_is_pipe() -> bool {
    fstat(io::stdout()).is_ok_and(|file| {
        matches!(
            FileType::from_raw_mode(file.st_mode),
            FileType::Fifo | FileType::Socket
        )
    })
}

/// Returns a stream of this process as a file; `None` if it is closed.
#[must_use]
pub(crate) fn file(stream: &impl AsFd) -> Option<File> {
    stream.as_fd().try_clone_to_owned().ok().map(File::from)
}

/// Writes to standard output at once and without its lock, which another thread may hold while the program ends.
///
/// # Errors
/// The system's error; `Interrupted` or `WouldBlock` if it is worth another attempt.
pub(crate) fn write_stdout(bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::write(io::stdout(), bytes)?)
}
