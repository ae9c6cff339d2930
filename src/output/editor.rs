//! A line of text that the user edits with the keys of a shell, in one row of the window.
//!
//! A text that is wider than the row moves sideways. The row is drawn with carriage returns, spaces and backspaces
//! alone, so that it works on every terminal.

use std::io;
use std::ops::Range;

use dialoguer::console::{Key, Term, measure_text_width};

use super::question::write;
use crate::text::color::for_terminal;
use crate::text::visible;

/// The most characters that a line takes. Further ones are dropped.
const LONGEST: usize = 4096;

/// The columns that the text has at least, next to a long title.
const NARROWEST: usize = 10;

const BELL: &str = "\x07";

const CTRL_B: char = '\x02';
const CTRL_D: char = '\x04';
const CTRL_F: char = '\x06';
const CTRL_K: char = '\x0b';
const CTRL_U: char = '\x15';
const CTRL_W: char = '\x17';

/// The ways in which a text can go on, as Tab finds them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Completion {
    /// The text that all ways have in common.
    pub insert: String,
    /// The ways, as they are listed if there are several.
    pub choices: Vec<String>,
}

/// Finds how the text before the cursor can go on.
pub(super) type Complete<'a> = &'a dyn Fn(&str) -> Completion;

/// The end of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Enter,
    /// Ctrl-D in an empty line.
    Nothing,
}

/// A line and the place of the cursor in it, in characters.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: Vec<char>,
    cursor: usize,
}

impl Line {
    pub(super) fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Applies a key. Returns the end of the line if the key is one.
    fn press(&mut self, key: &Key) -> Option<End> {
        let end = self.text.len();
        match key {
            Key::Enter => return Some(End::Enter),
            Key::Char(CTRL_D) if self.text.is_empty() => return Some(End::Nothing),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = end,
            Key::ArrowLeft | Key::Char(CTRL_B) => self.cursor = self.cursor.saturating_sub(1),
            Key::ArrowRight | Key::Char(CTRL_F) => self.cursor = end.min(self.cursor + 1),
            Key::Backspace => self.delete(self.cursor.saturating_sub(1)..self.cursor),
            Key::Del | Key::Char(CTRL_D) => self.delete(self.cursor..end.min(self.cursor + 1)),
            Key::Char(CTRL_U) => self.delete(0..self.cursor),
            Key::Char(CTRL_K) => self.delete(self.cursor..end),
            Key::Char(CTRL_W) => self.delete(self.word_before()..self.cursor),
            Key::UnknownEscSeq(sequence) => match sequence.as_slice() {
                ['b'] => self.cursor = self.word_before(),
                ['f'] => self.cursor = self.word_after(),
                ['d'] => self.delete(self.cursor..self.word_after()),
                ['\x7f'] => self.delete(self.word_before()..self.cursor),
                _ => {}
            },
            Key::Char(c) if !c.is_control() => self.insert(&c.to_string()),
            _ => {}
        }
        None
    }

    fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.len());
        let new: Vec<char> = text.chars().take(room).collect();
        let after = self.cursor + new.len();
        self.text.splice(self.cursor..self.cursor, new);
        self.cursor = after;
    }

    fn delete(&mut self, range: Range<usize>) {
        self.cursor = range.start;
        self.text.drain(range);
    }

    /// Returns the start of the word before the cursor. The folders of a path are words.
    fn word_before(&self) -> usize {
        let before = &self.text[..self.cursor];
        let Some(last) = before.iter().rposition(|c| !is_gap(*c)) else {
            return 0;
        };
        before[..last]
            .iter()
            .rposition(|c| is_gap(*c))
            .map_or(0, |gap| gap + 1)
    }

    /// Returns the end of the word after the cursor.
    fn word_after(&self) -> usize {
        let after = &self.text[self.cursor..];
        let word = after.iter().position(|c| !is_gap(*c));
        let Some(word) = word else {
            return self.text.len();
        };
        let end = after[word..].iter().position(|c| is_gap(*c));
        end.map_or(self.text.len(), |end| self.cursor + word + end)
    }

    /// Returns the part that fits `columns` and contains the cursor: what is before the cursor, and what follows it.
    fn part(&self, columns: usize) -> (String, String) {
        let mut left = columns;
        let mut fits = |c: &char| {
            let width = measure_text_width(&shown(*c));
            let fits = width <= left;
            left = left.saturating_sub(width);
            fits
        };
        let (before, after) = self.text.split_at(self.cursor);
        let start = before.iter().rposition(|c| !fits(c)).map_or(0, |at| at + 1);
        let end = after.iter().position(|c| !fits(c)).unwrap_or(after.len());
        let text = |part: &[char]| part.iter().map(|c| shown(*c)).collect();
        (text(&before[start..]), text(&after[..end]))
    }
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || c == '/'
}

fn shown(c: char) -> String {
    visible(c.encode_utf8(&mut [0; 4]))
}

/// The row of the window in which the line appears.
struct Row<'a> {
    term: &'a Term,
    title: &'a str,
    /// The columns that the row covers now.
    drawn: usize,
}

impl Row<'_> {
    /// Draws the line over what was drawn before, and puts the cursor into its place.
    fn draw(&mut self, line: &Line) {
        let title = measure_text_width(self.title);
        // The last column stays free: a character there would begin a new row.
        let columns = usize::from(self.term.size().1).saturating_sub(1);
        let room = columns.saturating_sub(title).max(NARROWEST);
        let (before, after) = line.part(room);
        let width = title + measure_text_width(&before) + measure_text_width(&after);
        let rest = self.drawn.min(columns).saturating_sub(width);
        let back = rest + measure_text_width(&after);
        self.drawn = width;
        write(&format!(
            "\r{}{before}{after}{}{}",
            for_terminal(self.title.to_owned()),
            " ".repeat(rest),
            "\x08".repeat(back)
        ));
    }

    /// Draws the final row, without a limit of its width, and begins a new one.
    fn close(&self, text: &str) {
        let rest = self.drawn.saturating_sub(measure_text_width(text));
        write(&format!(
            "\r{}{}\n",
            for_terminal(text.to_owned()),
            " ".repeat(rest)
        ));
    }
}

/// Lets the user edit a line behind a title. The row then shows what `answer` makes of it.
///
/// # Errors
/// The terminal can't be read; [`io::ErrorKind::Interrupted`] after Ctrl-C.
pub(super) fn edit(
    term: &Term,
    title: &str,
    line: &mut Line,
    complete: Option<Complete<'_>>,
    answer: &dyn Fn(&str) -> String,
) -> io::Result<End> {
    let mut row = Row {
        term,
        title,
        drawn: 0,
    };
    loop {
        row.draw(line);
        let key = read(term)?;
        if key == Key::Tab
            && let Some(complete) = complete
        {
            tab(&mut row, line, complete);
        } else if let Some(end) = line.press(&key) {
            row.close(&answer(&line.text()));
            return Ok(end);
        }
    }
}

/// Reads a key. The arrows with Ctrl move by words.
fn read(term: &Term) -> io::Result<Key> {
    let key = term.read_key()?;
    if !matches!(&key, Key::UnknownEscSeq(sequence) if sequence.as_slice() == ['[', '1', ';']) {
        return Ok(key);
    }
    let (_modifier, key) = (term.read_key()?, term.read_key()?);
    Ok(match key {
        Key::Char('C') => Key::UnknownEscSeq(vec!['f']),
        Key::Char('D') => Key::UnknownEscSeq(vec!['b']),
        _ => Key::Unknown,
    })
}

/// Inserts what all ways have in common. If that is nothing, lists them above the line.
fn tab(row: &mut Row<'_>, line: &mut Line, complete: Complete<'_>) {
    let before: String = line.text[..line.cursor].iter().collect();
    let found = complete(&before);
    if !found.insert.is_empty() {
        line.insert(&found.insert);
    } else if found.choices.len() > 1 {
        let columns = usize::from(row.term.size().1);
        write(&format!("\n{}", in_columns(&found.choices, columns)));
        row.drawn = 0;
    } else {
        write(BELL);
    }
}

/// Returns short texts side by side, in the order of reading.
fn in_columns(texts: &[String], columns: usize) -> String {
    const GAP: usize = 2;
    let texts: Vec<String> = texts.iter().map(|text| visible(text)).collect();
    let widths = texts.iter().map(|text| measure_text_width(text));
    let cell = widths.max().unwrap_or_default() + GAP;
    let row = |texts: &[String]| {
        let cells = texts.iter().map(|text| {
            let gap = cell - measure_text_width(text);
            format!("{text}{}", " ".repeat(gap))
        });
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    texts.chunks((columns / cell).max(1)).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line after some keys, with a bar for the cursor.
    fn typed(text: &str, keys: &[Key]) -> String {
        let mut line = Line::default();
        line.insert(text);
        for key in keys {
            assert_eq!(line.press(key), None);
        }
        let (before, after) = line.part(LONGEST);
        format!("{before}|{after}")
    }

    #[test]
    fn the_keys_of_a_shell_edit_the_line() {
        let alt = |c| Key::UnknownEscSeq(vec![c]);
        for (keys, line) in [
            (vec![Key::Char('x')], "a/bc dx|"),
            (vec![Key::Home, Key::Char('x')], "x|a/bc d"),
            (vec![Key::ArrowLeft, Key::Char('x')], "a/bc x|d"),
            (vec![Key::ArrowLeft, Key::Backspace], "a/bc|d"),
            (vec![Key::Home, Key::Backspace, Key::ArrowLeft], "|a/bc d"),
            (vec![Key::Home, Key::Del], "|/bc d"),
            (vec![Key::Del, Key::ArrowRight, Key::End], "a/bc d|"),
            (vec![Key::Char(CTRL_W)], "a/bc |"),
            (vec![Key::Char(CTRL_W), Key::Char(CTRL_W)], "a/|"),
            (vec![Key::Home, Key::Char(CTRL_W)], "|a/bc d"),
            (vec![Key::Char(CTRL_U)], "|"),
            (vec![Key::ArrowLeft, Key::Char(CTRL_U)], "|d"),
            (vec![Key::Home, Key::Char(CTRL_F), Key::Char(CTRL_K)], "a|"),
            (vec![alt('b'), alt('b')], "a/|bc d"),
            (vec![Key::Home, alt('f'), alt('f')], "a/bc| d"),
            (vec![Key::Home, alt('d')], "|/bc d"),
            (vec![Key::Escape, Key::Char('\x0c'), Key::Tab], "a/bc d|"),
        ] {
            assert_eq!(typed("a/bc d", &keys), line, "{keys:?}");
        }
    }

    #[test]
    fn a_long_line_moves_with_the_cursor() {
        let mut line = Line::default();
        line.insert("部署 of a long name");
        assert_eq!(line.part(6), ("g name".to_owned(), String::new()));
        line.press(&Key::Home);
        assert_eq!(line.part(6), (String::new(), "部署 o".to_owned()));
        line.press(&Key::ArrowRight);
        assert_eq!(line.part(5), ("部".to_owned(), "署 ".to_owned()));
    }

    #[test]
    fn a_line_has_a_limit_and_ctrl_d_ends_an_empty_one() {
        let mut line = Line::default();
        assert_eq!(line.press(&Key::Char(CTRL_D)), Some(End::Nothing));
        line.insert(&"x".repeat(LONGEST + 5));
        assert_eq!(line.text().len(), LONGEST);
        assert_eq!(line.press(&Key::Enter), Some(End::Enter));
    }

    #[test]
    fn choices_stand_side_by_side() {
        let choices = ["a/", "config", "部署\x1b"].map(str::to_owned);
        assert_eq!(in_columns(&choices, 20), "a/        config\n部署\\x1b\n");
        assert_eq!(in_columns(&choices, 5), "a/\nconfig\n部署\\x1b\n");
    }
}
