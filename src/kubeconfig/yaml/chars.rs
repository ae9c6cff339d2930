//! Classes of characters, the readable part of a text, and the characters of a scalar.

use std::ops::Deref;

use super::super::byte_set::ByteSet;
use super::super::wiped::WipedText;

/// Kubernetes' reader decodes blocks of this many bytes, and refuses a bad byte anywhere in a block that it has
/// reached.
const BLOCK: usize = 512;

/// The characters of a scalar. They are borrowed if they are a part of the text.
pub(crate) enum Chars<'a> {
    Borrowed(&'a str),
    Owned(WipedText),
}

impl Default for Chars<'_> {
    fn default() -> Self {
        Self::Borrowed("")
    }
}

impl Deref for Chars<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl<'a> Chars<'a> {
    /// Appends a part of the text.
    pub(super) fn push(&mut self, piece: &'a str) {
        match self {
            Self::Borrowed("") => *self = Self::Borrowed(piece),
            _ => self.push_str(piece),
        }
    }

    pub(super) fn push_str(&mut self, more: &str) {
        if more.is_empty() {
            return;
        }
        if let Self::Borrowed(text) = self {
            let mut owned = WipedText::with_capacity(text.len() + more.len());
            owned.push_str(text);
            *self = Self::Owned(owned);
        }
        if let Self::Owned(text) = self {
            text.push_str(more);
        }
    }
}

/// Returns the text before the block with the first bad byte, and whether there is a bad byte. Bytes that are not UTF-8
/// and control characters are bad.
pub(super) fn readable(bytes: &[u8]) -> (&str, bool) {
    let (valid, mut broken) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => {
            let valid = &bytes[..error.valid_up_to()];
            (std::str::from_utf8(valid).unwrap_or_default(), true)
        }
    };
    let mut end = valid.len();
    if let Some(at) = first_refused(valid) {
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

/// ASCII characters that are not refused.
const READABLE: ByteSet = ByteSet::of(b"\t\n\r").and_range(b' ', b'~');

fn first_refused(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += READABLE.run(&text.as_bytes()[at..]);
        let ch = text[at..].chars().next()?;
        if is_refused(ch) {
            return Some(at);
        }
        at += ch.len_utf8();
    }
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

/// Returns the length of the line break that the text starts with, or 0.
pub(super) fn break_len(text: &[u8]) -> usize {
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
