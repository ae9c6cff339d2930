//! The terminal while a question is open.
//!
//! dialoguer restores the keyboard after each key, but it leaves the cursor hidden after Ctrl-C, and a signal from
//! outside would end the program while the terminal does not echo. [`Question`] restores everything, however the
//! question ends. Secrets are read here and not by dialoguer: it discards what follows a line, so it would take the
//! first line of a pasted file for a password.

use std::io::{self, Write as _};
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{progress, signals};
use crate::failure::{Failure, Kind, Status};
pub(super) use crate::system::Typing;
use crate::system::stdio;
use crate::system::terminal::{self, AS_BEFORE, Keyboard};

/// The smallest window, in rows and columns, in which dialoguer works.
const SMALLEST: (u16, u16) = (3, 2);

/// How often, and how far apart, the keyboard is restored when a signal ends the program.
const ROUNDS: u32 = 10;
const ROUND: Duration = Duration::from_millis(2);

/// The time that the program may take to end after a signal.
const END: Duration = Duration::from_secs(1);

/// The longest line that a terminal accepts, in bytes and with its end; it drops the rest of a longer line.
pub(super) const LONGEST_LINE: usize = 4096;

/// The time within which the second line of a paste follows the first.
const SETTLE: Duration = Duration::from_millis(30);

/// The marks around pasted text in a hidden line.
pub(super) const PASTE: &str = "\x1b[200~";
pub(super) const PASTE_END: &str = "\x1b[201~";

/// The terminal as it was before the open question, if one is open.
static OPEN: Mutex<Option<Keyboard>> = Mutex::new(None);

/// An open question. Dropping it restores the terminal.
pub(super) struct Question {
    before: Keyboard,
    _quiet: progress::Quiet,
}

impl Question {
    /// Takes over the terminal. From now on a signal that ends the program restores the terminal first, and the status
    /// is 128 plus the signal's number, as shells report it.
    ///
    /// # Errors
    /// Standard input is not a terminal; [`Kind::Input`] if the window is too small.
    pub(super) fn open(typing: Typing) -> anyhow::Result<Self> {
        let size = dialoguer::console::Term::stderr().size();
        if size.0 < SMALLEST.0 || size.1 < SMALLEST.1 {
            return Err(Failure::new(Kind::Input, "the window is too small for a question").into());
        }
        let question = Self {
            before: Keyboard::now()?,
            _quiet: progress::quiet(),
        };
        *OPEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(question.before.clone());
        signals::close_question_with(give_up)?;
        question.before.prepare(typing)?;
        if typing == Typing::Hidden {
            write(terminal::MARK_PASTES);
        }
        Ok(question)
    }

    /// Reads the next line, with its end; the line is empty if the input has ended. The second value is true if more
    /// text followed, which is discarded.
    ///
    /// # Errors
    /// The terminal can't be read.
    pub(super) fn hidden_line(&self) -> io::Result<(Zeroizing<Vec<u8>>, bool)> {
        let mut line = Zeroizing::new(vec![0; LONGEST_LINE]);
        let length = loop {
            match terminal::read_hidden(&mut line) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                length => break length?,
            }
        };
        line.truncate(length);
        thread::sleep(SETTLE);
        let is_followed = stdio::waiting()? > 0;
        terminal::discard_typed()?;
        Ok((line, is_followed))
    }

    /// Returns dialoguer's answer.
    ///
    /// # Errors
    /// [`Status`] after Ctrl-C; the terminal can't be read.
    pub(super) fn answer<T>(&self, answer: dialoguer::Result<T>) -> anyhow::Result<T> {
        let error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => io::Error::from(error),
        };
        if error.kind() == io::ErrorKind::Interrupted {
            // The thread of `signals` has seen the signal and is ending the program.
            thread::sleep(END);
            return Err(Status(130).into());
        }
        Err(error.into())
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        restore(&self.before, AS_BEFORE);
        *OPEN.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn restore(before: &Keyboard, sequence: &str) {
    write(sequence);
    let _ = before.restore();
}

/// Restores the terminal if a question is open; a signal is about to end the program. Returns false if none is open.
///
/// The thread that asks goes on until the program has ended. It may be about to hide the cursor, so it can't write any
/// more; and it may be about to switch the keyboard before it waits for a key, so the keyboard is restored until it
/// stays so.
fn give_up() -> bool {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(before) = open else {
        return false;
    };
    let mut stderr = io::stderr().lock();
    let _ = writeln!(stderr, "{AS_BEFORE}").and_then(|()| stderr.flush());
    mem::forget(stderr);
    for _ in 0..ROUNDS {
        let _ = before.restore();
        thread::sleep(ROUND);
    }
    true
}

/// Writes to the terminal. Write errors are ignored: if the terminal is gone, nobody can read the question.
pub(super) fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}
