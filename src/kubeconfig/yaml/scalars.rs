//! Scans the characters of plain, quoted and block scalars.

use super::super::byte_set::ByteSet;
use super::chars::{Chars, is_blankz};
use super::fault::YamlFault;
use super::scanner::Scanner;

/// The bytes that a word of a plain scalar may end at: the first bytes of blanks and line breaks, and indicators.
const PLAIN_ENDS: ByteSet = ByteSet::of(b" \t\r\n\xC2\xE2:,?[]{}");
/// The same for a word inside quotes.
const QUOTED_ENDS: ByteSet = ByteSet::of(b" \t\r\n\xC2\xE2'\"\\");

/// Returns the length of the first word. It ends at the first byte of the set for whose position `ends` is true.
fn word_len(text: &[u8], candidates: &ByteSet, ends: impl Fn(usize) -> bool) -> usize {
    let mut at = 0;
    while let Some(skipped) = candidates.first_in(&text[at..]) {
        at += skipped;
        if ends(at) {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// Blanks and line breaks between two words of a scalar.
#[derive(Default)]
struct Gap<'a> {
    /// The blanks before the first line break.
    blanks: &'a str,
    /// There was a line break, possibly an escaped one.
    broken: bool,
    first_break: &'a str,
    more_breaks: String,
}

impl<'a> Gap<'a> {
    /// Appends the folded gap: a single line break becomes a space; of several, the first is dropped.
    fn fold_into(self, chars: &mut Chars<'a>) {
        if !self.broken {
            chars.push(self.blanks);
        } else if self.first_break != "\n" {
            chars.push_str(self.first_break);
            chars.push_str(&self.more_breaks);
        } else if self.more_breaks.is_empty() {
            chars.push_str(" ");
        } else {
            chars.push_str(&self.more_breaks);
        }
    }
}

impl<'a> Scanner<'a> {
    /// Skips a gap. A continuation line may not have a tab before the column `tab_limit`.
    fn skip_gap(&mut self, gap: &mut Gap<'a>, tab_limit: isize) -> Result<(), YamlFault> {
        loop {
            if self.is_blank() {
                if !gap.broken {
                    gap.blanks = self.skip_while(|b| matches!(b, b' ' | b'\t'));
                } else if self.byte(0) == b'\t' && self.column() < tab_limit {
                    return self.fault("a tab is used as indentation");
                } else {
                    self.skip(1);
                }
            } else if self.break_len() == 0 {
                return Ok(());
            } else if gap.broken {
                let line_break = self.skip_break();
                gap.more_breaks.push_str(line_break);
            } else {
                gap.first_break = self.skip_break();
                gap.broken = true;
            }
        }
    }

    pub(super) fn scan_plain(&mut self) -> Result<Chars<'a>, YamlFault> {
        let indent = self.indent + 1;
        let start = self.mark.at;
        let mut chars = Chars::default();
        let mut gap = Gap::default();
        while !self.at_document_indicator() && self.byte(0) != b'#' {
            let len = self.plain_word_len();
            if len > 0 {
                let word = self.skip_text(len);
                match &mut chars {
                    // The scalar is on one line so far, so it is a part of the text.
                    Chars::Borrowed(line) if !gap.broken => *line = &self.text[start..self.mark.at],
                    _ => {
                        std::mem::take(&mut gap).fold_into(&mut chars);
                        chars.push_str(word);
                    }
                }
                gap = Gap::default();
            }
            if !self.is_blank() && self.break_len() == 0 {
                break;
            }
            self.skip_gap(&mut gap, indent)?;
            if self.flow_level == 0 && self.column() < indent {
                break;
            }
        }
        if gap.broken {
            self.key_allowed = true;
        }
        Ok(chars)
    }

    fn plain_word_len(&self) -> usize {
        let rest = self.rest();
        let in_flow = self.flow_level > 0;
        word_len(rest, &PLAIN_ENDS, |at| {
            is_blankz(rest, at)
                || (rest[at] == b':' && is_blankz(rest, at + 1))
                || (in_flow && b",?[]{}".contains(&rest[at]))
        })
    }

    pub(super) fn scan_quoted(&mut self, quote: u8) -> Result<Chars<'a>, YamlFault> {
        let mut chars = Chars::default();
        self.skip(1);
        loop {
            if self.at_document_indicator() {
                return self.fault("a document mark inside quotes");
            }
            if self.at_end() {
                return self.fault("quotes are not closed");
            }
            let mut gap = Gap {
                broken: self.quoted_words(quote, &mut chars)?,
                ..Gap::default()
            };
            if self.byte(0) == quote {
                break;
            }
            self.skip_gap(&mut gap, 0)?;
            gap.fold_into(&mut chars);
        }
        self.skip(1);
        Ok(chars)
    }

    /// Reads characters up to a blank, a line break or the closing quote. Returns true if it ended with an escaped line
    /// break.
    fn quoted_words(&mut self, quote: u8, chars: &mut Chars<'a>) -> Result<bool, YamlFault> {
        loop {
            let rest = self.rest();
            let len = word_len(rest, &QUOTED_ENDS, |at| {
                is_blankz(rest, at) || rest[at] == quote || (quote == b'"' && rest[at] == b'\\')
            });
            let piece = self.skip_text(len);
            chars.push(piece);
            match (self.byte(0), self.byte(1)) {
                (b'\'', b'\'') if quote == b'\'' => {
                    chars.push_str("'");
                    self.skip(2);
                }
                (b'\\', _) if quote == b'"' => {
                    self.skip(1);
                    if self.break_len() > 0 {
                        self.skip_break();
                        return Ok(true);
                    }
                    let ch = self.scan_escape()?;
                    chars.push_str(ch.encode_utf8(&mut [0; 4]));
                }
                _ => return Ok(false),
            }
        }
    }

    /// Reads the character of an escape. The backslash has been read.
    fn scan_escape(&mut self) -> Result<char, YamlFault> {
        let digits = match self.byte(0) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            letter => {
                let Some(ch) = simple_escape(letter) else {
                    return self.fault("an unknown escape in double quotes");
                };
                self.skip(1);
                return Ok(ch);
            }
        };
        let code = self.rest().get(1..=digits).unwrap_or_default();
        if code.len() < digits || !code.iter().all(u8::is_ascii_hexdigit) {
            return self.fault("an escape without its hexadecimal digits");
        }
        let value = code.iter().fold(0_u32, |value, digit| {
            (value << 4) + char::from(*digit).to_digit(16).unwrap_or(0)
        });
        // A surrogate is not a character, not even as one of a pair.
        let Some(ch) = char::from_u32(value) else {
            return self.fault("an escape that is not a character");
        };
        self.skip(1 + digits);
        Ok(ch)
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<Chars<'a>, YamlFault> {
        self.skip(1);
        let (chomping, increment) = self.block_header()?;
        let mut indent = match increment {
            0 => None,
            _ => Some(self.indent.max(0) + increment),
        };
        let mut chars = Chars::default();
        let mut line_break = "";
        let mut more_breaks = String::new();
        let mut after_blank = false;
        let column = self.block_breaks(&mut indent, &mut more_breaks)?;
        while self.column() == column && !self.at_end() {
            let starts_blank = self.is_blank();
            if !literal && line_break == "\n" && !after_blank && !starts_blank {
                if more_breaks.is_empty() {
                    chars.push_str(" ");
                }
            } else {
                chars.push_str(line_break);
            }
            chars.push_str(&more_breaks);
            more_breaks.clear();
            after_blank = starts_blank;
            let line = self.skip_line();
            chars.push(line);
            line_break = if self.at_end() { "" } else { self.skip_break() };
            self.block_breaks(&mut indent, &mut more_breaks)?;
        }
        if chomping != Chomping::Strip {
            chars.push_str(line_break);
        }
        if chomping == Chomping::Keep {
            chars.push_str(&more_breaks);
        }
        Ok(chars)
    }

    /// Reads the text after `|` or `>`: chomping and an explicit indentation (0 if there is none).
    fn block_header(&mut self) -> Result<(Chomping, isize), YamlFault> {
        let (mut chomping, mut increment) = (None, 0);
        loop {
            match self.byte(0) {
                b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
                b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
                b'0' if increment == 0 => return self.fault("an indentation of 0"),
                digit @ b'1'..=b'9' if increment == 0 => increment = isize::from(digit - b'0'),
                _ => break,
            }
            self.skip(1);
        }
        self.skip_while(|b| matches!(b, b' ' | b'\t'));
        if self.byte(0) == b'#' {
            self.skip_line();
        }
        if self.break_len() > 0 {
            self.skip_break();
        } else if !self.at_end() {
            return self.fault("text after the start of a block scalar");
        }
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    /// Skips empty lines and indentation. Determines the indentation if it is not known yet.
    fn block_breaks(
        &mut self,
        indent: &mut Option<isize>,
        breaks: &mut String,
    ) -> Result<isize, YamlFault> {
        let mut widest = 0;
        loop {
            let within = |column: isize| indent.is_none_or(|indent| column < indent);
            while self.byte(0) == b' ' && within(self.column()) {
                self.skip(1);
            }
            widest = widest.max(self.column());
            if self.byte(0) == b'\t' && within(self.column()) {
                return self.fault("a tab is used as indentation");
            }
            if self.break_len() == 0 {
                break;
            }
            breaks.push_str(self.skip_break());
        }
        Ok(*indent.get_or_insert(widest.max(self.indent + 1).max(1)))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

fn simple_escape(letter: u8) -> Option<char> {
    Some(match letter {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0B',
        b'f' => '\x0C',
        b'r' => '\r',
        b'e' => '\x1B',
        b' ' | b'"' | b'\'' | b'\\' => char::from(letter),
        b'N' => '\u{85}',
        b'_' => '\u{A0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
