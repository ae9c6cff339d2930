//! Prose in a window: broken between words, where the terminal would break it anywhere.

use dialoguer::console::measure_text_width;

/// The least room, in columns, that is worth breaking lines for.
const LEAST: usize = 20;

/// One line as lines of at most `width` columns, all but the first behind `indent` spaces. A word that fits on no
/// line, such as a long path, stays whole: the terminal breaks it, and it can still be copied.
#[must_use]
pub fn line(text: &str, width: usize, indent: usize) -> String {
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

/// Several lines, each broken by itself and then two spaces further in.
#[must_use]
pub fn lines(text: &str, width: usize) -> String {
    let indent = |text: &str| text.len() - text.trim_start_matches(' ').len() + 2;
    let wrapped: Vec<String> = text
        .split('\n')
        .map(|text| line(text, width, indent(text)))
        .collect();
    wrapped.join("\n")
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
        // Two columns each, and a colour that takes none.
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
