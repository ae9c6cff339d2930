//! The size of the console, and lines that it does not show. The library that asks questions restores the console.

use std::io::{self, IsTerminal as _};

use dialoguer::console::Term;
use zeroize::Zeroizing;

pub(crate) use std::os::windows::io::AsHandle as Stream;

use crate::system::kinds::Typing;

/// Consoles do not mark pasted text.
pub(crate) const MARK_PASTES: &str = "";
/// Nothing was changed.
pub(crate) const AS_BEFORE: &str = "";

/// Returns the columns and rows of the console; `None` if there is none.
#[must_use]
pub(crate) fn size(_: &impl Stream) -> Option<(usize, usize)> {
    let consoles = [Term::stderr(), Term::stdout()];
    let (rows, columns) = consoles.iter().find_map(Term::size_checked)?;
    Some((usize::from(columns), usize::from(rows)))
}

/// Asks the console to obey the sequences for colors, and returns whether it does.
#[must_use]
pub(crate) fn shows_colors() -> bool {
    crossterm::ansi_support::supports_ansi()
}

/// The modes of the keyboard, which stay as they are.
#[derive(Clone)]
pub(crate) struct Keyboard;

impl Keyboard {
    /// Fails if standard input is not a console.
    pub(crate) fn now() -> io::Result<Self> {
        if io::stdin().is_terminal() {
            Ok(Self)
        } else {
            Err(io::Error::other("standard input is not a console"))
        }
    }

    /// Nothing was changed.
    pub(crate) fn restore(&self) -> io::Result<()> {
        Ok(())
    }

    /// Changes nothing.
    pub(crate) fn prepare(&self, _: Typing) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a line that the console does not show, with its end.
///
/// # Errors
/// The console can't be read, or the line is longer than the buffer.
pub(crate) fn read_hidden(line: &mut [u8]) -> io::Result<usize> {
    let mut typed = Zeroizing::new(Term::stderr().read_secure_line()?);
    typed.push('\n');
    let room = line.get_mut(..typed.len());
    room.ok_or_else(|| io::Error::other("the line is too long"))?
        .copy_from_slice(typed.as_bytes());
    Ok(typed.len())
}

/// What was typed before stays.
pub(crate) fn discard_typed() -> io::Result<()> {
    Ok(())
}
