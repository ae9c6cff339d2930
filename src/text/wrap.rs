//! Breaks prose between words, so that the terminal does not break it inside them.

use dialoguer::console::measure_text_width;

use super::seen::is_unseen;

/// The narrowest room for which lines are broken, in columns.
const LEAST: usize = 20;

/// Breaks one line into lines of at most `width` columns, and indents all but the first by `indent` spaces. A word that is
/// too long for any line, such as a path, stays whole: the terminal breaks it, and it can still be copied.
#[must_use]
pub(crate) fn line(text: &str, width: usize, indent: usize) -> String {
    if measure_text_width(text) <= width || width < indent + LEAST {
        return text.to_owned();
    }
    let start = text.len() - text.trim_start_matches(' ').len();
    let mut wrapped = text[..start].to_owned();
    let mut column = start;
    for (n, word) in text[start..].split(' ').enumerate() {
        let length = measure_text_width(word);
        if n > 0 && column + 1 + length > width && indent + length <= width {
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

/// Lays out a text in paragraphs of at most `width` columns, all lines indented by `indent` spaces. Line ends of the text
/// stay; other white space and invisible characters are dropped.
#[must_use]
pub(crate) fn paragraphs(text: &str, width: usize, indent: usize) -> String {
    let mut laid_out = String::new();
    for line in text.trim_end().lines() {
        let mut column = 0;
        for word in line.split_whitespace() {
            let word: String = word.chars().filter(|c| !is_unseen(*c)).collect();
            if word.is_empty() {
                continue;
            }
            let length = measure_text_width(&word);
            if column > 0 && column + 1 + length > width {
                laid_out.push('\n');
                column = 0;
            }
            let space = if column > 0 { 1 } else { indent };
            laid_out.push_str(&" ".repeat(space));
            laid_out.push_str(&word);
            column += space + length;
        }
        laid_out.push('\n');
    }
    laid_out
}

#[cfg(test)]
mod tests {
    use super::*;

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
