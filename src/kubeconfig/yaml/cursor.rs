//! Moving through the text, and telling what stands there.

use super::scanner::Scanner;

/// The reference decodes blocks of this many bytes, and takes offence at a bad byte anywhere in a
/// block that it has reached.
const BLOCK: usize = 512;

/// Moving through the text.
impl<'a> Scanner<'a> {
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.mark.at..]
    }

    pub(super) fn at_end(&self) -> bool {
        self.mark.at >= self.text.len()
    }

    /// The byte this far on; 0 behind the end. The text itself holds no 0.
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text
            .as_bytes()
            .get(self.mark.at + ahead)
            .copied()
            .unwrap_or(0)
    }

    /// Length of the line break at hand, 0 if there is none.
    pub(super) fn break_len(&self) -> usize {
        break_len(self.rest())
    }

    /// Blank, line break or end.
    pub(super) fn is_blankz(&self, ahead: usize) -> bool {
        is_blankz(self.text.as_bytes(), self.mark.at + ahead)
    }

    pub(super) fn is_blank(&self) -> bool {
        matches!(self.byte(0), b' ' | b'\t')
    }

    /// Moves on by ASCII characters.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.mark.at += bytes;
        self.mark.index += bytes;
        self.mark.column += bytes;
    }

    /// Moves on by any characters of one line and returns them.
    pub(super) fn skip_text(&mut self, bytes: usize) -> &'a str {
        let from = self.mark.at;
        let text = &self.text[from..from + bytes];
        let chars = text.chars().count();
        self.mark.at += bytes;
        self.mark.index += chars;
        self.mark.column += chars;
        text
    }

    /// Moves on over a run of ASCII characters and returns it.
    pub(super) fn skip_while(&mut self, test: impl Fn(u8) -> bool) -> &'a str {
        let from = self.mark.at;
        let run = self.rest().iter().take_while(|b| test(**b)).count();
        self.skip(run);
        &self.text[from..from + run]
    }

    /// Moves on to the end of the line and returns what was left of it.
    pub(super) fn skip_line(&mut self) -> &'a str {
        let rest = self.rest();
        let mut end = 0;
        while end < rest.len() && break_len(&rest[end..]) == 0 {
            end += 1;
        }
        self.skip_text(end)
    }

    /// Moves over a line break and returns what it stands for.
    pub(super) fn skip_break(&mut self) -> &'a str {
        let len = self.break_len();
        let from = self.mark.at;
        self.mark.at += len;
        self.mark.index += if self.text.as_bytes()[from..].starts_with(b"\r\n") {
            2
        } else {
            1
        };
        self.mark.column = 0;
        self.mark.line += 1;
        // Unicode's own line separators are kept.
        if len == 3 {
            &self.text[from..from + len]
        } else {
            "\n"
        }
    }
}

/// The text up to the block with the first bad byte, and whether there is one: bytes that are not
/// UTF-8, and control characters.
pub(super) fn readable(bytes: &[u8]) -> (&str, bool) {
    let (valid, mut broken) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => {
            let valid = &bytes[..error.valid_up_to()];
            (std::str::from_utf8(valid).unwrap_or_default(), true)
        }
    };
    let mut end = valid.len();
    if let Some(at) = valid.find(is_refused) {
        end = at;
        broken = true;
    }
    if broken {
        end -= end % BLOCK;
        while !valid.is_char_boundary(end) {
            end -= 1;
        }
    }
    (&valid[..end], broken)
}

fn is_refused(ch: char) -> bool {
    match ch {
        '\t' | '\n' | '\r' | '\u{85}' | ' '..='~' => false,
        '\u{FFFE}' | '\u{FFFF}' => true,
        _ => ch < '\u{A0}',
    }
}

pub(super) fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
}

fn break_len(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] | [0xC2, 0x85, ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
        _ => 0,
    }
}

pub(super) fn is_blankz(text: &[u8], at: usize) -> bool {
    match text.get(at) {
        None | Some(b' ' | b'\t' | b'\r' | b'\n') => true,
        Some(0xC2 | 0xE2) => break_len(&text[at..]) > 0,
        _ => false,
    }
}
