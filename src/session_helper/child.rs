//! The child process: it has our streams and our terminal, gets our signals, and its end is ours.

use std::future::poll_fn;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::task::{Context, Poll};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::signal::unix::{self, SignalKind};

use crate::output::signals;

/// The signals that ask a program to end, from the moment they are listened for. Until then they
/// end this process at once, without clean-up, so that listening comes before the first file. One
/// that was ignored from the start (`nohup`) stays ignored, here and in the child.
pub struct Signals {
    streams: Vec<(Signal, unix::Signal)>,
    /// Caught, so that a write past the size limit is an error and not the end of the program.
    _file_size: unix::Signal,
}

impl Signals {
    /// Must be called on the runtime.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen() -> io::Result<Self> {
        let catch = |signal: Signal| unix::signal(SignalKind::from_raw(signal.as_raw()));
        let streams = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT]
            .into_iter()
            .filter(|signal| !signals::is_ignored(signal.as_raw()))
            .map(|signal| {
                signals::own(signal.as_raw());
                Ok((signal, catch(signal)?))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            streams,
            _file_size: catch(Signal::XFSZ)?,
        })
    }

    /// A signal that came while nothing was waited for.
    pub async fn pending(&mut self) -> Option<Signal> {
        // What came is seen when the runtime looks for events, which it does before it comes back here.
        tokio::task::yield_now().await;
        poll_fn(|context| Poll::Ready(self.poll(context))).await
    }

    /// The next signal.
    pub async fn next(&mut self) -> Signal {
        poll_fn(|context| self.poll(context).map_or(Poll::Pending, Poll::Ready)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Option<Signal> {
        self.streams.iter_mut().find_map(|(signal, stream)| {
            matches!(stream.poll_recv(context), Poll::Ready(Some(()))).then_some(*signal)
        })
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
