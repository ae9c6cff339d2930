//! The syntax of JSON as Go checks it, with Go's words for what is wrong.
//!
//! A JSON library can't do this: clients see Go's words, and the platform accepts invalid UTF-8 and lone surrogates,
//! both of which become U+FFFD (docs/interface/api.md section 6).

use std::borrow::Cow;

/// Deepest nesting accepted; the platform's own bodies are flat.
const MAX_DEPTH: usize = 100;

/// The reason why a text is not JSON. It quotes one character at most.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    #[error("unexpected end of JSON input")]
    Ended,
    #[error("exceeded max depth")]
    TooDeep,
    #[error("invalid character {} {context}", quoted(*byte))]
    Misfit {
        byte: u8,
        context: Cow<'static, str>,
    },
    /// The library refuses a text that Go accepts: a number is out of range.
    #[error("{0}")]
    Library(String),
}

/// Checks one JSON document and returns it as text in which every string is valid Unicode.
///
/// # Errors
/// Go's words about the first byte that is wrong.
pub fn check(bytes: &[u8]) -> Result<Cow<'_, str>, SyntaxError> {
    let mut scanner = Scanner {
        bytes,
        at: 0,
        lone: Vec::new(),
    };
    scanner.document()?;
    let text = replace_lone(bytes, &scanner.lone);
    Ok(match text {
        Cow::Borrowed(bytes) => lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(lossy(&bytes).into_owned()),
    })
}

/// Replaces every `\uXXXX` that is half of a surrogate pair by U+FFFD.
fn replace_lone<'a>(bytes: &'a [u8], lone: &[usize]) -> Cow<'a, [u8]> {
    if lone.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut owned = bytes.to_vec();
    for at in lone {
        if let Some(digits) = owned.get_mut(*at..*at + 4) {
            digits.copy_from_slice(b"fffd");
        }
    }
    Cow::Owned(owned)
}

/// Like `String::from_utf8_lossy`, but with one U+FFFD for each invalid byte, as in Go.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The offsets of the four digits of each lone surrogate.
    lone: Vec<usize>,
}

/// The container of the value that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Object,
    Array,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, SyntaxError> {
        let byte = self.peek().ok_or(SyntaxError::Ended)?;
        self.at += 1;
        Ok(byte)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Returns the next byte that is not white space.
    fn token(&mut self) -> Result<u8, SyntaxError> {
        self.skip_space();
        self.next()
    }

    fn document(&mut self) -> Result<(), SyntaxError> {
        let mut open: Vec<Inside> = Vec::new();
        loop {
            // A value begins here; an opening bracket may close at once.
            match self.token()? {
                b'{' => {
                    open.push(Inside::Object);
                    match self.token()? {
                        b'}' => {
                            open.pop();
                        }
                        b'"' => {
                            self.key()?;
                            self.depth(&open)?;
                            continue;
                        }
                        other => {
                            return Err(misfit(
                                other,
                                "looking for beginning of object key string",
                            ));
                        }
                    }
                }
                b'[' => {
                    open.push(Inside::Array);
                    self.depth(&open)?;
                    self.skip_space();
                    if self.peek() != Some(b']') {
                        continue;
                    }
                    self.at += 1;
                    open.pop();
                }
                b'"' => self.string()?,
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                b'-' => match self.next()? {
                    b'0' => self.fraction()?,
                    b'1'..=b'9' => self.digits_then_fraction()?,
                    other => return Err(misfit(other, "in numeric literal")),
                },
                b'0' => self.fraction()?,
                b'1'..=b'9' => self.digits_then_fraction()?,
                other => return Err(misfit(other, "looking for beginning of value")),
            }
            if self.close(&mut open)? {
                return Ok(());
            }
        }
    }

    fn depth(&self, open: &[Inside]) -> Result<(), SyntaxError> {
        if open.len() > MAX_DEPTH {
            return Err(SyntaxError::TooDeep);
        }
        Ok(())
    }

    /// Closes the containers that end after a value. Returns true if the document ends there too.
    fn close(&mut self, open: &mut Vec<Inside>) -> Result<bool, SyntaxError> {
        loop {
            self.skip_space();
            let Some(inside) = open.last().copied() else {
                return match self.peek() {
                    None => Ok(true),
                    Some(other) => Err(misfit(other, "after top-level value")),
                };
            };
            match (inside, self.next()?) {
                (Inside::Object, b'}') | (Inside::Array, b']') => {
                    open.pop();
                }
                (Inside::Object, b',') => match self.token()? {
                    b'"' => {
                        self.key()?;
                        return Ok(false);
                    }
                    other => {
                        return Err(misfit(other, "looking for beginning of object key string"));
                    }
                },
                (Inside::Array, b',') => return Ok(false),
                (Inside::Object, other) => {
                    return Err(misfit(other, "after object key:value pair"));
                }
                (Inside::Array, other) => return Err(misfit(other, "after array element")),
            }
        }
    }

    /// Reads the rest of a key, and its colon.
    fn key(&mut self) -> Result<(), SyntaxError> {
        self.string()?;
        match self.token()? {
            b':' => Ok(()),
            other => Err(misfit(other, "after object key")),
        }
    }

    /// Reads the rest of a string, after its first quote.
    fn string(&mut self) -> Result<(), SyntaxError> {
        // The offset of the digits of a high surrogate whose other half has not come yet.
        let mut high: Option<usize> = None;
        loop {
            let byte = self.next()?;
            let mut pending = None;
            match byte {
                b'"' => {
                    self.lone.extend(high);
                    return Ok(());
                }
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => {
                        let start = self.at;
                        match (self.four_hex()?, high.take()) {
                            (0xD800..=0xDBFF, earlier) => {
                                self.lone.extend(earlier);
                                pending = Some(start);
                            }
                            (0xDC00..=0xDFFF, None) => self.lone.push(start),
                            (0xDC00..=0xDFFF, Some(_)) => {}
                            (_, earlier) => self.lone.extend(earlier),
                        }
                    }
                    other => return Err(misfit(other, "in string escape code")),
                },
                0..=0x1F => return Err(misfit(byte, "in string literal")),
                _ => {}
            }
            self.lone.extend(high.take());
            high = pending;
        }
    }

    fn four_hex(&mut self) -> Result<u32, SyntaxError> {
        let mut value = 0;
        for _ in 0..4 {
            let byte = self.next()?;
            let digit = char::from(byte)
                .to_digit(16)
                .ok_or_else(|| misfit(byte, "in \\u hexadecimal character escape"))?;
            value = value * 16 + digit;
        }
        Ok(value)
    }

    fn literal(&mut self, word: &str) -> Result<(), SyntaxError> {
        for expected in word.bytes().skip(1) {
            let byte = self.next()?;
            if byte != expected {
                let context = format!("in literal {word} (expecting {})", quoted(expected));
                return Err(misfit(byte, context));
            }
        }
        Ok(())
    }

    fn skip_digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn digits_then_fraction(&mut self) -> Result<(), SyntaxError> {
        self.skip_digits();
        self.fraction()
    }

    fn fraction(&mut self) -> Result<(), SyntaxError> {
        if self.peek() == Some(b'.') {
            self.at += 1;
            let byte = self.next()?;
            if !byte.is_ascii_digit() {
                return Err(misfit(byte, "after decimal point in numeric literal"));
            }
            self.skip_digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            let byte = self.next()?;
            if !byte.is_ascii_digit() {
                return Err(misfit(byte, "in exponent of numeric literal"));
            }
            self.skip_digits();
        }
        Ok(())
    }
}

fn misfit(byte: u8, context: impl Into<Cow<'static, str>>) -> SyntaxError {
    SyntaxError::Misfit {
        byte,
        context: context.into(),
    }
}

/// Quotes a byte as Go quotes a character.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        0x07 => r"'\a'".to_owned(),
        0x08 => r"'\b'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        0x0B => r"'\v'".to_owned(),
        0x0C => r"'\f'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        0..=0x1F | 0x7F => format!("'\\x{byte:02x}'"),
        0x80..=0xA0 | 0xAD => format!("'\\u{byte:04x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refusals_are_in_the_words_of_go() {
        for (text, reason) in [
            ("", "unexpected end of JSON input"),
            ("{\"name\":", "unexpected end of JSON input"),
            ("{} y", "invalid character 'y' after top-level value"),
            (
                "{'a':1}",
                r"invalid character '\'' looking for beginning of object key string",
            ),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            (
                "{\"a\":1 \"b\"}",
                "invalid character '\"' after object key:value pair",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            (
                "[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            (
                "{\"a\":1,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            (
                "trux",
                "invalid character 'x' in literal true (expecting 'e')",
            ),
            ("-a", "invalid character 'a' in numeric literal"),
            (
                "1.x",
                "invalid character 'x' after decimal point in numeric literal",
            ),
            (
                "1ex",
                "invalid character 'x' in exponent of numeric literal",
            ),
            ("01", "invalid character '1' after top-level value"),
            ("\"a\nb\"", r"invalid character '\n' in string literal"),
            (r#""\q""#, "invalid character 'q' in string escape code"),
            (
                r#""\u00x0""#,
                r"invalid character 'x' in \u hexadecimal character escape",
            ),
            (
                "\u{feff}{}",
                "invalid character 'ï' looking for beginning of value",
            ),
        ] {
            let refusal = check(text.as_bytes()).unwrap_err();
            assert_eq!(refusal.to_string(), reason, "{text:?}");
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(check(deep.as_bytes()), Err(SyntaxError::TooDeep));
    }

    #[test]
    fn broken_unicode_becomes_the_replacement_character() {
        let read = |bytes: &[u8]| {
            let text = check(bytes).unwrap();
            serde_json::from_str::<String>(&text).unwrap()
        };
        assert_eq!(read(b"\"a\xff\xfeb\""), "a\u{fffd}\u{fffd}b");
        assert_eq!(read(br#""\ud83d\ude00""#), "\u{1f600}");
        assert_eq!(read(br#""\ud83dx\ude00""#), "\u{fffd}x\u{fffd}");
        assert_eq!(read(br#""\ud83d\ud83d\ude00""#), "\u{fffd}\u{1f600}");
        assert_eq!(read(br#""\ud83d\n""#), "\u{fffd}\n");
        assert_eq!(read(br#""\ud83d\u0041""#), "\u{fffd}A");
    }

    proptest! {
        #[test]
        fn what_passes_is_json(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(text) = check(&bytes) {
                let read = serde_json::from_str::<serde_json::Value>(&text);
                // A number may be out of range; there is no other difference.
                prop_assert!(read.is_ok() || read.unwrap_err().to_string().contains("number out of range"));
            }
        }

        #[test]
        fn json_passes(text in "[\\[\\]{}:,\"0-9eE.+\\-a-z\\\\ ]{0,40}") {
            let ours = check(text.as_bytes()).is_ok();
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(ours, theirs);
        }
    }
}
