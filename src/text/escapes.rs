//! Reads the escapes of HTML, JSON, JavaScript and addresses. Each byte of the result remembers where it came from, so
//! that what is found in the result can be hidden in the text.

use std::ops::Range;

/// How often escapes are read in the result of the time before: a writer may escape what another one has escaped.
const MOST_ROUNDS: usize = 3;
/// The named references of HTML for ASCII.
const NAMES: [(&str, char); 33] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("grave", '`'),
    ("lcub", '{'),
    ("verbar", '|'),
    ("vert", '|'),
    ("rcub", '}'),
];
/// The longest reference or escape, in bytes: nothing behind it is looked at.
const LONGEST: usize = 16;

/// Text with its escapes read.
pub(super) struct Unescaped {
    pub(super) bytes: Vec<u8>,
    /// For each byte, the part of the original text that it was read from.
    from: Vec<Range<usize>>,
}

impl Unescaped {
    /// Returns the part of the original text that a part of the bytes was read from.
    pub(super) fn origin(&self, part: &Range<usize>) -> Range<usize> {
        let first = self.from.get(part.start).map_or(0, |from| from.start);
        let last = part.end.checked_sub(1).and_then(|last| self.from.get(last));
        first..last.map_or(first, |from| from.end)
    }
}

/// Returns the readings of a text: with its escapes read once, twice and so on, while there are any.
pub(super) fn readings(text: &str) -> impl Iterator<Item = Unescaped> {
    let mut last = read(text.as_bytes(), |part| part);
    let mut rounds = 0;
    std::iter::from_fn(move || {
        rounds += 1;
        let reading = last.take().filter(|_| rounds <= MOST_ROUNDS)?;
        last = read(&reading.bytes, |part| reading.origin(&part));
        Some(reading)
    })
}

/// Reads the escapes of a text; `None` if it has none.
fn read(text: &[u8], origin: impl Fn(Range<usize>) -> Range<usize>) -> Option<Unescaped> {
    if !text.iter().any(|byte| matches!(byte, b'&' | b'%' | b'\\')) {
        return None;
    }
    let (mut bytes, mut from) = (
        Vec::with_capacity(text.len()),
        Vec::with_capacity(text.len()),
    );
    let (mut at, mut has_any) = (0, false);
    while let Some(&byte) = text.get(at) {
        let end = text.len().min(at + LONGEST);
        let (read, length) = match escape(&text[at..end]) {
            Some(found) => {
                has_any = true;
                found
            }
            None => (Read::Byte(byte), 1),
        };
        let part = origin(at..at + length);
        match read {
            Read::Byte(byte) => bytes.push(byte),
            Read::Char(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
        from.resize(bytes.len(), part);
        at += length;
    }
    has_any.then_some(Unescaped { bytes, from })
}

enum Read {
    Byte(u8),
    Char(char),
}

/// Reads the escape with which the text begins, and returns its length.
fn escape(text: &[u8]) -> Option<(Read, usize)> {
    let (first, rest) = text.split_first()?;
    let (read, length) = match first {
        b'%' => (
            Read::Byte(u8::try_from(number(rest.get(..2)?, 16)?).ok()?),
            2,
        ),
        b'&' => reference(rest)?,
        b'\\' => backslash(rest)?,
        _ => return None,
    };
    Some((read, 1 + length))
}

/// Reads a reference of HTML after its `&`. A browser does without the `;`.
fn reference(text: &[u8]) -> Option<(Read, usize)> {
    if let Some(digits) = text.strip_prefix(b"#") {
        let (base, mark, digits) = match digits {
            [b'x' | b'X', digits @ ..] => (16, 2, digits),
            digits => (10, 1, digits),
        };
        let length = count(digits, base);
        let c = char::from_u32(number(&digits[..length], base)?)?;
        let end = usize::from(digits.get(length) == Some(&b';'));
        return Some((Read::Char(c), mark + length + end));
    }
    NAMES.iter().find_map(|(name, c)| {
        let rest = text.strip_prefix(name.as_bytes())?;
        (rest.first() == Some(&b';')).then_some((Read::Char(*c), name.len() + 1))
    })
}

/// Reads an escape of JSON or JavaScript after its backslash.
fn backslash(text: &[u8]) -> Option<(Read, usize)> {
    match text {
        [b'/' | b'"' | b'\'' | b'\\', ..] => Some((Read::Byte(text[0]), 1)),
        [b'0'..=b'3', ..] => {
            let code = number(text.get(..3)?, 8)?;
            Some((Read::Byte(u8::try_from(code).ok()?), 3))
        }
        [b'x', digits @ ..] => {
            let code = number(digits.get(..2)?, 16)?;
            Some((Read::Char(char::from_u32(code)?), 3))
        }
        [b'u', b'{', digits @ ..] => {
            let length = count(digits, 16);
            let c = char::from_u32(number(&digits[..length], 16)?)?;
            (digits.get(length) == Some(&b'}')).then_some((Read::Char(c), length + 3))
        }
        [b'u', digits @ ..] => {
            let first = number(digits.get(..4)?, 16)?;
            if let Some(c) = char::from_u32(first) {
                return Some((Read::Char(c), 5));
            }
            let second = digits[4..].strip_prefix(b"\\u")?;
            let second = number(second.get(..4)?, 16)?;
            let units = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
            let c = char::decode_utf16(units).next()?.ok()?;
            Some((Read::Char(c), 11))
        }
        _ => None,
    }
}

/// Returns how many digits the text begins with.
fn count(text: &[u8], base: u32) -> usize {
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(base);
    text.iter().take_while(is_digit).count()
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    let is_plain = digits.chars().all(|c| c.is_digit(base));
    u32::from_str_radix(digits, base).ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(text: &str) -> String {
        let last = readings(text).last();
        last.map_or_else(
            || text.to_owned(),
            |reading| String::from_utf8(reading.bytes).unwrap(),
        )
    }

    #[test]
    fn every_spelling_is_read() {
        for text in [
            "S&#83;S",
            "S&#x53;S",
            "S&#X053;S",
            "S&#0083;S",
            "S&#83S",
            "S%53S",
            "S\\u0053S",
            "S\\x53S",
            "S\\u{53}S",
            "S&amp;#83;S",
            "S%26%2383;S",
            "S\\\\u0053S",
            "S%2553S",
        ] {
            assert_eq!(last(text), "SSS", "{text}");
        }
        assert_eq!(last("&lt;a&sol;b&gt; \\/ \\\" é"), "<a/b> / \" é");
        assert_eq!(last("\\ud83d\\ude00 %c3%a9 &#233;"), "😀 é é");
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in [
            "",
            "%",
            "%5",
            "%zz",
            "%+5",
            "&",
            "&#",
            "&#;",
            "&#x;",
            "&ampx",
            "&#99999999;",
            "\\",
            "\\u",
            "\\u005",
            "\\ud83d",
            "\\u{}",
            "\\xé",
            "100 % é",
        ] {
            assert_eq!(last(text), text, "{text}");
        }
    }

    #[test]
    fn each_byte_knows_its_origin() {
        let text = "a%53&#83;\\u00e9%2553z";
        for reading in readings(text) {
            let whole = reading.origin(&(0..reading.bytes.len()));
            assert_eq!(whole, 0..text.len());
            let at = reading.bytes.iter().position(|byte| *byte == b'z').unwrap();
            assert_eq!(&text[reading.origin(&(at..at + 1))], "z");
            assert_eq!(&text[reading.origin(&(1..3))], "%53&#83;");
        }
    }

    #[test]
    fn the_rounds_are_bounded() {
        let text = format!("%{}53", "25".repeat(50));
        assert_eq!(readings(&text).count(), MOST_ROUNDS);
    }
}
