//! Ctrl-C: the one request to end that a program gets from its console. Other signals never come.

use std::future::pending;
use std::io;
use std::task::{Context, Poll};

use tokio::signal::windows::{CtrlC, ctrl_c};

use crate::system::kinds::Job;

/// A signal, by its number elsewhere: exit statuses are counted from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signal(i32);

impl Signal {
    pub(crate) const HUP: Self = Self(1);
    pub(crate) const INT: Self = Self(2);
    pub(crate) const QUIT: Self = Self(3);
    pub(crate) const KILL: Self = Self(9);
    pub(crate) const TERM: Self = Self(15);
    pub(crate) const CHILD: Self = Self(17);
    pub(crate) const CONT: Self = Self(18);
    pub(crate) const XFSZ: Self = Self(25);
    pub(crate) const WINCH: Self = Self(28);

    #[must_use]
    pub(crate) const fn as_raw(self) -> i32 {
        self.0
    }
}

/// The signals that ask a program to end.
pub(crate) const ENDING: &[Signal] = &[Signal::INT, Signal::TERM];

/// Returns nothing: no other signals end a program here.
pub(crate) fn fatal() -> impl Iterator<Item = Signal> {
    std::iter::empty()
}

/// The signals that are passed on to a command.
pub(crate) const PASSED_ON: &[Signal] = &[Signal::INT];

/// There are no signals without a name.
pub(crate) const REAL_TIME: std::ops::Range<i32> = 0..0;

/// The arrivals of one signal, for the runtime.
pub(crate) struct Arrivals(Option<CtrlC>);

impl Arrivals {
    /// Starts to listen. Must be called on the runtime.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn of(signal: i32) -> io::Result<Self> {
        let is_interrupt = signal == Signal::INT.as_raw();
        is_interrupt.then(ctrl_c).transpose().map(Self)
    }

    /// Waits for the next arrival.
    pub(crate) async fn next(&mut self) {
        match &mut self.0 {
            Some(interrupts) => drop(interrupts.recv().await),
            None => pending().await,
        }
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let polled = self
            .0
            .as_mut()
            .map(|interrupts| interrupts.poll_recv(context));
        match polled {
            Some(Poll::Ready(Some(()))) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}

/// Leaves everything to the system, which ends the program after Ctrl-C.
pub(crate) fn watch(_: impl Iterator<Item = Signal>, _: fn(i32)) -> io::Result<()> {
    Ok(())
}

/// No shell stops a program.
pub(crate) fn watch_stops(_: impl FnMut(Job) -> bool + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// No shell would continue the program.
pub(crate) fn stop() -> io::Result<()> {
    Ok(())
}
