//! The child process: it has our streams and our terminal, gets our signals, and its end is ours.

use std::future::poll_fn;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::task::{Context, Poll};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::watch;
use tokio::time::sleep;

use super::family::{self, Awaited, Family};
use super::relay::{LINGER, Masks, Relay};
use crate::output::signals;

/// The signals that can be caught, from the moment they are listened for. Until then most of them end this process at
/// once, without clean-up, so that listening comes before the first file. One that was ignored from the start (`nohup`)
/// stays ignored, here and in the child.
pub struct Signals {
    streams: Vec<(Signal, unix::Signal)>,
    /// Caught, so that a write past the size limit is an error and not the end of the program.
    _file_size: unix::Signal,
}

/// What is passed on. Those that stop a program, that the system sends for a fault of the program itself, and that end
/// nothing by default are left as they are, but for the two that tell of a change.
const CAUGHT: &[Signal] = &[
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

/// Real-time signals have no names: for the command they are a plain request to end. The runtime takes all but the last.
const REAL_TIME: std::ops::Range<i32> = if cfg!(target_os = "linux") {
    34..64
} else {
    0..0
};

/// The signals that end no program.
const HARMLESS: &[Signal] = &[Signal::WINCH, Signal::CONT];
/// The signals that a terminal sends to all programs in its foreground, the child among them.
const OF_TERMINAL: &[Signal] = &[Signal::INT, Signal::HUP, Signal::QUIT, Signal::WINCH];

impl Signals {
    /// Must be called on the runtime.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen() -> io::Result<Self> {
        let catch = |signal: i32| unix::signal(SignalKind::from_raw(signal));
        let named = CAUGHT.iter().map(|signal| (signal.as_raw(), *signal));
        let streams = named
            .chain(REAL_TIME.map(|signal| (signal, Signal::TERM)))
            .filter(|(raw, _)| !signals::is_ignored(*raw))
            .map(|(raw, signal)| {
                signals::own(raw);
                Ok((signal, catch(raw)?))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            streams,
            _file_size: catch(Signal::XFSZ.as_raw())?,
        })
    }

    /// A signal that asks to end and came while nothing was waited for.
    pub async fn pending(&mut self) -> Option<Signal> {
        // What came is seen when the runtime looks for events, which it does before it comes back here.
        tokio::task::yield_now().await;
        poll_fn(|context| {
            Poll::Ready(loop {
                match self.poll(context) {
                    Some(signal) if HARMLESS.contains(&signal) => {}
                    found => break found,
                }
            })
        })
        .await
    }

    /// The next signal that asks to end.
    pub async fn next(&mut self) -> Signal {
        loop {
            let signal = self.any().await;
            if !HARMLESS.contains(&signal) {
                return signal;
            }
        }
    }

    /// The next signal of any kind.
    async fn any(&mut self) -> Signal {
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

/// Starts the command, passes signals on, waits, and gives the exit status: 128+n for a signal. What the command left
/// running ends then. With `masks`, its streams are masked. `meanwhile` runs beside it and ends with it.
///
/// # Errors
/// Why the command can't be started or waited for.
pub async fn run(
    mut command: Command,
    signals: &mut Signals,
    masks: Option<Masks>,
    meanwhile: impl Future<Output = ()>,
) -> io::Result<u8> {
    family::adopt();
    let family = Family::begin();
    let relay = masks.map(|masks| Relay::begin(&mut command, masks));
    let (has_ended, ended) = watch::channel(false);
    let relaying = relay.transpose()?.map(|relay| relay.run(ended));
    let (mut child, _awaited) = Awaited::spawn(&mut command)?;
    // The child alone holds the ends of its pipes from here on.
    drop(command);
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let pid = id.and_then(Pid::from_raw);
    let beside = async {
        tokio::join!(meanwhile, family::reaping());
    };
    let relaying = async {
        if let Some(relaying) = relaying {
            relaying.await;
        }
    };
    tokio::pin!(beside, relaying);
    let mut is_relayed = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            signal = signals.any() => {
                if let Some(pid) = pid
                    && !(OF_TERMINAL.contains(&signal) && in_foreground())
                {
                    // A child that is gone already needs no signal.
                    let _ = kill_process(pid, signal);
                }
            }
            () = &mut relaying, if !is_relayed => is_relayed = true,
            () = &mut beside => unreachable!("reaping never ends"),
        }
    };
    let last = async {
        let family_ends = async {
            family.end().await;
            // Others may hold the pipes still, such as a program of another user.
            has_ended.send_replace(true);
        };
        let rest = async {
            if !is_relayed {
                relaying.await;
            }
        };
        tokio::join!(family_ends, rest);
    };
    // Who does not want to wait for a slow reader of the output says so.
    let given_up = async {
        signals.next().await;
        sleep(LINGER).await;
    };
    tokio::select! {
        () = last => {}
        () = given_up => {}
    }
    Ok(status_of(status))
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
