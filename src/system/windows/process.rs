//! Children, without the processes that they leave behind: those are not known.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::process::ExitStatus;

pub(crate) use tokio::process::ChildStdout as Reader;
use tokio::process::{Child, Command};

use super::signals::Signal;

/// A program, without what it starts. It is killed when the caller drops the child.
pub(crate) struct Group;

impl Group {
    /// Lets the program end with its handle.
    pub(crate) fn prepare(command: &mut Command) {
        command.kill_on_drop(true);
    }

    /// Returns the group of a child whose command was prepared.
    #[must_use]
    pub(crate) fn of(_: &Child) -> Self {
        Self
    }

    /// There is no such request.
    pub(crate) fn ask_to_end(&self) {}

    /// The handle does that.
    pub(crate) fn kill(&self) {}
}

/// Returns the ID of a child that runs.
#[must_use]
pub(crate) fn id_of(child: &Child) -> Option<i32> {
    child.id().and_then(|id| i32::try_from(id).ok())
}

/// Returns the ID of this process.
#[must_use]
pub(crate) fn this() -> i32 {
    std::process::id().cast_signed()
}

/// Nobody can adopt a process.
pub(crate) fn adopt_orphans() {}

/// The system forgets processes that have ended.
pub(crate) fn reap(_: i32) {}

/// A child on the same console gets Ctrl-C itself.
pub(crate) fn signal_child(_: i32, _: Signal) {}

/// Processes get no signals.
pub(crate) fn signal(_: i32, _: Signal, _: impl Fn() -> bool) {}

/// Processes get no signals.
#[must_use]
pub(crate) fn ending_signal(_: ExitStatus) -> Option<i32> {
    None
}

/// Ctrl-C reaches every program of the console.
#[must_use]
pub(crate) fn in_foreground() -> bool {
    true
}

/// There is no limit.
#[must_use]
pub(crate) fn most_files() -> Option<u64> {
    None
}

/// Lets the runtime read a pipe.
///
/// # Errors
/// The system's error.
pub(crate) fn reader(pipe: io::PipeReader) -> io::Result<Reader> {
    Reader::from_std(OwnedHandle::from(pipe).into())
}
