//! The child process: it has our streams and our terminal, gets our signals, and its end is ours.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::signal::unix::{self, SignalKind};

/// The signals that ask a program to end, from the moment they are listened for. Until then they
/// end this process at once, without clean-up, so that listening comes before the first file.
pub struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hang_up: unix::Signal,
    quit: unix::Signal,
}

impl Signals {
    /// Must be called on the runtime.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            hang_up: unix::signal(SignalKind::hangup())?,
            quit: unix::signal(SignalKind::quit())?,
        })
    }

    /// A signal that came while nothing was waited for.
    pub async fn pending(&mut self) -> Option<Signal> {
        // Signals are seen when the runtime rests, which this makes it do.
        tokio::time::timeout(Duration::from_millis(1), self.next())
            .await
            .ok()
    }

    /// The next signal.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.terminate.recv() => Signal::TERM,
            _ = self.hang_up.recv() => Signal::HUP,
            _ = self.quit.recv() => Signal::QUIT,
        }
    }
}

/// The exit status of a program that a signal ended.
#[must_use]
pub fn status_of_signal(signal: Signal) -> u8 {
    u8::try_from(128 + signal.as_raw()).unwrap_or(u8::MAX)
}

/// Starts the command, passes signals on, waits, and gives the exit status: 128+n for a signal.
/// `meanwhile` runs beside the child and ends with it.
///
/// # Errors
/// Why the command can't be started or waited for.
pub async fn run(
    mut command: Command,
    signals: &mut Signals,
    meanwhile: impl Future<Output = ()>,
) -> io::Result<u8> {
    let mut child = command.spawn()?;
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    let in_foreground = in_foreground();
    let passing_on = async {
        loop {
            let signal = signals.next().await;
            // The terminal has sent the others to the whole group already, the child among it.
            if let Some(pid) = pid
                && (signal == Signal::TERM || !in_foreground)
            {
                // A child that is gone already needs no signal.
                let _ = kill_process(pid, signal);
            }
        }
    };
    let beside = async {
        meanwhile.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        status = child.wait() => Ok(status_of(status?)),
        () = passing_on => unreachable!("passing on never ends"),
        () = beside => unreachable!("pending never ends"),
    }
}

fn status_of(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// True where we are in the foreground of a terminal: its keys then reach the child without us.
fn in_foreground() -> bool {
    std::fs::File::open("/dev/tty")
        .ok()
        .and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok())
        .is_some_and(|group| group == rustix::process::getpgrp())
}
