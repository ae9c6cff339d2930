//! The two output streams: data on standard output, talk on standard error.
//!
//! All text for people passes through here and can do nothing but be read: [`Out::line`], [`Out::text`] and everything
//! on standard error show unseen characters as escapes. Only [`Out::data`] writes bytes as they are: YAML, a secret
//! that the user asked for, generated files.

use std::cell::Cell;
use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Context as _;
use serde_json::Value;

use super::jq::Filter;
use super::stderr::{columns, note, talk, write};
use super::{pager, progress};
use crate::compat::json;
use crate::env;
use crate::system::terminal;
use crate::text::{color, seen};

/// When output has color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    #[default]
    /// On a terminal
    Auto,
    /// In a pipe too
    Always,
    /// Nowhere
    Never,
}

/// The reader of standard output has closed it. This is not a failure: the program prints nothing about it and ends
/// with status 0.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
pub(crate) struct Closed;

/// Writes to the two output streams.
pub struct Out {
    color: Color,
    quiet: bool,
    filter: Option<Filter>,
    wrote: Cell<bool>,
}

impl Out {
    #[must_use]
    pub fn new(color: Color) -> Self {
        Self {
            color,
            quiet: false,
            filter: None,
            wrote: Cell::new(false),
        }
    }

    /// Returns the same output without what `--quiet` leaves out.
    #[must_use]
    pub fn quiet(self, quiet: bool) -> Self {
        Self { quiet, ..self }
    }

    /// Passes all JSON through a filter from now on, for `--jq`.
    pub(crate) fn filter_with(&mut self, filter: Option<Filter>) {
        self.filter = filter;
    }

    /// True if all JSON passes through a filter.
    pub(super) fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    /// True if lists show names alone, and standard error shows warnings and errors alone.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Writes a line to standard output; line ends inside the text become spaces.
    ///
    /// # Errors
    /// The stream can't be written; [`Closed`] if nobody reads it.
    pub fn line(&self, text: &str) -> anyhow::Result<()> {
        self.text(&format!("{}\n", seen::visible(text)))
    }

    /// Writes a sentence to standard output, which `--quiet` leaves out: it names no object.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn tell(&self, text: &str) -> anyhow::Result<()> {
        if self.quiet {
            return Ok(());
        }
        self.line(text)
    }

    /// Writes lines to standard output and keeps their line ends.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn text(&self, text: &str) -> anyhow::Result<()> {
        self.data(color::for_terminal(seen::visible_lines(text)).as_bytes())
    }

    /// Writes a text that may be longer than the window: a pager shows it on a terminal. It must not hold a secret.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn long(&self, text: &str) -> anyhow::Result<()> {
        self.pages(&color::for_terminal(seen::visible_lines(text)))
    }

    /// As [`Out::long`] for a text of this program, which keeps its escape sequences.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn pages(&self, text: &str) -> anyhow::Result<()> {
        if pager::show(text) {
            self.wrote.set(true);
            return Ok(());
        }
        self.data(text.as_bytes())
    }

    /// Writes bytes to standard output as they are. Use it only for what the user asked to get raw.
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

    /// Writes a JSON document, indented, with a final newline; or what the filter of `--jq` finds in it.
    ///
    /// # Errors
    /// As [`Out::line`]; or the filter does not fit.
    pub fn json(&self, value: &Value) -> anyhow::Result<()> {
        match &self.filter {
            Some(filter) => filter.run(value, |found| self.text(&(found + "\n"))),
            None => self.data(format!("{}\n", json::pretty(value)).as_bytes()),
        }
    }

    /// Writes a JSON document that holds a secret which the user asked for: no byte of what the filter finds may
    /// change.
    ///
    /// # Errors
    /// As [`Out::json`].
    pub fn secret_json(&self, value: &Value) -> anyhow::Result<()> {
        match &self.filter {
            Some(filter) => filter.run(value, |found| self.data((found + "\n").as_bytes())),
            None => self.json(value),
        }
    }

    /// Writes JSON of another program as one line.
    ///
    /// # Errors
    /// As [`Out::json`].
    pub fn json_line(&self, json: &str) -> anyhow::Result<()> {
        match (&self.filter, serde_json::from_str(json)) {
            (Some(_), Ok(value)) => self.json(&value),
            _ => self.data(format!("{}\n", json::shown(json)).as_bytes()),
        }
    }

    /// True if data has been written to standard output.
    #[must_use]
    pub fn wrote(&self) -> bool {
        self.wrote.get()
    }

    /// Prints a note on standard error, as [`note`] does.
    pub fn note(&self, text: &str) {
        note(text);
    }

    /// Prints a note that `--quiet` leaves out: a summary, or what to do next.
    pub fn aside(&self, text: &str) {
        if !self.quiet {
            note(text);
        }
    }

    /// Prints on standard error what the user may copy, such as a command line: without line breaks of our own.
    pub fn note_as_is(&self, text: &str) {
        write(seen::visible_lines(text) + "\n");
    }

    /// Prints a warning on standard error.
    pub fn warn(&self, text: &str) {
        self.note(&format!("Warning: {text}"));
    }

    /// Writes a prompt to standard error: text without a newline.
    pub fn prompt(&self, text: &str) {
        talk(text);
    }

    /// True if standard output is a terminal.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Returns the width of standard output in columns: 80 if the terminal reports none, `None` if it is not a
    /// terminal.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        columns(&io::stdout())
    }

    /// Returns the width of standard error, as [`Out::width`] does for standard output.
    #[must_use]
    pub fn width_of_talk(&self) -> Option<usize> {
        columns(&io::stderr())
    }

    /// True if standard output may have color (`--color`, `NO_COLOR`, `FORCE_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb`).
    #[must_use]
    pub fn colored(&self) -> bool {
        self.may_color(self.is_terminal())
    }

    /// True if standard error may have color.
    #[must_use]
    pub fn colored_stderr(&self) -> bool {
        self.may_color(io::stderr().is_terminal())
    }

    fn may_color(&self, is_terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if env::NO_COLOR.get().is_some() || env::FORCE_COLOR.is_off() => false,
            Color::Auto if env::FORCE_COLOR.is_on() || env::CLICOLOR_FORCE.is_on() => true,
            Color::Auto => {
                is_terminal
                    && env::TERM.get().as_deref() != Some("dumb")
                    && terminal::shows_colors()
            }
        }
    }
}
