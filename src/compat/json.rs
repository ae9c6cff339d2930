//! JSON as the Go tool writes it: two-space indent, `<`, `>`, `&` and the line separators escaped
//! (docs/interface/cli-core.md section 5.3, docs/interface/cli-resources.md section 1.6).

use serde_json::Value;
use zeroize::Zeroizing;

use super::json_text::{self, SyntaxError};
use crate::text::seen::is_unseen;

/// Returns compact JSON for a request body.
#[must_use]
pub(crate) fn compact(value: &Value) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    if text
        .bytes()
        .all(|byte| byte.is_ascii() && escape_of(byte.into()).is_none())
    {
        return text;
    }
    escape(&text)
}

/// Returns the length of a text as compact JSON, without making a copy: it may be a secret.
#[must_use]
pub(crate) fn compact_len(text: &str) -> usize {
    struct Length(usize);
    impl std::io::Write for Length {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut length = Length(0);
    // The writer takes everything, so this can't fail.
    let _ = serde_json::to_writer(&mut length, text);
    let escaped = text.chars().filter(|c| escape_of(*c).is_some());
    length.0
        + escaped
            .map(|c| "\\u003c".len() - c.len_utf8())
            .sum::<usize>()
}

/// Writes a secret as a compact JSON string, into one buffer that is wiped. The buffer never grows, since growing would
/// leave a copy of the secret behind.
#[must_use]
pub(crate) fn compact_secret(secret: &str) -> Zeroizing<String> {
    const LONGEST_ESCAPE: usize = 6;
    let mut text = Zeroizing::new(String::with_capacity(secret.len() * LONGEST_ESCAPE + 2));
    push_text(&mut text, secret);
    text
}

/// Returns indented JSON for standard output, without the final newline. Characters that a reader would not see are
/// escaped.
#[must_use]
pub(crate) fn pretty(value: &Value) -> String {
    let mut text = String::new();
    push_pretty(&mut text, value, 0);
    text
}

/// Appends a value as [`pretty`] writes it, `depth` levels deep in a document.
pub(crate) fn push_pretty(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => push_shown_text(out, text),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(pairs) if pairs.is_empty() => out.push_str("{}"),
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "[" } else { "," });
                push_line_end(out, depth + 1);
                push_pretty(out, item, depth + 1);
            }
            push_line_end(out, depth);
            out.push(']');
        }
        Value::Object(pairs) => {
            for (n, (name, value)) in pairs.iter().enumerate() {
                out.push_str(if n == 0 { "{" } else { "," });
                push_line_end(out, depth + 1);
                push_shown_text(out, name);
                out.push_str(": ");
                push_pretty(out, value, depth + 1);
            }
            push_line_end(out, depth);
            out.push('}');
        }
    }
}

/// Ends a line of indented JSON and begins the next one.
pub(crate) fn push_line_end(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}

/// Appends a text as a JSON string, as [`compact`] writes it.
pub(crate) fn push_text(out: &mut String, text: &str) {
    push_string(out, text, |_| false);
}

/// Appends a text as a JSON string, as [`pretty`] writes it.
pub(crate) fn push_shown_text(out: &mut String, text: &str) {
    push_string(out, text, |c| c >= '\x7f' && is_unseen(c));
}

fn push_string(out: &mut String, text: &str, is_hidden: impl Fn(char) -> bool) {
    out.push('"');
    if is_plain(text) {
        out.push_str(text);
    } else {
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                c if c < ' ' || escape_of(c).is_some() || is_hidden(c) => push_escape(out, c),
                c => out.push(c),
            }
        }
    }
    out.push('"');
}

/// True if a text is the same in JSON. Most are, so this looks at many bytes at once: it leaves a piece only at its
/// end.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: &u8| {
        matches!(byte, b' '..=b'~') & !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&')
    };
    let mut pieces = text.as_bytes().chunks(32);
    pieces.all(|piece| piece.iter().fold(true, |all, byte| all & is_plain(byte)))
}

/// Appends a character as `\uXXXX`, or as two of them.
fn push_escape(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push_str(&format!("\\u{unit:04x}"));
    }
}

/// Prepares JSON that somebody else wrote for standard output: escapes invisible characters, drops control characters.
#[must_use]
pub(crate) fn shown(json: &str) -> String {
    escape_unseen(json)
        .chars()
        // Valid JSON holds no control characters but line ends and tabs, but the text may not be valid JSON.
        .map(|c| match c {
            '\n' => c,
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

/// Escapes characters that a reader would not see. They occur only inside strings.
fn escape_unseen(json: &str) -> String {
    if json.bytes().all(|byte| byte < 0x7f) {
        return json.to_owned();
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c >= '\x7f' && is_unseen(c) {
            push_escape(&mut escaped, c);
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Escapes `<`, `>`, `&`, U+2028 and U+2029. They occur only inside JSON strings, so the whole text can be replaced at
/// once.
#[must_use]
pub(crate) fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match escape_of(c) {
            Some(escape) => escaped.push_str(escape),
            None => escaped.push(c),
        }
    }
    escaped
}

fn escape_of(c: char) -> Option<&'static str> {
    Some(match c {
        '<' => "\\u003c",
        '>' => "\\u003e",
        '&' => "\\u0026",
        '\u{2028}' => "\\u2028",
        '\u{2029}' => "\\u2029",
        _ => return None,
    })
}

/// Reads one JSON document. If a key is repeated, the last value wins.
///
/// # Errors
/// The reason why the text is not JSON, in Go's words, which quote one character at most.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, SyntaxError> {
    // Go accepts all that the library accepts (fuzz target `json`), so only a refused text is checked by Go's rules.
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let text = json_text::check(bytes)?;
    serde_json::from_str(&text).map_err(|error| SyntaxError::Library(error.to_string()))
}

/// Marks the text of a number that is too large for the library: in a string, it is followed by the number.
const WIDE: char = '\0';

/// Reads one JSON document as [`parse`] does. A number that is too large for the library becomes a string for which
/// [`is_wide`] is true, and [`pretty_wide`] writes it as it was.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_wide(bytes: &[u8]) -> Result<Value, SyntaxError> {
    match parse(bytes) {
        Err(SyntaxError::Library(_)) => {
            parse(wide_in_strings(&json_text::check(bytes)?).as_bytes())
        }
        parsed => parsed,
    }
}

/// True for a number that is too large for the library, as [`parse_wide`] returns it.
#[must_use]
pub(crate) fn is_wide(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.strip_prefix(WIDE)
            .is_some_and(|number| !number.is_empty() && number.chars().all(is_of_number))
    })
}

/// Returns JSON as [`pretty`] does, with the numbers that [`parse_wide`] has put into strings.
#[must_use]
pub(crate) fn pretty_wide(value: &Value) -> String {
    const MARK: &str = "\"\\u0000";
    let text = Zeroizing::new(pretty(value));
    let mut written = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(MARK) {
        let (before, after) = (&rest[..at], &rest[at + MARK.len()..]);
        written.push_str(before);
        let number = after.trim_start_matches(is_of_number);
        let number = &after[..after.len() - number.len()];
        let end = after[number.len()..].strip_prefix('"');
        match end
            .filter(|end| !number.is_empty() && !before.ends_with('\\') && !end.starts_with(':'))
        {
            Some(end) => {
                written.push_str(number);
                rest = end;
            }
            None => {
                written.push_str(MARK);
                rest = after;
            }
        }
    }
    written.push_str(rest);
    written
}

/// Puts each number that is too large into a string.
fn wide_in_strings(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string_length(rest),
            c if is_of_number(c) && c != 'e' && c != 'E' => {
                rest.find(|c| !is_of_number(c)).unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        if piece.parse().is_ok_and(f64::is_infinite) {
            written.push_str(&format!("\"\\u0000{piece}\""));
        } else {
            written.push_str(piece);
        }
        rest = after;
    }
    written
}

/// Returns the length of the string at the beginning of a text, its quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')
}

/// Returns Go's word for the type of a value.
#[must_use]
pub(crate) fn type_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        wide if is_wide(wide) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes as the library does, and escapes in the whole text.
    fn pretty_by_library(value: &Value) -> String {
        escape_unseen(&escape(&serde_json::to_string_pretty(value).unwrap()))
    }

    #[test]
    fn indented_json_is_that_of_the_library() {
        let value: Value = serde_json::from_str(
            r#"{"a":[],"b":{},"c":[1,-2.5,1e300,null,true,false,{"d<":["<&>\u2028\u007f\u0001\"\\"]}],"é":18446744073709551615}"#,
        )
        .unwrap();
        assert_eq!(pretty(&value), pretty_by_library(&value));
    }

    proptest! {
        #[test]
        fn texts_are_those_of_the_library(text in any::<String>(), ascii in "[ -~\\x00-\\x1f\\x7f]{0,80}") {
            for text in [text, ascii] {
                let value = Value::from(text.as_str());
                prop_assert_eq!(pretty(&value), pretty_by_library(&value));
                let mut written = String::new();
                push_text(&mut written, &text);
                prop_assert_eq!(&written, &escape(&value.to_string()));
                prop_assert_eq!(written, compact(&value));
            }
        }
    }

    #[test]
    fn compact_len_is_the_length_of_compact() {
        for text in ["", "a: b\n", "<&>\u{2028}\u{2029}", "\"\\\u{1}ü☃"] {
            assert_eq!(
                compact_len(text),
                compact(&Value::from(text)).len(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_secret_is_written_as_any_text() {
        let all: String = ('\0'..='\u{ff}')
            .chain("\u{2028}\u{2029}部署".chars())
            .collect();
        let written = compact_secret(&all);
        assert_eq!(*written, compact(&Value::from(all)));
    }
}
