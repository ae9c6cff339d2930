//! Children, process groups, and the processes that they leave behind.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::process::{Pid, Resource, WaitOptions, getpid, getrlimit, waitpid};
pub(crate) use tokio::net::unix::pipe::Receiver as Reader;
use tokio::process::{Child, Command};

use super::signals::Signal;

/// A program with everything that it starts. Dropping it kills what is left of it.
pub(crate) struct Group(Option<Pid>);

impl Group {
    /// Lets a command that is not started yet lead a group of its own.
    pub(crate) fn prepare(command: &mut Command) {
        command.process_group(0);
    }

    /// Returns the group of a child whose command was prepared.
    #[must_use]
    pub(crate) fn of(child: &Child) -> Self {
        Self(id_of(child).and_then(Pid::from_raw))
    }

    /// Asks all of the group to end. The group may be empty.
    pub(crate) fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills all of the group. Usually it has ended already.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the ID of a child that runs.
#[must_use]
pub(crate) fn id_of(child: &Child) -> Option<i32> {
    child.id().and_then(|id| i32::try_from(id).ok())
}

/// Returns the ID of this process.
#[must_use]
pub(crate) fn this() -> i32 {
    getpid().as_raw_nonzero().get()
}

/// Adopts the processes that children of this process leave behind, if the system supports that.
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(getpid()));
}

/// Forgets a child that has ended.
pub(crate) fn reap(id: i32) {
    if let Some(id) = Pid::from_raw(id) {
        let _ = waitpid(Some(id), WaitOptions::NOHANG);
    }
}

/// Sends a signal to a child of this process. It fails only if the child has ended.
pub(crate) fn signal_child(id: i32, signal: Signal) {
    if let Some(id) = Pid::from_raw(id) {
        let _ = rustix::process::kill_process(id, signal);
    }
}

/// Sends a signal to any process, if `is_it` still holds once the process can't be mistaken for another.
pub(crate) fn signal(id: i32, signal: Signal, is_it: impl Fn() -> bool) {
    let Some(id) = Pid::from_raw(id).filter(|_| id > 1) else {
        return;
    };
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
        match pidfd_open(id, PidfdFlags::empty()) {
            Ok(held) => {
                if is_it() {
                    let _ = pidfd_send_signal(held, signal);
                }
                return;
            }
            Err(rustix::io::Errno::SRCH) => return,
            Err(_) => {}
        }
    }
    if is_it() {
        let _ = rustix::process::kill_process(id, signal);
    }
}

/// Returns the signal that ended a program.
#[must_use]
pub(crate) fn ending_signal(status: ExitStatus) -> Option<i32> {
    status.signal()
}

/// Returns true if this process is in the foreground of a terminal. Its keys then send their signals to the child too.
#[must_use]
pub(crate) fn in_foreground() -> bool {
    std::fs::File::open("/dev/tty")
        .ok()
        .and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok())
        .is_some_and(|group| group == rustix::process::getpgrp())
}

/// Returns how many files this process may have open; `None` if there is no limit.
#[must_use]
pub(crate) fn most_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Lets the runtime read a pipe.
///
/// # Errors
/// The system's error.
pub(crate) fn reader(pipe: io::PipeReader) -> io::Result<Reader> {
    Reader::from_owned_fd(pipe.into())
}
