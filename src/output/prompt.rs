//! Questions to the user. Only asked where [`crate::ctx::Ctx::may_ask`] allows it.
//!
//! Esc leaves a question without an answer, Ctrl-C ends the program; either way the terminal is as it was.

use dialoguer::Confirm;
use secrecy::SecretString;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};
use zeroize::Zeroizing;

use super::keys::{Guard, Key, Keyboard, write};
use crate::env;
use crate::exit::{Failure, Kind, Status};

/// One line of a [`select`]: what is chosen, and what helps to choose.
#[derive(Debug, Clone)]
pub struct Choice {
    pub text: String,
    pub help: String,
}

impl Choice {
    pub fn new(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: help.into(),
        }
    }
}

/// A yes-or-no question; Enter alone and Esc mean no.
///
/// # Errors
/// When the terminal can't be read; [`Status`] after Ctrl-C.
pub fn confirm(question: &str) -> anyhow::Result<bool> {
    let mut guard = Guard::new()?;
    let answer = Confirm::new()
        .with_prompt(question)
        .default(false)
        .wait_for_newline(true)
        .interact_opt();
    match (answer, guard.ended()) {
        (_, Some(number)) => Err(ended(number)),
        (answer, None) => Ok(answer?.unwrap_or(false)),
    }
}

/// A line of text; Enter alone takes the default. Asks again with the reason where `check` refuses.
///
/// # Errors
/// [`Kind::Input`] after Esc, [`Status`] after Ctrl-C.
pub fn text(
    title: &str,
    default: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> anyhow::Result<String> {
    let shown = if default.is_empty() {
        format!("{title}: ")
    } else {
        format!("{title} [{}]: ", visible(default))
    };
    loop {
        let typed = line(&shown, true)?.ok_or_else(cancelled)?;
        let answer = match typed.trim() {
            "" => default,
            typed => typed,
        };
        match check(answer) {
            Ok(()) => return Ok(answer.to_owned()),
            Err(why) => write(&format!("  {why}\n")),
        }
    }
}

/// A secret: nothing of it appears. A pasted one may have several lines.
///
/// # Errors
/// As [`text`].
pub fn secret(title: &str) -> anyhow::Result<SecretString> {
    loop {
        let typed = line(&format!("{title} (not shown): "), false)?.ok_or_else(cancelled)?;
        if !typed.trim().is_empty() {
            return Ok(SecretString::from(typed.as_str()));
        }
        write("  it is empty\n");
    }
}

/// Reads a line; nothing after Esc.
fn line(shown: &str, echo: bool) -> anyhow::Result<Option<Zeroizing<String>>> {
    let mut keyboard = Keyboard::open()?;
    write(shown);
    // Room beforehand: growing would leave copies behind.
    let mut typed = Zeroizing::new(String::with_capacity(16 << 10));
    loop {
        match keyboard.next()? {
            Key::Enter => {
                write("\n");
                if !echo {
                    keyboard.forget();
                }
                return Ok(Some(typed));
            }
            Key::Char(c) => {
                if echo && c != '\n' {
                    write(c.encode_utf8(&mut [0; 4]));
                }
                if !echo || c != '\n' {
                    typed.push(c);
                }
            }
            Key::Backspace => {
                if let Some(c) = typed.pop()
                    && echo
                {
                    erase(c.width().unwrap_or_default());
                }
            }
            Key::Clear => {
                if echo {
                    erase(typed.width());
                }
                typed.clear();
            }
            Key::Cancel => {
                write("\n");
                return Ok(None);
            }
            Key::Ended(number) => return Err(ended(number)),
            Key::Up | Key::Down | Key::Resized | Key::Other => {}
        }
    }
}

fn erase(columns: usize) {
    write(&"\u{8} \u{8}".repeat(columns));
}

/// One of several: arrow keys, or `j` and `k`, and Enter. Gives the place of the choice.
///
/// # Errors
/// As [`text`].
pub fn select(title: &str, choices: &[Choice], start: usize) -> anyhow::Result<usize> {
    if env::TERM.get().as_deref() == Some("dumb") {
        return by_number(title, choices, start);
    }
    let mut keyboard = Keyboard::open()?;
    let mut list = List {
        title,
        choices,
        at: start.min(choices.len().saturating_sub(1)),
        drawn: Vec::new(),
    };
    write("\x1b[?25l");
    loop {
        list.draw();
        match keyboard.next()? {
            Key::Up | Key::Char('k') => list.at = list.at.saturating_sub(1),
            Key::Down | Key::Char('j') if list.at + 1 < choices.len() => list.at += 1,
            Key::Enter => {
                list.finish();
                return Ok(list.at);
            }
            Key::Cancel => {
                list.wipe();
                return Err(cancelled());
            }
            Key::Ended(number) => {
                list.wipe();
                return Err(ended(number));
            }
            _ => {}
        }
    }
}

/// The list for terminals that can't move the cursor.
fn by_number(title: &str, choices: &[Choice], start: usize) -> anyhow::Result<usize> {
    for (at, choice) in choices.iter().enumerate() {
        write(&format!("{:>3}  {}\n", at + 1, row(choice, 0)));
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

struct List<'a> {
    title: &'a str,
    choices: &'a [Choice],
    at: usize,
    /// The lines on the screen.
    drawn: Vec<String>,
}

impl List<'_> {
    /// Draws the list in place of what was drawn before.
    fn draw(&mut self) {
        self.wipe();
        let (rows, columns) = size();
        let room = rows.saturating_sub(2).max(1);
        let first = (self.at + 1).saturating_sub(room);
        let widest = self.choices.iter().map(|c| visible(&c.text).width()).max();
        let mut lines = vec![format!("{} (arrows, Enter; Esc leaves)", self.title)];
        for (at, choice) in self.choices.iter().enumerate().skip(first).take(room) {
            let mark = if at == self.at { '>' } else { ' ' };
            lines.push(format!(
                "{mark} {}",
                row(choice, widest.unwrap_or_default())
            ));
        }
        for line in &mut lines {
            *line = cut(line, columns.saturating_sub(1));
        }
        write(&lines.join("\n"));
        self.drawn = lines;
    }

    /// Takes the list off the screen. A narrower window may have broken its lines.
    fn wipe(&mut self) {
        let (rows, columns) = size();
        let height: usize = self
            .drawn
            .iter()
            .map(|line| line.width().max(1).div_ceil(columns))
            .sum();
        let up = height.saturating_sub(1).min(rows.saturating_sub(1));
        if !self.drawn.is_empty() {
            let up = if up > 0 {
                format!("\x1b[{up}A")
            } else {
                String::new()
            };
            write(&format!("\r{up}\x1b[J"));
        }
        self.drawn.clear();
    }

    /// Leaves one line with the answer.
    fn finish(&mut self) {
        self.wipe();
        let chosen = self.choices.get(self.at).map(|c| visible(&c.text));
        write(&format!("{}: {}\n", self.title, chosen.unwrap_or_default()));
    }
}

fn row(choice: &Choice, width: usize) -> String {
    let text = visible(&choice.text);
    let gap = " ".repeat(width.saturating_sub(text.width()));
    format!("{text}{gap}  {}", visible(&choice.help))
        .trim_end()
        .to_owned()
}

/// Rows and columns of the terminal; 24 and 80 if it reports none.
fn size() -> (usize, usize) {
    let stderr = std::io::stderr();
    let reported = rustix::termios::tcgetwinsize(&stderr).ok();
    let or = |n: Option<u16>, other| n.filter(|n| *n > 0).map_or(other, usize::from);
    (
        or(reported.map(|size| size.ws_row), 24),
        or(reported.map(|size| size.ws_col), 80),
    )
}

/// At most so many columns.
fn cut(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += c.width().unwrap_or_default();
            used <= columns
        })
        .collect()
}

/// Control characters as spaces: names come from files and servers.
fn visible(text: &str) -> String {
    super::table::visible(text)
}

fn cancelled() -> anyhow::Error {
    Failure::new(Kind::Input, "cancelled").into()
}

/// The end by a signal, as a shell reports it.
fn ended(number: u8) -> anyhow::Error {
    write("\n");
    Status(128 + number).into()
}
