//! The progress line on standard error: it names the work that takes long and shows how far it has come.
//!
//! The program has one such line, because it has one terminal. Work that ends soon never shows it. The line is cleared
//! before other output ([`beside`]) and while a question is open ([`quiet`]).

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use dialoguer::console::{Term, truncate_str};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::signals;
use crate::env;
use crate::system::stdio;
use crate::text::visible;

/// Work that is done sooner shows no progress line.
const DELAY: Duration = Duration::from_millis(300);
/// The time between two redraws.
const TICK: Duration = Duration::from_millis(100);
/// The columns that the text leaves free: for the spinner, the space behind it, and the last column.
const SPARE: usize = 3;

static LINE: Mutex<Line> = Mutex::new(Line::new());
/// Wakes the drawing thread when work begins.
static BEGUN: Condvar = Condvar::new();

/// Whether the line may appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allowed {
    No,
    /// It may appear if the terminal can show it, which has not been checked yet.
    OnTerminal,
    Yes,
}

struct Line {
    allowed: Allowed,
    /// The texts of all work that goes on, the outermost first, each with its number.
    works: Vec<(u64, String)>,
    /// The time at which the outermost work began.
    since: Option<Instant>,
    begun: u64,
    /// The number of [`Quiet`] values that are alive.
    quiet: usize,
    /// True while other output has not ended its last line, which drawing would erase.
    is_taken: bool,
    has_thread: bool,
    /// Present while the line is visible.
    bar: Option<ProgressBar>,
}

/// Work that may take long; it ends when this value is dropped.
#[must_use = "the work ends when this value is dropped"]
pub(crate) struct Progress(Option<u64>);

/// Keeps the progress line away until it is dropped.
#[must_use = "the progress line may come back when this value is dropped"]
pub(crate) struct Quiet(());

/// Lets the line appear if a person would see it: standard error is a terminal that can move its cursor, the program
/// does not run in CI, and standard output is not a pipe, whose reader may write to the same terminal.
pub(crate) fn allow() {
    lock().allowed = Allowed::OnTerminal;
}

/// Begins work, for example `Listing sessions`. Work inside other work adds its text to the line.
pub(crate) fn begin(text: impl Into<String>) -> Progress {
    let mut line = lock();
    if line.allowed == Allowed::OnTerminal {
        line.allowed = if would_be_seen() {
            Allowed::Yes
        } else {
            Allowed::No
        };
    }
    if line.allowed == Allowed::No || !line.start_thread() {
        return Progress(None);
    }
    line.begun += 1;
    let number = line.begun;
    line.works.push((number, text.into()));
    if line.since.is_none() {
        line.since = Some(Instant::now());
        BEGUN.notify_one();
    }
    Progress(Some(number))
}

/// Keeps the line away until the result is dropped.
pub(crate) fn quiet() -> Quiet {
    let mut line = lock();
    line.quiet += 1;
    line.hide();
    Quiet(())
}

/// Clears the line, then writes other output with `write`.
pub(crate) fn beside<T>(bytes: &[u8], write: impl FnOnce() -> T) -> T {
    let mut line = lock();
    line.hide();
    let written = write();
    if let Some(last) = bytes.last() {
        line.is_taken = *last != b'\n';
    }
    written
}

/// Clears the line when the program is about to end. It does not wait long for a terminal that accepts no output.
fn clear_at_the_end() {
    for _ in 0..20 {
        if let Ok(mut line) = LINE.try_lock() {
            line.quiet += 1;
            return line.hide();
        }
        thread::sleep(Duration::from_millis(5));
    }
}

impl Progress {
    /// Replaces the text of this work, for example by `Listing sessions: 2000 of 12345`.
    pub(crate) fn say(&self, text: impl FnOnce() -> String) {
        let Some(number) = self.0 else { return };
        let mut line = lock();
        if let Some((_, said)) = line.works.iter_mut().find(|(begun, _)| *begun == number) {
            *said = text();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let Some(number) = self.0 else { return };
        let mut line = lock();
        line.works.retain(|(begun, _)| *begun != number);
        if line.works.is_empty() {
            line.since = None;
            line.hide();
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        lock().quiet -= 1;
    }
}

impl Line {
    const fn new() -> Self {
        Self {
            allowed: Allowed::No,
            works: Vec::new(),
            since: None,
            begun: 0,
            quiet: 0,
            is_taken: false,
            has_thread: false,
            bar: None,
        }
    }

    /// Starts the drawing thread with the first work. False if it can't be started: then there is no line.
    fn start_thread(&mut self) -> bool {
        let start = || {
            thread::Builder::new()
                .name("progress".to_owned())
                .spawn(keep_drawing)
        };
        self.has_thread = self.has_thread || start().is_ok();
        self.has_thread
    }

    fn draw(&mut self) {
        let is_late = self.since.is_some_and(|since| since.elapsed() >= DELAY);
        if !is_late || self.quiet > 0 || self.is_taken {
            return self.hide();
        }
        // If a signal would leave the line behind, it is not drawn.
        if self.bar.is_none() && signals::clear_line_with(clear_at_the_end).is_err() {
            return;
        }
        let text = self.text(usize::from(Term::stderr().size().1));
        let bar = self.bar.get_or_insert_with(bar);
        bar.set_message(text);
        bar.tick();
    }

    /// Returns the texts of all work, cut to the columns of the window.
    fn text(&self, columns: usize) -> String {
        let works: Vec<&str> = self.works.iter().map(|(_, text)| text.as_str()).collect();
        let text = visible(&works.join(", "));
        truncate_str(&text, columns.saturating_sub(SPARE), "").into_owned()
    }

    fn hide(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn lock() -> MutexGuard<'static, Line> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep_drawing() {
    let mut line = lock();
    loop {
        line.draw();
        line = match line
            .since
            .map(|since| DELAY.saturating_sub(since.elapsed()))
        {
            None => BEGUN.wait(line).unwrap_or_else(PoisonError::into_inner),
            Some(left) => {
                let pause = if left.is_zero() { TICK } else { left };
                let woken = BEGUN.wait_timeout(line, pause);
                woken.unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
}

fn bar() -> ProgressBar {
    let screen = Box::new(Screen::default());
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like(screen));
    match ProgressStyle::with_template("{spinner} {msg}") {
        Ok(style) => bar.with_style(style.tick_chars("|/-\\ ")),
        Err(_) => bar,
    }
}

/// Standard error for a single line, after which the cursor returns to its start. The terminal echoes what the user
/// types, such as Ctrl-C, at the cursor; indicatif fills the line with spaces, and behind those the echo would begin
/// another line.
#[derive(Debug, Default)]
struct Screen(Mutex<String>);

impl Screen {
    fn picture(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        Term::stderr().size().1
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.picture().push_str(text);
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.picture().push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.picture().push_str("\r\x1b[2K");
        Ok(())
    }

    /// Writes a picture in one piece, so that no other output comes in between.
    fn flush(&self) -> io::Result<()> {
        let line = std::mem::take(&mut *self.picture());
        let mut stderr = io::stderr().lock();
        stderr.write_all(format!("{}\r", line.trim_end_matches(' ')).as_bytes())?;
        stderr.flush()
    }

    // The screen has one line, so the cursor never moves to another.
    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
}

fn would_be_seen() -> bool {
    io::stderr().is_terminal()
        && env::TERM.get().is_none_or(|term| term != "dumb")
        && !env::CI.is_on()
        && !stdio::stdout_is_pipe()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_fits_the_window_and_names_all_work() {
        let mut line = Line::new();
        line.works = vec![
            (1, "Applying 2 of 3: agent/部署\n".to_owned()),
            (2, "waiting 7 s".to_owned()),
        ];
        assert_eq!(line.text(80), "Applying 2 of 3: agent/部署 , waiting 7 s");
        assert_eq!(line.text(29), "Applying 2 of 3: agent/部");
        assert_eq!(line.text(2), "");
    }

    #[test]
    fn nothing_is_shown_before_it_is_allowed() {
        let work = begin("x");
        assert!(work.0.is_none());
        work.say(|| unreachable!("nobody would see it"));
    }
}
