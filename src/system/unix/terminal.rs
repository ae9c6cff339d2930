//! The size of the terminal, and its keyboard while a question is open.

use std::io;

use rustix::termios::{self, LocalModes, OptionalActions, QueueSelector, Termios};

pub(crate) use std::os::fd::AsFd as Stream;

use crate::system::kinds::Typing;

/// Tells the terminal to mark pasted text.
pub(crate) const MARK_PASTES: &str = "\x1b[?2004h";
/// Shows the cursor, and tells the terminal to stop marking pasted text.
pub(crate) const AS_BEFORE: &str = "\x1b[?2004l\x1b[?25h";

/// Returns the columns and rows of the terminal; `None` if the stream is none, or the size is not known.
#[must_use]
pub(crate) fn size(stream: &impl Stream) -> Option<(usize, usize)> {
    let size = termios::tcgetwinsize(stream).ok()?;
    Some((usize::from(size.ws_col), usize::from(size.ws_row)))
}

/// Returns true if a terminal knows the sequences for colors.
#[must_use]
pub(crate) fn shows_colors() -> bool {
    true
}

/// The modes of the keyboard at some moment.
#[derive(Clone)]
pub(crate) struct Keyboard(Termios);

impl Keyboard {
    /// Returns the present modes.
    ///
    /// # Errors
    /// Standard input is not a terminal.
    pub(crate) fn now() -> io::Result<Self> {
        Ok(Self(termios::tcgetattr(io::stdin())?))
    }

    /// Switches the keyboard to these modes.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(crate) fn restore(&self) -> io::Result<()> {
        Ok(termios::tcsetattr(
            io::stdin(),
            OptionalActions::Now,
            &self.0,
        )?)
    }

    /// Switches the keyboard to the modes for an answer.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(crate) fn prepare(&self, typing: Typing) -> io::Result<()> {
        let mut modes = self.0.clone();
        let when = match typing {
            // dialoguer switches modes around each key; between two keys the terminal must not echo.
            Typing::Keys => {
                modes.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
                OptionalActions::Now
            }
            // Text that was typed before the question is not the secret, so it is discarded.
            Typing::Hidden => {
                modes.local_modes -= LocalModes::ECHO | LocalModes::ECHONL;
                OptionalActions::Flush
            }
        };
        Ok(termios::tcsetattr(io::stdin(), when, &modes)?)
    }
}

/// Reads a line that the terminal does not show, with its end, after [`Typing::Hidden`] was prepared.
///
/// # Errors
/// The terminal can't be read.
pub(crate) fn read_hidden(line: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(io::stdin(), line)?)
}

/// Discards what was typed and not read yet.
///
/// # Errors
/// The terminal is gone.
pub(crate) fn discard_typed() -> io::Result<()> {
    Ok(termios::tcflush(io::stdin(), QueueSelector::IFlush)?)
}
