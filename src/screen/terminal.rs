//! The terminal: taken over while the screen is open, and given back on every way out.
//!
//! A frame is written as a whole, behind one lock. Whoever gives the terminal back takes the same lock, so that no
//! frame follows, whichever thread ends the program.

use std::io::ErrorKind::{Interrupted, WouldBlock};
use std::io::{self, IsTerminal as _, Write};
use std::panic;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::failure::{Failure, Kind};
use crate::output::signals;
use crate::system::signals::Signal;
use crate::system::stdio;

/// The other screen, no cursor, marks around pasted text, and reports of mouse buttons.
const OPEN: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1000h\x1b[?1006h\x1b[2J";
/// The reverse. The screen is emptied first, because a terminal without another screen would keep it.
const CLOSE: &[u8] = b"\x1b[0m\x1b[2J\x1b[H\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// The most bytes of a text that terminals take for their clipboard: less than 100,000 after its encoding.
const LONGEST_COPY: usize = 74_000;

/// How often, and how far apart, a thread that ends the program tries to get the terminal.
const ROUNDS: u32 = 50;
const ROUND: Duration = Duration::from_millis(2);

/// The changes that have no answer yet, in words.
static UNANSWERED: Mutex<String> = Mutex::new(String::new());

/// True while the screen is open.
static IS_OPEN: Mutex<bool> = Mutex::new(false);

/// The screen on the terminal. Dropping it gives the terminal back.
pub(super) struct Screen {
    pub terminal: Terminal<CrosstermBackend<Frames>>,
}

/// Collects a frame and writes it at once.
pub(super) struct Frames(Vec<u8>);

impl Screen {
    /// Takes over the terminal.
    ///
    /// # Errors
    /// There is no terminal.
    pub(super) fn open() -> anyhow::Result<Self> {
        check()?;
        signals::close_screen_with(close_for_signal)?;
        // Ctrl-C is a key here, and while the editor is open it is meant for the editor.
        signals::own(Signal::INT.as_raw());
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            close();
            before(what);
        }));
        open()?;
        let terminal = Terminal::new(CrosstermBackend::new(Frames(Vec::new())))?;
        Ok(Self { terminal })
    }

    /// Gives the terminal back for a while.
    pub(super) fn leave(&self) {
        close();
    }

    /// Takes the terminal over again. Whatever was written on it meanwhile is covered.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(super) fn enter(&mut self) -> io::Result<()> {
        open()?;
        // A new one believes that the screen is empty, which it is, and draws all of it.
        self.terminal = Terminal::new(CrosstermBackend::new(Frames(Vec::new())))?;
        Ok(())
    }

    /// Puts a text into the terminal's clipboard, by the sequence that also works over SSH.
    ///
    /// # Errors
    /// The text is too long for a terminal.
    pub(super) fn copy(text: &str) -> Result<(), String> {
        if text.len() > LONGEST_COPY {
            return Err(
                "Copy failed: the text is too long for a terminal; ctrl-s writes it to a file"
                    .to_owned(),
            );
        }
        let sequence = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
        let is_open = gate();
        if *is_open {
            let _ = write(sequence.as_bytes());
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        close();
    }
}

impl Write for Frames {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let is_open = gate();
        let written = if *is_open { write(&self.0) } else { Ok(()) };
        self.0.clear();
        written
    }
}

/// Refuses anything that is not a terminal, in the Go tool's words.
fn check() -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    let message =
        "TUI error: could not open a new TTY: standard input and output must be a terminal";
    Err(Failure::new(Kind::Input, message).hint("for scripts: acpctl get sessions -o json"))
}

fn gate() -> MutexGuard<'static, bool> {
    IS_OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stdio::write_stdout(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if matches!(error.kind(), Interrupted | WouldBlock) => thread::yield_now(),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn open() -> io::Result<()> {
    let mut is_open = gate();
    // After a stop, the shell has set the modes that it wants itself.
    disable_raw_mode()?;
    enable_raw_mode()?;
    *is_open = true;
    write(OPEN)
}

fn close() {
    close_behind(&mut gate());
}

fn close_behind(is_open: &mut bool) -> bool {
    let was_open = *is_open;
    *is_open = false;
    if was_open {
        let _ = write(CLOSE);
        let _ = disable_raw_mode();
    }
    was_open
}

/// Remembers the changes that have no answer yet: if a signal ends the program, they are named.
pub(super) fn remember(unanswered: String) {
    *UNANSWERED.lock().unwrap_or_else(PoisonError::into_inner) = unanswered;
}

/// Gives the terminal back because a signal ends the program, and says what the server has not confirmed.
fn close_for_signal() -> bool {
    let was_open = close_soon();
    let unanswered = UNANSWERED.try_lock().map(|words| words.clone());
    if let Ok(words) = unanswered
        && was_open
        && !words.is_empty()
    {
        let text = format!(
            "Error: not confirmed by the server: {words}\nHint: look what the server has before you do it again\n"
        );
        let _ = io::stderr().write_all(text.as_bytes());
    }
    was_open
}

/// Does not wait long for a terminal that takes no output.
fn close_soon() -> bool {
    for _ in 0..ROUNDS {
        match IS_OPEN.try_lock() {
            Ok(mut is_open) => return close_behind(&mut is_open),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => {
                return close_behind(&mut poisoned.into_inner());
            }
            Err(std::sync::TryLockError::WouldBlock) => thread::sleep(ROUND),
        }
    }
    let _ = disable_raw_mode();
    true
}

/// True while the screen covers the terminal.
#[must_use]
pub(super) fn is_open() -> bool {
    *gate()
}
