//! Talk on standard error. Notes and prompts show no secret of this run, and unseen characters as escapes.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use super::progress;
use crate::system::terminal::{self, Stream};
use crate::text::{color, secrets, seen, wrap};

/// The most texts that are held.
const MOST_HELD: usize = 200;

/// The texts that wait until a screen is closed, if one is open.
static HELD: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// Holds all talk back while it is alive: a screen covers the terminal. Dropping it prints what was held.
#[must_use = "talk is printed again when this value is dropped"]
pub(crate) struct Held(());

/// Holds all talk back until the result is dropped.
pub(crate) fn hold() -> Held {
    *held() = Some(Vec::new());
    Held(())
}

fn held() -> std::sync::MutexGuard<'static, Option<Vec<String>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Held {
    fn drop(&mut self) {
        let texts = held().take();
        texts.into_iter().flatten().for_each(write);
    }
}

/// Returns the width of a stream in columns: 80 if the terminal reports none, `None` if it is not a terminal.
pub(super) fn columns(stream: &(impl io::IsTerminal + Stream)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let columns = terminal::size(stream).map(|(columns, _)| columns);
    Some(columns.filter(|columns| *columns > 0).unwrap_or(80))
}

/// Prints a note on standard error, with line breaks between words if that is a terminal. Write errors are ignored.
pub(crate) fn note(text: &str) {
    let text = seen::with_one_label(&for_people(text));
    match columns(&io::stderr()) {
        Some(width) => write(wrap::lines(&text, width) + "\n"),
        None => write(text + "\n"),
    }
}

/// Writes text to standard error without the secrets of this run. Write errors are ignored.
pub(crate) fn talk(text: &str) {
    write(for_people(text));
}

fn for_people(text: &str) -> String {
    seen::visible_lines(&secrets::hide(text))
}

/// Writes a text that is safe to show. Write errors are ignored.
pub(super) fn write(text: String) {
    if let Some(texts) = held().as_mut() {
        if texts.len() < MOST_HELD {
            texts.push(text);
        }
        return;
    }
    let text = color::for_terminal(text);
    let _ = progress::beside(text.as_bytes(), || {
        let mut stderr = io::stderr().lock();
        stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush())
    });
}
