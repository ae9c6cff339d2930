//! Moving through the text, and telling what stands there.

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
