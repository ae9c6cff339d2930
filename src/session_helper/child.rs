//! Runs the child process: it has the streams and the terminal of this process, gets its signals, and decides its exit
//! status.

use std::future::poll_fn;
use std::io;
use std::process::ExitStatus;
use std::task::{Context, Poll};

use tokio::process::Command;
use tokio::sync::watch;
use tokio::time::sleep;

use super::family::{self, Awaited, Family};
use super::relay::{LINGER, Masks, Relay};
use crate::failure::Failure;
use crate::output::signals::{is_ignored, own};
use crate::system::process;
use crate::system::signals::{Arrivals, PASSED_ON, REAL_TIME, Signal};

/// The signals that this process catches. Before it listens, most of them end it at once without clean-up, so it must
/// listen before it writes the first file. A signal that was ignored from the start (`nohup`) stays ignored, here and
/// in the child.
pub(crate) struct Signals {
    streams: Vec<(Signal, Arrivals)>,
    /// Caught so that a write past the size limit is an error instead of the end of the program.
    _file_size: Arrivals,
}

/// The signals that end no program.
const HARMLESS: &[Signal] = &[Signal::WINCH, Signal::CONT];
/// The signals that a terminal sends to all programs in its foreground, the child among them.
const OF_TERMINAL: &[Signal] = &[Signal::INT, Signal::HUP, Signal::QUIT, Signal::WINCH];

impl Signals {
    /// Starts to listen. Must be called on the runtime.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn listen() -> io::Result<Self> {
        let named = PASSED_ON.iter().map(|signal| (signal.as_raw(), *signal));
        // A command gets a plain request to end in place of a signal without a name.
        let streams = named
            .chain(REAL_TIME.map(|signal| (signal, Signal::TERM)))
            .filter(|(raw, _)| !is_ignored(*raw))
            .map(|(raw, signal)| {
                own(raw);
                Ok((signal, Arrivals::of(raw)?))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            streams,
            _file_size: Arrivals::of(Signal::XFSZ.as_raw())?,
        })
    }

    /// Returns a signal that asks the program to end, if one came since the last call.
    pub(crate) async fn pending(&mut self) -> Option<Signal> {
        // The runtime notices signals when it looks for events. It does so before it returns here.
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

    /// Waits for a signal that asks the program to end.
    pub(crate) async fn next(&mut self) -> Signal {
        loop {
            let signal = self.any().await;
            if !HARMLESS.contains(&signal) {
                return signal;
            }
        }
    }

    /// Waits for a signal of any kind.
    async fn any(&mut self) -> Signal {
        poll_fn(|context| self.poll(context).map_or(Poll::Pending, Poll::Ready)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Option<Signal> {
        self.streams
            .iter_mut()
            .find_map(|(signal, stream)| stream.poll(context).is_ready().then_some(*signal))
    }
}

/// Returns the exit status for a program that a signal ended.
#[must_use]
pub(crate) fn status_of_signal(signal: Signal) -> u8 {
    u8::try_from(128 + signal.as_raw()).unwrap_or(u8::MAX)
}

/// The end of a command.
pub(crate) struct Ended {
    /// Its exit status: 128+n for a signal.
    pub status: u8,
    /// The failure to pass on its output.
    pub output: Result<(), Failure>,
}

/// Starts the command, passes signals on, and waits. Then it ends all processes that the command left running. With
/// `masks`, secrets in the output are masked. `meanwhile` runs beside the command and is dropped at its end.
///
/// # Errors
/// The command can't be started or waited for.
pub(crate) async fn run(
    mut command: Command,
    signals: &mut Signals,
    masks: Option<Masks>,
    meanwhile: impl Future<Output = ()>,
) -> io::Result<Ended> {
    process::adopt_orphans();
    let family = Family::begin();
    let relay = masks.map(|masks| Relay::begin(&mut command, masks));
    let (has_ended, ended) = watch::channel(false);
    let relaying = relay.transpose()?.map(|relay| relay.run(ended));
    let (mut child, _awaited) = Awaited::spawn(&mut command)?;
    // From here on only the child holds the ends of its pipes.
    drop(command);
    let id = process::id_of(&child);
    let beside = async {
        tokio::join!(meanwhile, family::reaping());
    };
    let relaying = async {
        match relaying {
            Some(relaying) => relaying.await,
            None => Ok(()),
        }
    };
    tokio::pin!(beside, relaying);
    let mut relayed = None;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            signal = signals.any() => {
                if let Some(id) = id
                    && !(OF_TERMINAL.contains(&signal) && process::in_foreground())
                {
                    process::signal_child(id, signal);
                }
            }
            output = &mut relaying, if relayed.is_none() => relayed = Some(output),
            () = &mut beside => unreachable!("reaping never ends"),
        }
    };
    let rest_of_output = async {
        match relayed {
            Some(output) => output,
            None => relaying.await,
        }
    };
    let output = finish(&family, &has_ended, rest_of_output, signals).await;
    let status = status_of(status);
    Ok(Ended { status, output })
}

/// Ends the processes that the command left running, and passes on the rest of its output.
///
/// # Errors
/// The output could not be written.
async fn finish(
    family: &Family,
    has_ended: &watch::Sender<bool>,
    rest_of_output: impl Future<Output = Result<(), Failure>>,
    signals: &mut Signals,
) -> Result<(), Failure> {
    let last = async {
        let family_ends = async {
            family.end().await;
            // Another process may still hold the pipes, such as a program of another user.
            has_ended.send_replace(true);
        };
        tokio::join!(family_ends, rest_of_output).1
    };
    // A signal ends the wait for a slow reader of the output.
    let given_up = async {
        signals.next().await;
        sleep(LINGER).await;
    };
    tokio::select! {
        output = last => output,
        () = given_up => Ok(()),
    }
}

fn status_of(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| process::ending_signal(status).map(|signal| 128 + signal))
        .unwrap_or(1);
    u8::try_from(code).unwrap_or(u8::MAX)
}
