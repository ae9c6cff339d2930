//! Shows invisible characters as escapes: those that move the cursor, color the screen, reverse the text, or make two
//! names look alike.

use dialoguer::console::measure_text_width;

use super::color;
use super::quote::push_escape;

/// The most marks on one letter. No writing has more; a longer row of them stands in one column and covers others.
const MOST_MARKS: usize = 8;

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

/// Returns true for characters that control the terminal, reverse the text, leave no mark on the screen, or have no
/// certain place on it.
#[must_use]
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || has_no_place(c)
        || matches!(c as u32,
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

/// Returns true for characters that terminals draw wider than the tables of Unicode say: they push what follows out of
/// its column. These are the signs that belong to the letter behind them (Prepend in the Unicode standard, annex 29),
/// and other signs of no width that are not nonspacing marks. For signs that a living writing needs, see
/// [`is_wide_sign`].
fn has_no_place(c: char) -> bool {
    matches!(c as u32,
        0x600..=0x605 | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0xd4e | 0x17d8 | 0x2d7f | 0x302e..=0x302f
        | 0x3248..=0x324f | 0xa8fa | 0x110bd | 0x110cd | 0x111c2..=0x111c3 | 0x113d1 | 0x1193f | 0x11941
        | 0x11a3a | 0x11a84..=0x11a89 | 0x11d46 | 0x11f02 | 0x13430..=0x1345f | 0x16ff0..=0x16ff1
        | 0x1d165..=0x1d166 | 0x1d16d..=0x1d172)
}

/// Returns true for the signs of Bengali, Tamil, Kannada and other writings that stand beside their letter, and for the
/// one that puts the next letter of Khmer below. Some terminals draw them, or the letter, in a column of their own.
#[must_use]
pub(crate) fn is_wide_sign(c: char) -> bool {
    matches!(c as u32,
        0x9be | 0x9d7 | 0xb3e | 0xb57 | 0xbbe | 0xbd7 | 0xcc0 | 0xcc2 | 0xcc7..=0xcc8 | 0xcca..=0xccb
        | 0xcd5..=0xcd6 | 0xd3e | 0xd57 | 0xdcf | 0xddf | 0x1715 | 0x1734 | 0x17d2 | 0x1b35 | 0x1b3b | 0x1b3d
        | 0x1b43..=0x1b44 | 0x1baa | 0x1bf2..=0x1bf3 | 0xa953 | 0xa9c0 | 0x111c0 | 0x11235 | 0x1133e | 0x1134d
        | 0x11357 | 0x114b0 | 0x114bd | 0x115af | 0x116b6 | 0x11930 | 0x1193d)
}

/// Returns true for a sign that is not beside a letter of its own writing: only there it is needed.
fn is_stray_sign(before: char, c: char) -> bool {
    let is_beside_letter = before as u32 >> 7 == c as u32 >> 7 && !is_wide_sign(before);
    is_wide_sign(c) && !is_beside_letter
}

/// Returns true for marks that stand in the column of the letter before them.
fn is_mark(c: char) -> bool {
    c >= '\u{300}' && measure_text_width(c.encode_utf8(&mut [0; 4])) == 0
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
    let mut marks = 0;
    while let Some(c) = rest.chars().next() {
        let own = if c == '\x1b' {
            color::length(rest)
        } else {
            None
        };
        let before = shown.chars().next_back().unwrap_or(' ');
        marks = if is_mark(c) { marks + 1 } else { 0 };
        match c {
            '\n' | '\t' if lines => shown.push(c),
            '\r' if lines && rest.starts_with("\r\n") => {}
            '\n' | '\t' | '\r' | '\x0b' | '\x0c' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                shown.push(' ');
            }
            // The selector turns a symbol into a colored picture. After a letter it would be invisible.
            '\u{fe0f}' if before >= '\u{203c}' => shown.push(c),
            _ if own.is_some() => shown.push_str(&rest[..own.unwrap_or_default()]),
            c if is_unseen(c) || is_stray_sign(before, c) || marks > MOST_MARKS => {
                push_escape(&mut shown, c);
                marks = 0;
            }
            c => shown.push(c),
        }
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
            ("\u{600}1 \u{d4e}a \u{302e}", "\\u06001 \\u0d4ea \\u302e"),
            ("বাংলা தமிழ்நாடு ไม่ไป", "বাংলা தமிழ்நாடு ไม่ไป"),
            ("a\u{9be}\u{9be}ক\u{9be}\u{9be}", "a\\u09be\\u09beকা\\u09be"),
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

    #[test]
    fn every_character_has_the_width_of_its_parts() {
        let width = |text: &str| measure_text_width(text);
        for c in '\0'..=char::MAX {
            let shown = visible(&format!("a{c}b"));
            let parts: usize = shown.chars().map(|c| width(&c.to_string())).sum();
            assert_eq!(width(&shown), parts, "{:x}", c as u32);
            assert!(parts > 2 || parts == 2 && is_mark(c), "{:x}", c as u32);
        }
    }

    #[test]
    fn no_letter_has_more_marks_than_a_writing_needs() {
        let shown = visible(&format!("a{}b", "\u{301}".repeat(100)));
        let longest = shown
            .split(|c| c != '\u{301}')
            .map(|marks| marks.chars().count());
        assert_eq!(longest.max(), Some(MOST_MARKS));
        assert!(shown.contains("\\u0301"), "{shown}");
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
