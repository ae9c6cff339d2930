//! Questions to the user. Ask one only if `Ctx::may_ask` allows it.
//!
//! Esc leaves a list or a yes-or-no question without an answer; Ctrl-C ends the program with status 130. Either way the
//! terminal is restored.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use dialoguer::Select;
use dialoguer::console::{Key, Term, measure_text_width, truncate_str};
use dialoguer::theme::Theme;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::editor::{self, Complete, End, Line};
use super::paths;
use super::question::{LONGEST_LINE, PASTE, PASTE_END, Question, Typing, write};
use super::style::{Tone, paint};
use crate::env;
use crate::failure::{Failure, Kind};
use crate::text::color::{for_terminal, painted};
use crate::text::{visible, wrap};

/// True if questions have color. Not set: they have none.
static COLORED: OnceLock<bool> = OnceLock::new();

/// Says whether questions have color.
pub(crate) fn set_colored(colored: bool) {
    let _ = COLORED.set(colored);
}

fn is_colored() -> bool {
    COLORED.get().copied().unwrap_or_default()
}

/// Returns a text in bold letters: what is asked.
fn asked(title: &str) -> String {
    if is_colored() {
        painted("1", &visible(title))
    } else {
        visible(title)
    }
}

/// Shows why an answer is refused.
fn refuse(why: &str) {
    let why = paint(&visible(why), Tone::Bad, is_colored());
    write(&format!("  {}\n", for_terminal(why)));
}

/// One line of a [`select`]: the text that is chosen, and a text that helps to choose.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub text: String,
    pub help: String,
}

impl Choice {
    pub(crate) fn new(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: help.into(),
        }
    }
}

/// What follows the last word of a yes-or-no question, on its line: no blank of it is a place to break.
const ROOM: &str = "\u{a0}[y/N]:\u{a0}y";

/// True after an answer that was one key: many users type Enter behind it, which must not answer the next question.
static ENTER_MAY_FOLLOW: AtomicBool = AtomicBool::new(false);

/// Asks a yes-or-no question: `y` means yes at once; `n`, `q`, Enter and Esc mean no.
///
/// # Errors
/// The terminal can't be read.
pub(crate) fn confirm(question: &str) -> anyhow::Result<bool> {
    let open = Question::open(Typing::Keys)?;
    let columns = usize::from(screen().size().1);
    let wrapped = wrap::line(
        &format!("{}{ROOM}", visible(question)),
        columns.saturating_sub(1),
        0,
    );
    let question = wrapped.strip_suffix(ROOM).unwrap_or(&wrapped);
    let lines: Vec<String> = question.lines().map(asked).collect();
    write(&for_terminal(format!("{} [y/N]: ", lines.join("\n"))));
    let term = screen();
    let (yes, shown) = loop {
        let key = term.read_key().map_err(dialoguer::Error::from);
        let key = open.answer(key)?;
        let is_left_over = ENTER_MAY_FOLLOW.swap(false, Ordering::Relaxed) && key == Key::Enter;
        match key {
            Key::Char('y' | 'Y') => break (true, "y"),
            Key::Char('n' | 'N' | 'q' | 'Q') => break (false, "n"),
            Key::Enter if !is_left_over => {
                write("n\n");
                return Ok(false);
            }
            Key::Escape => break (false, ""),
            _ => {}
        }
    };
    ENTER_MAY_FOLLOW.store(true, Ordering::Relaxed);
    write(&format!("{shown}\n"));
    Ok(yes)
}

/// Asks for a line of text; Enter alone takes the default. If `check` refuses the answer, its reason is shown, and the
/// user goes on with the text.
///
/// # Errors
/// [`Kind::Input`] after Ctrl-D in an empty line; as [`confirm`].
pub(crate) fn text(
    title: &str,
    default: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> anyhow::Result<String> {
    line(title, default, None, check)
}

/// Refuses an empty answer.
///
/// # Errors
/// If the answer is empty.
pub(crate) fn not_empty(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("a value is required; press Ctrl-C to cancel".to_owned());
    }
    Ok(())
}

/// Asks for the path of a file as [`text`] does. Tab completes it.
///
/// # Errors
/// As [`text`].
pub(crate) fn path(
    title: &str,
    default: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> anyhow::Result<String> {
    line(title, default, Some(&paths::complete), check)
}

fn line(
    title: &str,
    default: &str,
    complete: Option<Complete<'_>>,
    check: impl Fn(&str) -> Result<(), String>,
) -> anyhow::Result<String> {
    let meant = |typed: &str| match typed.trim() {
        "" => default.to_owned(),
        typed => typed.to_owned(),
    };
    let question = match default {
        "" => format!("{}: ", asked(title)),
        default => format!("{} [{}]: ", asked(title), visible(default)),
    };
    let answered = |typed: &str| format!("{}: {}", asked(title), visible(&meant(typed)));
    let open = Question::open(Typing::Keys)?;
    let (term, mut line) = (screen(), Line::default());
    loop {
        let end = editor::edit(&term, &question, &mut line, complete, &answered);
        if open.answer(end.map_err(dialoguer::Error::from))? == End::Nothing {
            return Err(cancelled());
        }
        let answer = meant(&line.text());
        match check(&answer) {
            Ok(()) => return Ok(answer),
            Err(why) => refuse(&why),
        }
    }
}

fn cancelled() -> anyhow::Error {
    Failure::new(Kind::Input, "aborted").into()
}

/// Asks for a secret of one line, which is not shown. Its length is: a user sees whether all of it has arrived.
///
/// # Errors
/// As [`confirm`].
pub(crate) fn secret(title: &str) -> anyhow::Result<SecretString> {
    let open = Question::open(Typing::Hidden)?;
    let question = for_terminal(format!("{} (not shown): ", asked(title)));
    loop {
        write(&question);
        let (line, is_followed) = open.hidden_line()?;
        write("\n");
        if line.is_empty() {
            return Err(cancelled());
        }
        match whole_line(&line, is_followed) {
            Ok(secret) => {
                write(&format!("  {}\n", length(&secret)));
                return Ok(secret);
            }
            Err(why) => refuse(why),
        }
    }
}

fn length(secret: &SecretString) -> String {
    match secret.expose_secret().chars().count() {
        1 => "received 1 character".to_owned(),
        count => format!("received {count} characters"),
    }
}

/// Returns the secret of a line. Refuses a secret of which only a part has arrived.
fn whole_line(line: &[u8], is_followed: bool) -> Result<SecretString, &'static str> {
    let is_cut = line.len() == LONGEST_LINE;
    let line = str::from_utf8(line).map_err(|_| "that is not text; put the secret into a file")?;
    let typed = line.trim_end_matches(['\r', '\n']);
    if is_followed || typed.matches(PASTE).count() != typed.matches(PASTE_END).count() {
        return Err("only one line can be pasted here; put the secret into a file");
    }
    if is_cut {
        return Err("too long to be typed here; put the secret into a file");
    }
    let mut pieces = typed.split(PASTE).flat_map(|piece| piece.split(PASTE_END));
    if pieces.all(|piece| piece.trim().is_empty()) {
        return Err("it is empty");
    }
    let begun = Zeroizing::new(typed.replace(PASTE, ""));
    Ok(begun.replace(PASTE_END, "").into())
}

/// Lets the user choose with the arrow keys, or `j` and `k`, and Enter. Returns the index of the choice.
///
/// # Errors
/// [`Kind::Input`] after Esc; as [`confirm`].
pub(crate) fn select(title: &str, choices: &[Choice], start: usize) -> anyhow::Result<usize> {
    if env::TERM.get().as_deref() == Some("dumb") {
        return by_number(title, choices, start);
    }
    let list = List(choices);
    let asked = Select::with_theme(&list)
        .with_prompt(title)
        .items(0..choices.len())
        .default(start.min(choices.len().saturating_sub(1)));
    let open = Question::open(Typing::Keys)?;
    open.answer(asked.interact_on_opt(&screen()))?
        .ok_or_else(cancelled)
}

/// Shows a numbered list, for terminals that can't move the cursor.
fn by_number(title: &str, choices: &[Choice], start: usize) -> anyhow::Result<usize> {
    let list = List(choices);
    for (at, choice) in choices.iter().enumerate() {
        write(&for_terminal(format!(
            "{:>3}  {}\n",
            at + 1,
            list.row(choice)
        )));
    }
    let number = |text: &str| {
        text.parse::<usize>()
            .ok()
            .filter(|n| (1..=choices.len()).contains(n))
    };
    let typed = text(title, &(start + 1).to_string(), |text| {
        number(text)
            .map(drop)
            .ok_or(format!("a number from 1 to {}", choices.len()))
    })?;
    Ok(number(&typed).unwrap_or(1) - 1)
}

/// The look of a list. Names come from files and servers, so unseen characters are shown as escapes. dialoguer gets the
/// indexes of the choices as its items: it assumes that a long item covers several lines, while this list cuts each
/// item to the current width of the window.
struct List<'a>(&'a [Choice]);

impl List<'_> {
    fn choice(&self, index: &str) -> Option<&Choice> {
        self.0.get(index.parse::<usize>().ok()?)
    }

    /// Returns a line whose second column is aligned with the others.
    fn row(&self, choice: &Choice) -> String {
        let width = |choice: &Choice| measure_text_width(&visible(&choice.text));
        let widest = self.0.iter().map(width).max().unwrap_or_default();
        let gap = " ".repeat(widest.saturating_sub(width(choice)));
        format!("{}{gap}  {}", visible(&choice.text), visible(&choice.help))
            .trim_end()
            .to_owned()
    }
}

impl Theme for List<'_> {
    fn format_select_prompt(&self, f: &mut dyn fmt::Write, title: &str) -> fmt::Result {
        let shown = for_terminal(format!("{} (arrows, Enter; Esc leaves)", asked(title)));
        // If the list has pages, dialoguer adds their number.
        f.write_str(&cut(&shown, " [Page 1/9] ".len()))
    }

    fn format_select_prompt_item(
        &self,
        f: &mut dyn fmt::Write,
        index: &str,
        active: bool,
    ) -> fmt::Result {
        let row = self.choice(index).map(|choice| self.row(choice));
        let mark = paint(if active { ">" } else { " " }, Tone::Good, is_colored());
        let row = for_terminal(format!("{mark} {}", row.unwrap_or_default()));
        f.write_str(&cut(&row, 1))
    }

    fn format_select_prompt_selection(
        &self,
        f: &mut dyn fmt::Write,
        title: &str,
        index: &str,
    ) -> fmt::Result {
        let text = self.choice(index).map(|choice| visible(&choice.text));
        let line = format!("{}: {}", asked(title), text.unwrap_or_default());
        f.write_str(&for_terminal(line))
    }
}

/// Returns standard error, buffered: a list is written in one piece, so that it does not flicker.
fn screen() -> Term {
    Term::buffered_stderr()
}

/// Cuts a line so that `spare` columns of the window stay free.
fn cut(line: &str, spare: usize) -> Cow<'_, str> {
    let columns = usize::from(screen().size().1);
    truncate_str(line, columns.saturating_sub(spare), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_whole_or_not_at_all() {
        let read = |line: &str, is_followed| {
            whole_line(line.as_bytes(), is_followed).map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(read("a b\n", false).as_deref(), Ok("a b"));
        let pasted = format!("x{PASTE}a{PASTE_END}\n");
        assert_eq!(read(&pasted, false).as_deref(), Ok("xa"));
        assert!(read("a b\n", true).is_err());
        assert!(whole_line(b"\xff\n", false).is_err());
        for part in [
            "\n",
            " \n",
            &format!("{PASTE}{PASTE_END}\n"),
            &format!("{PASTE}first line\n"),
            &format!("last line{PASTE_END}\n"),
            &"x".repeat(LONGEST_LINE),
        ] {
            assert!(read(part, false).is_err(), "{part:?}");
        }
    }

    #[test]
    fn rows_are_aligned() {
        let choices = [Choice::new("a\n", "one"), Choice::new("部署", "two")];
        let rows = choices.each_ref().map(|choice| List(&choices).row(choice));
        assert_eq!(rows, ["a     one", "部署  two"]);
    }
}
