//! Long output on a terminal, one window at a time: starts the user's pager.
//!
//! Only text that does not fit the window reaches a pager, and only text without secrets: callers name it with
//! [`Out::long`](super::Out::long).

use std::io::{IsTerminal as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use dialoguer::console::measure_text_width;

use super::stderr::note;
use super::{progress, signals};
use crate::env;
use crate::system::terminal;

/// The pager if the user names none: it ends at once if all fits, keeps colors, and leaves the text on the screen.
const DEFAULT: &str = "less -FRX";

/// Returns the pager that the user names. Not set: no pager is started.
static NAMED: OnceLock<fn() -> Option<String>> = OnceLock::new();

/// Permits a pager. `named` returns the one that the user names; it is called only if a pager is needed.
pub(crate) fn allow(named: fn() -> Option<String>) {
    let _ = NAMED.set(named);
}

/// Shows a text in the pager. Returns false if none was started: the text fits the window, a stream is not a terminal,
/// the user wants none, or it can't be started.
pub(super) fn show(text: &str) -> bool {
    let Some(named) = NAMED.get() else {
        return false;
    };
    let is_plain = env::TERM.get().as_deref() == Some("dumb") || env::CI.is_on();
    if is_plain || !std::io::stdin().is_terminal() || !is_longer_than_window(text) {
        return false;
    }
    let named = named();
    let is_named = named.is_some();
    let words = named.unwrap_or_else(|| DEFAULT.to_owned());
    let mut words = words.split_whitespace();
    let Some(program) = words.next().filter(|program| *program != "cat") else {
        return false;
    };
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    match start(&mut command, text) {
        Ok(()) => true,
        Err(error) => {
            if is_named {
                note(&format!(
                    "Warning: the pager {program} can't be started: {error}"
                ));
            }
            false
        }
    }
}

/// Starts the pager and waits for its end. Ctrl-C is for the pager: this program outlives it, so that the shell does
/// not prompt beside it.
fn start(command: &mut Command, text: &str) -> std::io::Result<()> {
    progress::beside(b"\n", || ());
    signals::leave_interrupt_to_child()?;
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A pager that has been left does not read the rest.
        let _ = stdin.write_all(text.as_bytes());
    }
    child.wait().map(drop)
}

fn is_longer_than_window(text: &str) -> bool {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        return false;
    }
    let Some((columns, rows)) = terminal::size(&stdout) else {
        return false;
    };
    if rows == 0 || columns == 0 {
        return false;
    }
    let height = |line: &str| measure_text_width(line).div_ceil(columns).max(1);
    // What fills the window exactly is not worth a pager, although the shell's prompt then moves its first line out.
    text.lines().map(height).sum::<usize>() > rows
}
