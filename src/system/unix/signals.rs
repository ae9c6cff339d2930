//! The signals that the program waits for.

use std::io;
use std::task::{Context, Poll};
use std::thread;

pub(crate) use rustix::process::Signal;
use signal_hook::consts::{SIGCONT, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use tokio::signal::unix::{self, SignalKind};

use crate::system::kinds::Job;

/// The signals that ask a program to end.
pub(crate) const ENDING: &[Signal] = &[Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM];

/// The signals that are passed on to a command. Left out are those that stop a program, those that the system sends for
/// a fault of the program itself, and those that have no effect by default, except the two that report a change.
pub(crate) const PASSED_ON: &[Signal] = &[
    Signal::INT,
    Signal::TERM,
    Signal::HUP,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::VTALARM,
    Signal::PROF,
    Signal::IO,
    Signal::XCPU,
    Signal::TRAP,
    Signal::ABORT,
    Signal::SYS,
    #[cfg(target_os = "linux")]
    Signal::POWER,
    #[cfg(all(
        target_os = "linux",
        not(any(target_arch = "mips", target_arch = "mips64"))
    ))]
    Signal::STKFLT,
    Signal::WINCH,
    Signal::CONT,
];

/// Returns the signals from outside, beside those of every terminal, that end a program unless it waits for them.
pub(crate) fn fatal() -> impl Iterator<Item = Signal> {
    const OTHERS: &[Signal] = &[
        Signal::INT,
        Signal::TERM,
        Signal::HUP,
        Signal::WINCH,
        Signal::CONT,
    ];
    let passed_on = PASSED_ON.iter().copied();
    passed_on.filter(|signal| !OTHERS.contains(signal))
}

/// The real-time signals, which have no names. The C library keeps the first ones for itself, musl one more than glibc,
/// and nobody else may listen to them. The runtime accepts all but the last.
pub(crate) const REAL_TIME: std::ops::Range<i32> = if cfg!(not(target_os = "linux")) {
    0..0
} else if cfg!(target_env = "musl") {
    35..64
} else {
    34..64
};

/// The arrivals of one signal, for the runtime.
pub(crate) struct Arrivals(unix::Signal);

impl Arrivals {
    /// Starts to listen. Must be called on the runtime.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn of(signal: i32) -> io::Result<Self> {
        unix::signal(SignalKind::from_raw(signal)).map(Self)
    }

    /// Waits for the next arrival.
    pub(crate) async fn next(&mut self) {
        self.0.recv().await;
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.0.poll_recv(context) {
            Poll::Ready(Some(())) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}

/// Starts a thread that passes each of these signals to `act`, and no longer lets them end the program.
///
/// # Errors
/// The system refuses to report signals, or to start a thread.
pub(crate) fn watch(watched: impl Iterator<Item = Signal>, act: fn(i32)) -> io::Result<()> {
    let mut signals = Signals::new(watched.map(Signal::as_raw))?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            loop {
                // dialoguer answers any interruption with another SIGINT, so a different signal is the cause.
                let first = signals
                    .wait()
                    .min_by_key(|signal| *signal == Signal::INT.as_raw());
                if let Some(signal) = first {
                    act(signal);
                }
            }
        })?;
    Ok(())
}

/// Starts a thread that reports when the program is to stop, and when it goes on, until `act` returns false. The signal
/// itself no longer stops the program.
///
/// # Errors
/// The system refuses to report signals, or to start a thread.
pub(crate) fn watch_stops(mut act: impl FnMut(Job) -> bool + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGTSTP, SIGCONT])?;
    thread::Builder::new()
        .name("stops".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                let job = if signal == SIGCONT {
                    Job::Continued
                } else {
                    Job::Stop
                };
                if !act(job) {
                    return;
                }
            }
        })?;
    Ok(())
}

/// Stops the program until the shell continues it.
///
/// # Errors
/// The system's error.
pub(crate) fn stop() -> io::Result<()> {
    low_level::emulate_default_handler(SIGTSTP)
}
