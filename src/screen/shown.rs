//! Text of others as the screen may show it, and text cut to a width.

use dialoguer::console::measure_text_width;

use crate::text::quote::push_escape;
use crate::text::secrets;
use crate::text::seen::{is_wide_sign, visible, visible_lines};

/// The end of a text that was cut.
const DOTS: &str = "…";

/// Returns a text as one line: without secrets of this run, and with escapes in place of characters that are not seen.
#[must_use]
pub(super) fn line(text: &str) -> String {
    let shown = visible(&secrets::hide(text));
    with_escapes(shown, |c| is_joined(c) || is_wide_sign(c))
}

/// Like [`line`], but keeps line ends and tabs: for what leaves the screen, into the clipboard or a file.
#[must_use]
pub(super) fn text(text: &str) -> String {
    visible_lines(&secrets::hide(text))
}

/// Like [`line`], but keeps line ends. A tab becomes four spaces, because its width depends on its place.
#[must_use]
pub(super) fn lines(text: &str) -> Vec<String> {
    with_escapes(self::text(text), is_joined)
        .split('\n')
        .map(|line| line.replace('\t', "    "))
        .collect()
}

/// True for characters that are counted as one with the one before them, which some terminals draw beside it: colors of
/// a person's skin, and vowels of Kirat Rai.
fn is_joined(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}' | '\u{16d63}' | '\u{16d67}'..='\u{16d6a}')
}

/// Returns a text with escapes in place of some more characters than [`visible`] shows as escapes. What a terminal
/// draws wider than this program counts would leave its cell: it covers others, and stays on the pages that follow. In
/// prose ([`lines`]), the signs that a writing needs stay, because there is nothing beside it.
fn with_escapes(text: String, is_escaped: impl Fn(char) -> bool) -> String {
    if !text.contains(&is_escaped) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_escaped(c) {
            push_escape(&mut shown, c);
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Returns the width of a text on the terminal: that of its characters. A terminal joins no letters to narrower ones,
/// and a symbol that is turned into a picture has two columns.
#[must_use]
pub(super) fn width(text: &str) -> usize {
    columns(text).map(|(_, wide)| wide).sum()
}

/// Returns each character of a text with the columns that it adds.
fn columns(text: &str) -> impl Iterator<Item = (char, usize)> {
    let mut before = 0;
    text.chars().map(move |c| {
        let own = match c {
            ' '..='~' => 1,
            '\u{fe0f}' => usize::from(before == 1),
            // The library that draws adds a column for the sound marks of narrow Katakana.
            '\u{ff9e}' | '\u{ff9f}' => 2,
            c => measure_text_width(c.encode_utf8(&mut [0; 4])),
        };
        before = own;
        (c, own)
    })
}

/// Cuts a text to a width on the terminal.
#[must_use]
pub(super) fn cut(text: &str, most: usize) -> String {
    if most == 0 {
        return String::new();
    }
    if width(text) <= most {
        return text.to_owned();
    }
    let mut filled = 0;
    let fits = |(_, wide): &(char, usize)| {
        filled += wide;
        filled < most
    };
    let mut kept: String = columns(text).take_while(fits).map(|(c, _)| c).collect();
    kept.push_str(DOTS);
    kept
}

/// Cuts or pads a text to a width on the terminal.
#[must_use]
pub(super) fn fit(text: &str, wanted: usize) -> String {
    let mut text = cut(text, wanted);
    text.push_str(&" ".repeat(wanted.saturating_sub(width(&text))));
    text
}

/// Breaks a line into lines of at most this width: between words, or inside a word that is longer than a line.
#[must_use]
pub(super) fn wrap(text: &str, wanted: usize) -> Vec<String> {
    let wanted = wanted.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut filled = 0;
    for word in text.split_inclusive(' ') {
        let bare = width(word.trim_end_matches(' '));
        if filled > 0 && filled + bare > wanted {
            lines.push(line.trim_end().to_owned());
            line.clear();
            filled = 0;
        }
        if bare <= wanted {
            line.push_str(word);
            filled += width(word);
            continue;
        }
        for (c, wide) in columns(word) {
            if filled + wide > wanted && filled > 0 {
                lines.push(std::mem::take(&mut line));
                filled = 0;
            }
            line.push(c);
            filled += wide;
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_by_their_width_on_the_terminal() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("日本語 text", 5), ["日本", "語", "text"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        for text in ["a b  c d", "日 本", "xxxxxxxxxxxxxxxxx y"] {
            assert!(wrap(text, 2).iter().all(|line| width(line) <= 2), "{text}");
        }
    }

    /// Returns how many columns the screen fills with a text.
    fn drawn(text: &str) -> usize {
        let area = ratatui::layout::Rect::new(0, 0, 40, 1);
        let mut buffer = ratatui::buffer::Buffer::empty(area);
        let style = ratatui::style::Style::new();
        usize::from(buffer.set_stringn(0, 0, text, 40, style).0)
    }

    #[test]
    fn a_text_is_drawn_as_wide_as_it_is_counted() {
        for c in '\0'..=char::MAX {
            let text = line(&format!("a{c}b{c}{c}"));
            let is_escaped = text.is_ascii();
            assert!(
                is_escaped || drawn(&text) == width(&text),
                "{:x} {text}",
                c as u32
            );
        }
        for text in ["لا", "ក្ក", "🇩🇪", "❤\u{fe0f}⚠\u{fe0f}", "👍🏽", "কাকা", "क्ष", "각"]
        {
            let (line, prose) = (line(text), lines(text).concat());
            assert_eq!(drawn(&line), width(&line), "{text}");
            assert!(drawn(&prose) <= width(&prose), "{text}");
            assert!(width(&cut(&line, 2)) <= 2, "{text}");
        }
        assert_eq!(line("কা"), "ক\\u09be");
        assert_eq!(lines("কা"), ["কা"]);
    }

    #[test]
    fn text_is_cut_by_its_width() {
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(fit("日本", 6), "日本  ");
        assert_eq!(cut("abc", 0), "");
    }
}
