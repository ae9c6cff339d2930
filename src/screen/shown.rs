//! Text of others as the screen may show it, and text cut to a width.

use dialoguer::console::{measure_text_width, truncate_str};

use crate::text::secrets;
use crate::text::seen::{visible, visible_lines};

/// The end of a text that was cut.
const DOTS: &str = "…";

/// Returns a text as one line: without secrets of this run, and with escapes in place of characters that are not seen.
#[must_use]
pub(super) fn line(text: &str) -> String {
    visible(&secrets::hide(text))
}

/// Like [`line`], but keeps line ends and tabs: for what leaves the screen, into the clipboard or a file.
#[must_use]
pub(super) fn text(text: &str) -> String {
    visible_lines(&secrets::hide(text))
}

/// Like [`line`], but keeps line ends. A tab becomes four spaces, because its width depends on its place.
#[must_use]
pub(super) fn lines(text: &str) -> Vec<String> {
    self::text(text)
        .split('\n')
        .map(|line| line.replace('\t', "    "))
        .collect()
}

/// Returns the width of a text on the terminal.
#[must_use]
pub(super) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// Cuts a text to a width on the terminal.
#[must_use]
pub(super) fn cut(text: &str, width: usize) -> String {
    match width {
        0 => String::new(),
        width => truncate_str(text, width, DOTS).into_owned(),
    }
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
        for c in word.chars() {
            let wide = width(c.encode_utf8(&mut [0; 4]));
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

    #[test]
    fn text_is_cut_by_its_width() {
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(fit("日本", 6), "日本  ");
        assert_eq!(cut("abc", 0), "");
    }
}
