//! Breaks prose between words, so that the terminal does not break it inside them. A command to copy stays whole.

use std::borrow::Cow;
use std::iter;

use dialoguer::console::measure_text_width;

use super::seen::is_unseen;

/// The narrowest room for which lines are broken, in columns.
const LEAST: usize = 20;

/// The programs whose commands stay whole.
const PROGRAMS: [&str; 2] = ["acpctl", "kubectl"];

/// Breaks one line into lines of at most `width` columns, and indents all but the first by `indent` spaces. A word that
/// is too long for any line, such as a path, stays whole, and so does a command: the terminal breaks it, and it can
/// still be copied.
#[must_use]
pub(crate) fn line(text: &str, width: usize, indent: usize) -> String {
    if measure_text_width(text) <= width || width < indent + LEAST {
        return text.to_owned();
    }
    let start = text.len() - text.trim_start_matches(' ').len();
    let mut wrapped = text[..start].to_owned();
    let mut column = start;
    for (n, word) in units(&text[start..]).into_iter().enumerate() {
        let length = measure_text_width(word);
        let may_begin_a_line = indent + length <= width || word.contains(' ');
        if n > 0 && column + 1 + length > width && may_begin_a_line {
            wrapped.truncate(wrapped.trim_end_matches(' ').len());
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(indent));
            column = indent;
        } else if n > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

/// Splits a line into words and commands.
fn units(text: &str) -> Vec<&str> {
    let mut units = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        let is_behind_colon = units
            .last()
            .is_some_and(|before: &&str| before.ends_with(':'));
        let word = text.find(' ').unwrap_or(text.len());
        let end = command(text, is_behind_colon).unwrap_or(word);
        units.push(&text[..end]);
        rest = text.get(end + 1..);
    }
    units
}

/// Returns the length of the command with which the text begins. It ends with its quote or its parenthesis; behind a
/// colon, it goes to the next semicolon outside of quotes, or to the end of the line.
fn command(text: &str, is_behind_colon: bool) -> Option<usize> {
    let close = match text.chars().next() {
        Some(quote @ ('\'' | '`')) => Some(quote),
        Some('(') => Some(')'),
        _ => None,
    };
    let line = if close.is_some() { &text[1..] } else { text };
    let (program, _) = line.split_once(' ')?;
    if !PROGRAMS.contains(&program) {
        return None;
    }
    match close {
        None => is_behind_colon.then(|| end_of_clause(text)),
        Some(close) => {
            let end = 1 + line.find(close)?;
            let after = text[end..].find(' ');
            Some(after.map_or(text.len(), |after| end + after))
        }
    }
}

/// Returns the length of a text up to its first semicolon outside of quotes, with that.
fn end_of_clause(text: &str) -> usize {
    let is_plain = |at: &usize| text[..*at].matches('\'').count().is_multiple_of(2);
    let mut ends = text.match_indices("; ").map(|(at, _)| at);
    ends.find(is_plain).map_or(text.len(), |at| at + 1)
}

/// Breaks each of several lines. The continuation of a line is indented by two more spaces.
#[must_use]
pub(crate) fn lines(text: &str, width: usize) -> String {
    let indent = |text: &str| text.len() - text.trim_start_matches(' ').len() + 2;
    let wrapped: Vec<String> = text
        .split('\n')
        .map(|text| line(text, width, indent(text)))
        .collect();
    wrapped.join("\n")
}

/// Lays out a text in paragraphs of at most `width` columns, all lines indented by `indent` spaces. Line ends of the
/// text stay; other white space and invisible characters are dropped.
#[must_use]
pub(crate) fn paragraphs(text: &str, width: usize, indent: usize) -> String {
    let mut laid_out = String::new();
    for line in text.trim_end().lines() {
        let mut column = 0;
        for word in line.split_whitespace() {
            let (word, length) = measured(word);
            if word.is_empty() {
                continue;
            }
            if column > 0 && column + 1 + length > width {
                laid_out.push('\n');
                column = 0;
            }
            let space = if column > 0 { 1 } else { indent };
            laid_out.extend(iter::repeat_n(' ', space));
            laid_out.push_str(&word);
            column += space + length;
        }
        laid_out.push('\n');
    }
    laid_out
}

/// Returns a word without its invisible characters.
fn seen(word: &str) -> Cow<'_, str> {
    if word.contains(is_unseen) {
        Cow::Owned(word.chars().filter(|c| !is_unseen(*c)).collect())
    } else {
        Cow::Borrowed(word)
    }
}

/// Returns a word without its invisible characters, and how many columns it takes. Most words are plain ASCII, which
/// need not be measured.
fn measured(word: &str) -> (Cow<'_, str>, usize) {
    if word.bytes().all(|byte| byte.is_ascii_graphic()) {
        return (Cow::Borrowed(word), word.len());
    }
    let word = seen(word);
    let columns = measure_text_width(&word);
    (word, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_behind_a_command_breaks_between_its_words() {
        assert_eq!(
            line("try: acpctl set 'a; b'; or choose another name", 30, 2),
            "try: acpctl set 'a; b'; or\n  choose another name"
        );
    }

    #[test]
    fn lines_break_between_words_and_keep_their_indent() {
        assert_eq!(
            lines("    fix: embed the authority if it is private\nshort", 30),
            "    fix: embed the authority\n      if it is private\nshort"
        );
        assert_eq!(
            line(
                "ok    path  /a/very/long/path/that/fits/nowhere, and so on",
                40,
                12
            ),
            "ok    path  /a/very/long/path/that/fits/nowhere,\n            and so on"
        );
        assert_eq!(
            line("ok    path  a short one, and then many words", 32, 12),
            "ok    path  a short one, and\n            then many words"
        );
    }

    #[test]
    fn a_command_to_copy_stays_whole() {
        for (text, broken) in [
            (
                "Next: bind it: acpctl credential bind a --project b",
                "Next: bind it:\n  acpctl credential bind a --project b",
            ),
            (
                "Hint: see 'acpctl credential list --help', or ask",
                "Hint: see\n  'acpctl credential list --help',\n  or ask",
            ),
            (
                "log in (acpctl login URL), or use the local store",
                "log in (acpctl login URL), or use\n  the local store",
            ),
            // A name in prose is a word.
            (
                "what acpctl does with a file of yours today",
                "what acpctl does with a file of\n  yours today",
            ),
        ] {
            assert_eq!(line(text, 33, 2), broken);
        }
    }

    #[test]
    fn width_is_what_the_terminal_shows() {
        // Each character takes two columns, the color none.
        assert_eq!(
            line("部署部署 部署部署 部署部署", 24, 2),
            "部署部署 部署部署\n  部署部署"
        );
        assert_eq!(
            line("\x1b[31m1234\x1b[0m 12345678901234567", 22, 2),
            "\x1b[31m1234\x1b[0m 12345678901234567"
        );
    }

    #[test]
    fn paragraphs_are_indented_and_broken_by_width() {
        assert_eq!(
            paragraphs("one two  three\n\n\x1b[1mfour\n", 12, 4),
            "    one two\n    three\n\n    [1mfour\n"
        );
        assert_eq!(paragraphs("部署 部署 ab", 14, 4), "    部署 部署\n    ab\n");
        assert_eq!(
            paragraphs("a-long-word-stays b", 8, 2),
            "  a-long-word-stays\n  b\n"
        );
    }

    #[test]
    fn what_fits_or_never_will_is_left_alone() {
        for (text, width) in [
            ("", 80),
            ("  a  b ", 80),
            ("12345678901234567890 1", 21),
            ("a b", 1),
        ] {
            assert_eq!(lines(text, width), text);
        }
    }
}
