//! What the program prints: data on standard output, talk on standard error.
//!
//! All text for people passes through here and can't do more than be read: [`Out::line`], [`Out::text`] and everything
//! on standard error show unseen characters as escapes. Bytes go out as they are through [`Out::data`] only: YAML, a secret
//! that was asked for, generated files.

pub mod age;
pub mod format;
pub mod jsonpath;
mod object;
pub mod progress;
pub mod prompt;
mod question;
pub mod signals;
pub mod style;
pub mod table;

use std::cell::Cell;
use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Context as _;
use serde_json::Value;

pub use format::{Format, OutputArgs};

use crate::compat::json;
pub use crate::text::wrap;
use crate::text::{color, secrets, seen};

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// The reader of standard output had enough and closed it. No failure: nothing is said, and the status is 0.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
pub struct Closed;

/// The owner of the two output streams.
pub struct Out {
    color: Color,
    wrote: Cell<bool>,
}

impl Out {
    #[must_use]
    pub fn new(color: Color) -> Self {
        Self {
            color,
            wrote: Cell::new(false),
        }
    }

    /// Writes a line to standard output; line ends in it are spaces.
    ///
    /// # Errors
    /// When the stream can't be written; [`Closed`] where nobody reads it.
    pub fn line(&self, text: &str) -> anyhow::Result<()> {
        self.text(&format!("{}\n", seen::visible(text)))
    }

    /// Writes lines to standard output, with their line ends.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn text(&self, text: &str) -> anyhow::Result<()> {
        self.data(color::for_terminal(seen::visible_lines(text)).as_bytes())
    }

    /// Writes bytes to standard output as they are: nothing that people read without having asked for it raw.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn data(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.wrote.set(true);
        let written = progress::beside(bytes, || {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes).and_then(|()| stdout.flush())
        });
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
            done => done.context("write standard output"),
        }
    }

    /// Writes a JSON document, indented, with a final newline.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn json(&self, value: &Value) -> anyhow::Result<()> {
        self.data(format!("{}\n", json::pretty(value)).as_bytes())
    }

    /// Writes JSON that somebody else wrote, as a line.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn json_line(&self, json: &str) -> anyhow::Result<()> {
        self.data(format!("{}\n", json::shown(json)).as_bytes())
    }

    /// True once data went to standard output.
    #[must_use]
    pub fn wrote(&self) -> bool {
        self.wrote.get()
    }

    /// Says something on standard error, on a terminal broken between words. A closed stream is not a failure: nobody
    /// listens.
    pub fn note(&self, text: &str) {
        let text = seen::with_one_label(&for_people(text));
        match columns(&io::stderr()) {
            Some(width) => write(wrap::lines(&text, width) + "\n"),
            None => write(text + "\n"),
        }
    }

    /// Says something that is there to be copied, such as a command line.
    pub fn note_as_is(&self, text: &str) {
        write(seen::visible_lines(text) + "\n");
    }

    /// Warns on standard error.
    pub fn warn(&self, text: &str) {
        self.note(&format!("Warning: {text}"));
    }

    /// Writes text to standard error without a newline: a prompt.
    pub fn prompt(&self, text: &str) {
        talk(text);
    }

    /// True where standard output is a terminal.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// The width of the terminal in columns: 80 if it reports none, nothing where there is no terminal.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        columns(&io::stdout())
    }

    /// The same for standard error.
    #[must_use]
    pub fn width_of_talk(&self) -> Option<usize> {
        columns(&io::stderr())
    }

    /// True if standard output may be coloured (`--color`, `NO_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb`).
    #[must_use]
    pub fn colored(&self) -> bool {
        self.may_color(self.is_terminal())
    }

    /// The same for standard error.
    #[must_use]
    pub fn colored_stderr(&self) -> bool {
        self.may_color(io::stderr().is_terminal())
    }

    fn may_color(&self, is_terminal: bool) -> bool {
        use crate::env;
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if env::NO_COLOR.get().is_some() => false,
            Color::Auto if env::CLICOLOR_FORCE.get().is_some_and(|force| force != "0") => true,
            Color::Auto => is_terminal && env::TERM.get().as_deref() != Some("dumb"),
        }
    }
}

/// The width of a stream's terminal in columns: 80 if it reports none, nothing where there is no terminal.
fn columns(stream: &(impl io::IsTerminal + std::os::fd::AsFd)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(stream).ok();
    let columns = size.map(|size| usize::from(size.ws_col));
    Some(columns.filter(|columns| *columns > 0).unwrap_or(80))
}

/// Writes to standard error, without the secrets of this run. Where it is closed nobody listens.
pub fn talk(text: &str) {
    write(for_people(text));
}

fn for_people(text: &str) -> String {
    seen::visible_lines(&secrets::hide(text))
}

fn write(text: String) {
    let text = color::for_terminal(text);
    let _ = progress::beside(text.as_bytes(), || {
        let mut stderr = io::stderr().lock();
        stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush())
    });
}
