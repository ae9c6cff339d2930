//! Shows invisible characters as escapes: those that move the cursor, color the screen, reverse the text, or make two
//! names look alike.

use super::color;
use super::quote::push_escape;

/// Returns the text as one line: line ends and tabs become spaces, other invisible characters become escapes. Colors of
/// this program stay.
#[must_use]
pub(crate) fn visible(text: &str) -> String {
    show(text, false)
}

/// Like [`visible`], but keeps line feeds and tabs.
#[must_use]
pub(crate) fn visible_lines(text: &str) -> String {
    show(text, true)
}

/// Returns the first line of a text by somebody else, without the white space around the text.
#[must_use]
pub(crate) fn first_line(text: &str) -> String {
    visible(text.trim().lines().next().unwrap_or_default())
}

/// Returns a text by somebody else as one line that is not longer than a person reads.
#[must_use]
pub(crate) fn brief(text: &str) -> String {
    const LONGEST: usize = 500;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => visible(&text[..end]) + "...",
        None => visible(text),
    }
}

/// Indents each later line that begins with a label of this program (`Error:`), so that it can't pass for a message of
/// its own. Text of others may contain line ends.
#[must_use]
pub(crate) fn with_one_label(text: &str) -> String {
    let mut lines = text.split('\n');
    let mut shown = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        shown.push_str(if has_label(line) { "\n  " } else { "\n" });
        shown.push_str(line);
    }
    shown
}

fn has_label(line: &str) -> bool {
    const LABELS: &[&str] = &["error", "warning", "server", "hint"];
    let word = line
        .split(':')
        .next()
        .filter(|word| word.len() < line.len());
    word.is_some_and(|word| {
        LABELS
            .iter()
            .any(|label| word.trim().eq_ignore_ascii_case(label))
    })
}

/// Returns true for characters that control the terminal, reverse the text, or leave no mark on the screen.
#[must_use]
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c as u32,
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

fn show(text: &str, lines: bool) -> String {
    if text
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') || (lines && byte == b'\n'))
    {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let own = if c == '\x1b' {
            color::length(rest)
        } else {
            None
        };
        match c {
            '\n' | '\t' if lines => shown.push(c),
            '\r' if lines && rest.starts_with("\r\n") => {}
            '\n' | '\t' | '\r' | '\x0b' | '\x0c' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                shown.push(' ');
            }
            // The selector turns a symbol into a colored picture. After a letter it would be invisible.
            '\u{fe0f}' if before >= '\u{203c}' => shown.push(c),
            _ if own.is_some() => shown.push_str(&rest[..own.unwrap_or_default()]),
            c if is_unseen(c) => push_escape(&mut shown, c),
            c => shown.push(c),
        }
        before = c;
        rest = &rest[own.unwrap_or(c.len_utf8())..];
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_seen_is_shown() {
        for (text, shown) in [
            ("a\x1b]0;t\x07b", "a\\x1b]0;t\\ab"),
            ("a\u{9b}31m", "a\\u009b31m"),
            ("a\r\nb\tc", "a  b c"),
            ("pa\u{200b}y\u{202e}", "pa\\u200by\\u202e"),
            ("a\u{ad}\u{61c}\u{feff}", "a\\u00ad\\u061c\\ufeff"),
            ("a\u{e0041}b\u{fe0f}", "a\\U000e0041b\\ufe0f"),
            ("❤\u{fe0f} 部署 é", "❤\u{fe0f} 部署 é"),
        ] {
            assert_eq!(visible(text), shown, "{text:?}");
        }
        assert_eq!(visible_lines("a\r\nb\tc\rd"), "a\nb\tc d");
        assert_eq!(first_line("\n  a\x07\nb"), "a\\a");
    }

    #[test]
    fn a_line_end_makes_no_second_label() {
        assert_eq!(
            with_one_label("Error: a\nError: b\n warning : c\nd: e\n"),
            "Error: a\n  Error: b\n   warning : c\nd: e\n"
        );
    }

    proptest! {
        #[test]
        fn nothing_unseen_is_left(text in any::<String>()) {
            let shown = visible(&text);
            let left = shown.chars().any(|c| is_unseen(c) && c != '\u{fe0f}');
            prop_assert!(!left);
            prop_assert_eq!(visible(&shown), shown);
        }
    }
}
