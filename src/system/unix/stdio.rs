//! What the standard streams are.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use rustix::process::getppid;
use zeroize::Zeroizing;

use crate::system::kinds::Stdin;

/// Distinguishes a secret in a pipe from the list of a `while read` loop. A script shares its standard input with the
/// commands that it runs: then the process that called this one has the same pipe, or a part of the file was read
/// before.
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
            let same = caller()
                .and_then(|caller| rustix::fs::stat(format!("/proc/{caller}/fd/0")).ok())
                .is_some_and(|other| (other.st_dev, other.st_ino) == (about.st_dev, about.st_ino));
            if same { Stdin::Shared } else { Stdin::Given }
        }
        _ => Stdin::Silent,
    }
}

/// Returns the process that called this one. A wrapper such as `timeout 60 acpctl …` only passes its standard input on,
/// so it does not count. A loop is not taken for one: its command line is that of its script.
fn caller() -> Option<i32> {
    /// The most wrappers around one command.
    const MOST: usize = 16;
    let mut caller = getppid()?.as_raw_nonzero().get();
    let Some(own) = command_line("self") else {
        return Some(caller);
    };
    for _ in 0..MOST {
        let is_wrapper = command_line(&caller.to_string()).is_some_and(|line| runs(&line, &own));
        match parent(caller).filter(|_| is_wrapper) {
            Some(above) => caller = above,
            None => break,
        }
    }
    Some(caller)
}

/// Returns the words of a process, each with a NUL behind it. A secret may be among them.
fn command_line(process: &str) -> Option<Zeroizing<Vec<u8>>> {
    let line = std::fs::read(format!("/proc/{process}/cmdline")).ok()?;
    Some(Zeroizing::new(line)).filter(|line| !line.is_empty())
}

/// Returns true if a command line has words of its own and ends in the words of `own`, whose program it may name with
/// another path.
fn runs(line: &[u8], own: &[u8]) -> bool {
    let program = own.split(|byte| *byte == 0).next().unwrap_or_default();
    let folder = program.iter().rposition(|byte| *byte == b'/');
    let own = &own[folder.map_or(0, |at| at + 1)..];
    let before = line.strip_suffix(own).unwrap_or_default();
    before.contains(&0) && matches!(before, [.., 0 | b'/'])
}

/// Returns the parent of a process.
fn parent(process: i32) -> Option<i32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let id = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    id.trim().parse().ok().filter(|id| *id > 0)
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

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn a_wrapper_ends_in_the_command_that_it_runs() {
        let own = b"/opt/acpctl\0credential\0create\0";
        for line in [
            &b"timeout\x0060\0acpctl\0credential\0create\0"[..],
            b"sudo\0-u\0x\0/usr/bin/acpctl\0credential\0create\0",
            b"/bin/sh\0/usr/local/bin/acpctl\0credential\0create\0",
        ] {
            assert!(runs(line, own), "{}", String::from_utf8_lossy(line));
        }
        for line in [
            &b"sh\0-c\0while read c; do acpctl credential create; done\0"[..],
            b"bash\0",
            b"/opt/acpctl\0credential\0create\0",
            b"find\0-exec\0acpctl\0credential\0create\0;\0",
            b"python3\0my-acpctl\0credential\0create\0",
            b"",
        ] {
            assert!(!runs(line, own), "{}", String::from_utf8_lossy(line));
        }
    }
}
