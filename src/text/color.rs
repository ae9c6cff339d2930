//! Colors of this program in text that may contain words of others.
//!
//! Each escape sequence of this program contains a random number that is new in each run, so nobody can forge one. Any
//! other sequence is shown as text. The number is removed when the text is written.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::OnceLock;

/// Returns the text in a color, given by the parameters of the escape sequence (`1;31`).
#[must_use]
pub(crate) fn painted(parameters: &str, text: &str) -> String {
    let mark = mark();
    format!("\x1b[{mark};{parameters}m{text}\x1b[{mark};0m")
}

/// Returns the length of the sequence with which the text begins, if it begins with one of this program.
#[must_use]
pub(crate) fn length(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?.strip_prefix(mark())?;
    let end = parameters.find(|c: char| !matches!(c, ';' | '0'..='9'))?;
    parameters[end..]
        .starts_with('m')
        .then(|| text.len() - parameters.len() + end + 1)
}

/// Returns the text as the terminal reads it.
#[must_use]
pub(crate) fn for_terminal(text: String) -> String {
    if text.contains('\x1b') {
        text.replace(&format!("\x1b[{};", mark()), "\x1b[")
    } else {
        text
    }
}

fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    // In groups of four digits: the library that measures text does not recognize longer numbers in a sequence.
    MARK.get_or_init(|| {
        let drawn = RandomState::new().build_hasher().finish();
        let group = |n: u32| drawn >> (16 * n) & 0x1fff;
        format!("{};{};{}", group(0), group(1), group(2))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::visible;

    #[test]
    fn only_colors_of_ours_pass() {
        let text = painted("31", "a\x1b[31mb");
        assert_eq!(for_terminal(visible(&text)), "\x1b[31ma\\x1b[31mb\x1b[0m");
        assert_eq!(
            dialoguer::console::measure_text_width(&visible(&text)),
            "a\\x1b[31mb".len()
        );
        // The mark alone does not make every sequence pass.
        let broken = text.replacen('m', "H", 1);
        assert!(visible(&broken).starts_with("\\x1b["));
    }
}
