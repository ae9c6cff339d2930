//! Restores the terminal when a signal ends the program: an open question is closed, the progress line is cleared. What
//! the program must not leave behind is removed.
//!
//! The question, the progress line and the editor each register a function for this ([`close_question_with`],
//! [`clear_line_with`], [`clean_up_with`]).

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use signal_hook::low_level;

use crate::failure::Status;
use crate::system::signals::{self, Signal};

/// A mask of the signals after which another part of the program ends it, for example to remove files first.
static OWNED: AtomicU64 = AtomicU64::new(0);
/// Closes the open question; returns false if none is open.
static CLOSE_QUESTION: OnceLock<fn() -> bool> = OnceLock::new();
/// Closes the screen; returns false if none is open.
static CLOSE_SCREEN: OnceLock<fn() -> bool> = OnceLock::new();
/// Clears the progress line.
static CLEAR_LINE: OnceLock<fn()> = OnceLock::new();

/// Removes what the program must not leave behind.
static CLEAN_UP: OnceLock<fn()> = OnceLock::new();

/// Declares that the caller waits for a signal itself and then ends the program.
pub(crate) fn own(signal: i32) {
    OWNED.fetch_or(bit(signal), Ordering::SeqCst);
}

/// From now on Ctrl-C does not end the program: it is meant for a child on the same terminal.
///
/// # Errors
/// As [`close_question_with`].
pub(super) fn leave_interrupt_to_child() -> io::Result<()> {
    own(Signal::INT.as_raw());
    watch()
}

/// True if a signal was ignored from the start (`nohup`). Only Linux reports this; elsewhere the result is false.
pub(crate) fn is_ignored(signal: i32) -> bool {
    let mask = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let mask = status
                .lines()
                .find_map(|line| line.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(mask.trim(), 16).ok()
        });
    mask.unwrap_or(0) & bit(signal) != 0
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// From now on `close` runs before a signal ends the program. If it has closed a question, the program ends with 128
/// plus the signal's number as its status; otherwise the signal ends it as usual.
///
/// # Errors
/// The system refuses to report signals.
pub(super) fn close_question_with(close: fn() -> bool) -> io::Result<()> {
    let _ = CLOSE_QUESTION.set(close);
    watch()
}

/// From now on `close` runs before a signal ends the program, as for a question, whichever signal it is.
///
/// # Errors
/// As [`close_question_with`].
pub(crate) fn close_screen_with(close: fn() -> bool) -> io::Result<()> {
    let _ = CLOSE_SCREEN.set(close);
    watch()?;
    signals::watch(
        signals::fatal().filter(|signal| !is_ignored(signal.as_raw())),
        end,
    )
}

/// From now on `clear` runs before a signal ends the program.
///
/// # Errors
/// As [`close_question_with`].
pub(super) fn clear_line_with(clear: fn()) -> io::Result<()> {
    let _ = CLEAR_LINE.set(clear);
    watch()
}

/// From now on `clean_up` runs before a signal ends the program, unless another part owns the signal.
///
/// # Errors
/// As [`close_question_with`].
pub(crate) fn clean_up_with(clean_up: fn()) -> io::Result<()> {
    let _ = CLEAN_UP.set(clean_up);
    watch()
}

/// Work that a signal does not cut off: the first signal is noted, and a second one ends the program.
struct Unfinished {
    number: u64,
    /// The signal that has come.
    signal: Option<i32>,
    /// What the user reads at the first signal, and at the second.
    says: [String; 2],
    /// Shows it.
    show: fn(&str),
}

/// The work that goes on, the outermost first: in the middle of a mint, a login may be renewed.
static UNFINISHED: Mutex<Vec<Unfinished>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<Unfinished>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// True if work goes on that a signal does not cut off.
#[must_use]
pub(crate) fn is_unfinished() -> bool {
    !unfinished().is_empty()
}

/// Work between its first change and its end. Dropping it lets signals end the program again.
#[must_use = "the work ends when this value is dropped"]
pub(crate) struct Work(u64);

impl Work {
    /// Begins work that is finished or undone before a signal ends the program. The first signal shows the first text,
    /// and [`Self::check`] fails from then on; the second shows the second text and ends the program at once.
    ///
    /// # Errors
    /// As [`close_question_with`].
    pub(crate) fn begin(says: [String; 2], show: fn(&str)) -> io::Result<Self> {
        static BEGUN: AtomicU64 = AtomicU64::new(0);
        let number = BEGUN.fetch_add(1, Ordering::SeqCst);
        let mut works = unfinished();
        let signal = works.last().and_then(|outer| outer.signal);
        works.push(Unfinished {
            number,
            signal,
            says,
            show,
        });
        drop(works);
        let work = Self(number);
        watch()?;
        Ok(work)
    }

    fn signal(&self) -> Option<i32> {
        let works = unfinished();
        works.iter().find(|work| work.number == self.0)?.signal
    }

    /// Fails if a signal has come.
    ///
    /// # Errors
    /// The exit status of a program that the signal ended.
    pub(crate) fn check(&self) -> Result<(), Status> {
        match self.signal().and_then(|signal| u8::try_from(signal).ok()) {
            Some(signal) => Err(Status(128_u8.saturating_add(signal))),
            None => Ok(()),
        }
    }

    /// Returns the status of a program that the signal ended, if one has come: what failed after it does not matter.
    pub(crate) fn or_interrupted(&self, why: anyhow::Error) -> anyhow::Error {
        self.check().err().map_or(why, anyhow::Error::from)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        unfinished().retain(|work| work.number != self.0);
    }
}

/// Short work that is finished whatever comes, and after which nothing is undone: a signal that has come meanwhile ends
/// the program once this value is dropped, unless it is part of other work, which then decides.
#[must_use = "the work ends when this value is dropped"]
pub(crate) struct Errand(Option<Work>);

impl Errand {
    /// Begins such work; the texts are those of [`Work::begin`].
    ///
    /// # Errors
    /// As [`Work::begin`].
    pub(crate) fn begin(says: [&str; 2], show: fn(&str)) -> io::Result<Self> {
        Ok(Self(Some(Work::begin(says.map(str::to_owned), show)?)))
    }

    /// Returns the work for a caller who decides what a signal that has come means.
    pub(crate) fn into_work(mut self) -> Option<Work> {
        self.0.take()
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        let signal = self.0.as_ref().and_then(Work::signal);
        drop(self.0.take());
        let is_part = !unfinished().is_empty();
        if let Some(signal) = signal.filter(|_| !is_part) {
            end(signal);
        }
    }
}

/// Lets unfinished work go on at its first signal. Returns false if the program must end now.
fn goes_on(signal: i32) -> bool {
    let mut works = unfinished();
    let Some(inner) = works.last() else {
        return false;
    };
    let is_first = inner.signal.is_none();
    let (show, text) = (inner.show, inner.says[usize::from(!is_first)].clone());
    for work in works.iter_mut() {
        work.signal.get_or_insert(signal);
    }
    drop(works);
    show(&text);
    is_first
}

/// Starts the thread that waits for signals, once.
fn watch() -> io::Result<()> {
    static WAITING: AtomicBool = AtomicBool::new(false);
    if WAITING.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let ending = [Signal::HUP, Signal::INT, Signal::TERM].into_iter();
    signals::watch(ending.filter(|signal| !is_ignored(signal.as_raw())), end)
}

fn end(signal: i32) {
    let is_owned = OWNED.load(Ordering::SeqCst) & bit(signal) != 0;
    if !is_owned && goes_on(signal) {
        return;
    }
    if !is_owned && let Some(clean_up) = CLEAN_UP.get() {
        clean_up();
    }
    if CLOSE_SCREEN.get().is_some_and(|close| close()) {
        low_level::exit(128 + signal);
    }
    if CLOSE_QUESTION.get().is_some_and(|close| close()) {
        low_level::exit(128 + signal);
    }
    if !is_owned {
        if let Some(clear) = CLEAR_LINE.get() {
            clear();
        }
        // If the default handler can't be restored, this status looks the same to the parent process.
        if low_level::emulate_default_handler(signal).is_err() {
            low_level::exit(128 + signal);
        }
    }
}
