//! Quotes and escapes names in messages as the Go tool does (docs/interface/cli-core.md section 5.5).

use std::fmt::Write as _;

/// Puts `text` in double quotes; quotes, backslashes, control and invisible characters are escaped.
#[must_use]
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if is_printable(c) => quoted.push(c),
            c => push_escape(&mut quoted, c),
        }
    }
    quoted.push('"');
    quoted
}

/// Appends a character as an escape.
pub(crate) fn push_escape(quoted: &mut String, c: char) {
    match c {
        '\n' => quoted.push_str("\\n"),
        '\t' => quoted.push_str("\\t"),
        '\r' => quoted.push_str("\\r"),
        '\x07' => quoted.push_str("\\a"),
        '\x08' => quoted.push_str("\\b"),
        '\x0b' => quoted.push_str("\\v"),
        '\x0c' => quoted.push_str("\\f"),
        c if (c as u32) < 0x20 || c as u32 == 0x7f => {
            write_escape(quoted, format_args!("\\x{:02x}", c as u32));
        }
        c if (c as u32) < 0x10000 => write_escape(quoted, format_args!("\\u{:04x}", c as u32)),
        c => write_escape(quoted, format_args!("\\U{:08x}", c as u32)),
    }
}

fn write_escape(quoted: &mut String, escape: std::fmt::Arguments<'_>) {
    // Writing to a String can't fail.
    let _ = quoted.write_fmt(escape);
}

/// Returns true for characters that Go prints unescaped: letters, marks, numbers, punctuation, symbols and the plain
/// space. The list below names the other spaces, format characters and private characters that appear in pasted text.
fn is_printable(c: char) -> bool {
    !matches!(c as u32,
        0..=0x1f | 0x7f..=0xa0 | 0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x1680 | 0x180e
        | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000 | 0xe000..=0xf8ff
        | 0xfeff | 0xfff9..=0xfffb | 0xfff0..=0xfff8 | 0xfffe..=0xffff | 0xe0000..=0x10_ffff)
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn escapes_what_can_not_be_seen() {
        assert_eq!(quote("a\"b\\é\t\x1b"), "\"a\\\"b\\\\é\\t\\x1b\"");
        assert_eq!(quote("\u{a0}\u{200b}"), "\"\\u00a0\\u200b\"");
        assert_eq!(quote("日本 ☃"), "\"日本 ☃\"");
    }
}
