//! Moves through the text and looks at its next characters.

use super::chars::{break_len, is_blankz};
use super::scanner::Scanner;

/// Moving through the text.
impl<'a> Scanner<'a> {
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.mark.at..]
    }

    pub(super) fn at_end(&self) -> bool {
        self.mark.at >= self.text.len()
    }

    /// Returns the byte at this distance; 0 after the end of the text, which itself holds no 0.
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text
            .as_bytes()
            .get(self.mark.at + ahead)
            .copied()
            .unwrap_or(0)
    }

    /// Returns the length of the line break at the current position, or 0.
    pub(super) fn break_len(&self) -> usize {
        break_len(self.rest())
    }

    /// Returns true for a blank, a line break or the end at this distance.
    pub(super) fn is_blankz(&self, ahead: usize) -> bool {
        is_blankz(self.text.as_bytes(), self.mark.at + ahead)
    }

    pub(super) fn is_blank(&self) -> bool {
        matches!(self.byte(0), b' ' | b'\t')
    }

    /// Skips ASCII characters.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.mark.at += bytes;
        self.mark.index += bytes;
        self.mark.column += bytes;
    }

    /// Skips characters of one line and returns them.
    pub(super) fn skip_text(&mut self, bytes: usize) -> &'a str {
        let from = self.mark.at;
        let text = &self.text[from..from + bytes];
        let chars = text.chars().count();
        self.mark.at += bytes;
        self.mark.index += chars;
        self.mark.column += chars;
        text
    }

    /// Skips the ASCII characters that pass the test and returns them.
    pub(super) fn skip_while(&mut self, test: impl Fn(u8) -> bool) -> &'a str {
        let from = self.mark.at;
        let run = self.rest().iter().take_while(|b| test(**b)).count();
        self.skip(run);
        &self.text[from..from + run]
    }

    /// Skips the rest of the line and returns it.
    pub(super) fn skip_line(&mut self) -> &'a str {
        let rest = self.rest();
        let mut end = 0;
        while end < rest.len() && break_len(&rest[end..]) == 0 {
            end += 1;
        }
        self.skip_text(end)
    }

    /// Skips a line break and returns the characters that it counts as.
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
