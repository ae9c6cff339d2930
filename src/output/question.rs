//! The terminal while a question is open.
//!
//! dialoguer puts the keyboard back after each key, but leaves the cursor hidden after Ctrl-C, and a signal from
//! elsewhere finds the terminal without echo. [`Question`] gives all of it back, however the question ends. Secrets
//! are read here: dialoguer throws away what follows a line, so that it can't tell half a file from a password.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::io::{Errno, ioctl_fionread};
use rustix::termios::{self, LocalModes, OptionalActions, QueueSelector, Termios};
use zeroize::Zeroizing;

use super::{progress, signals};
use crate::failure::{Failure, Kind, Status};

/// The smallest window, in rows and columns, in which dialoguer works.
const SMALLEST: (u16, u16) = (3, 2);

/// How long the end of the program may take after a signal.
const END: Duration = Duration::from_secs(1);

/// The longest line, in bytes and with its end, that a terminal takes; of a longer one it drops the rest.
pub const LONGEST_LINE: usize = 4096;

/// How long the second line of a paste may come after the first.
const SETTLE: Duration = Duration::from_millis(30);

/// Shows the cursor, and asks the terminal to mark pasted text no longer.
const AS_BEFORE: &str = "\x1b[?2004l\x1b[?25h";

/// How an answer is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// Key by key.
    Keys,
    /// A line that the terminal edits and does not show; pasted text comes between [`PASTE`] and [`PASTE_END`].
    Hidden,
}

pub const PASTE: &str = "\x1b[200~";
pub const PASTE_END: &str = "\x1b[201~";

/// The terminal as it was before the open question, if one is open.
static OPEN: Mutex<Option<Termios>> = Mutex::new(None);

/// An open question. Dropping it leaves the terminal as it was.
pub struct Question {
    before: Termios,
    _quiet: progress::Quiet,
}

impl Question {
    /// Takes the terminal over. From now on a signal that ends programs ends this one with 128 and its number as
    /// the exit status, as shells report it, and with the terminal in order.
    ///
    /// # Errors
    /// When standard input is no terminal; [`Kind::Input`] where the window is too small.
    pub fn open(typing: Typing) -> anyhow::Result<Self> {
        let size = dialoguer::console::Term::stderr().size();
        if size.0 < SMALLEST.0 || size.1 < SMALLEST.1 {
            return Err(Failure::new(Kind::Input, "the window is too small for a question").into());
        }
        let question = Self {
            before: termios::tcgetattr(io::stdin())?,
            _quiet: progress::quiet(),
        };
        *OPEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(question.before.clone());
        signals::end_in_order()?;
        let mut modes = question.before.clone();
        match typing {
            // dialoguer switches modes around each key; in between nothing shall be echoed.
            Typing::Keys => {
                modes.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
                termios::tcsetattr(io::stdin(), OptionalActions::Now, &modes)?;
            }
            // What was typed before the question is no secret.
            Typing::Hidden => {
                modes.local_modes -= LocalModes::ECHO | LocalModes::ECHONL;
                termios::tcsetattr(io::stdin(), OptionalActions::Flush, &modes)?;
                write("\x1b[?2004h");
            }
        }
        Ok(question)
    }

    /// The next line, with its end; empty where there is none to come. The second value tells that more was typed or
    /// pasted behind it, which is thrown away.
    ///
    /// # Errors
    /// What the terminal reports.
    pub fn hidden_line(&self) -> io::Result<(Zeroizing<Vec<u8>>, bool)> {
        let mut line = Zeroizing::new(vec![0; LONGEST_LINE]);
        let length = loop {
            match rustix::io::read(io::stdin(), &mut line[..]) {
                Err(Errno::INTR) => {}
                length => break length?,
            }
        };
        line.truncate(length);
        thread::sleep(SETTLE);
        let is_followed = ioctl_fionread(io::stdin())? > 0;
        termios::tcflush(io::stdin(), QueueSelector::IFlush)?;
        Ok((line, is_followed))
    }

    /// What dialoguer's answer means.
    ///
    /// # Errors
    /// [`Status`] after Ctrl-C, and what the terminal reports.
    pub fn answer<T>(&self, answer: dialoguer::Result<T>) -> anyhow::Result<T> {
        let error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => io::Error::from(error),
        };
        if error.kind() == io::ErrorKind::Interrupted {
            // The thread of `signals` knows the signal and is ending the program.
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

fn restore(before: &Termios, sequence: &str) {
    write(sequence);
    let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, before);
}

/// Gives the terminal back in the place of an open question, if there is one: a signal ends it.
pub(super) fn give_up() -> bool {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = &open {
        restore(before, &format!("{AS_BEFORE}\n"));
    }
    open.is_some()
}

/// Writes to the terminal. Where it is gone nobody looks.
pub fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}
