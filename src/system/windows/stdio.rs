//! What the standard streams are.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::windows::io::AsHandle;
use std::time::Duration;

use crate::system::kinds::Stdin;

/// Whatever is not a console is for this command: the standard library does not tell more.
#[must_use]
pub(crate) fn stdin() -> Stdin {
    if io::stdin().is_terminal() {
        Stdin::Silent
    } else {
        Stdin::Given
    }
}

/// The standard library does not tell: standard input may be a pipe, which waits.
#[must_use]
pub(crate) fn stdin_is_at_hand() -> bool {
    false
}

/// The standard library does not tell what waits.
pub(crate) fn waiting() -> io::Result<u64> {
    Ok(0)
}

/// The standard library can't wait for data, and [`waiting`] would not tell of it.
pub(crate) fn await_data(_limit: Duration) {}

/// Returns true if standard output is not a console: whoever reads it may write to the same one.
#[must_use]
pub(crate) fn stdout_is_pipe() -> bool {
    !io::stdout().is_terminal()
}

/// Returns a stream of this process as a file; `None` if it is closed.
#[must_use]
pub(crate) fn file(stream: &impl AsHandle) -> Option<File> {
    stream.as_handle().try_clone_to_owned().ok().map(File::from)
}

/// Writes to standard output at once.
///
/// # Errors
/// The system's error.
pub(crate) fn write_stdout(bytes: &[u8]) -> io::Result<usize> {
    let mut stdout = io::stdout();
    let written = stdout.write(bytes)?;
    stdout.flush().map(|()| written)
}
