//! JSON as the Go tool writes it: two-space indent, `<`, `>`, `&` and the line separators escaped
//! (docs/interface/cli-core.md section 5.3, docs/interface/cli-resources.md section 1.6).

use serde_json::Value;
use zeroize::Zeroizing;

use super::json_text::{self, SyntaxError};
use crate::text::seen::is_unseen;

/// Returns compact JSON for a request body.
#[must_use]
pub(crate) fn compact(value: &Value) -> String {
    escape(&serde_json::to_string(value).unwrap_or_default())
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
    text.push('"');
    for c in secret.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// Returns indented JSON for standard output, without the final newline. Characters that a reader would not see are escaped.
#[must_use]
pub(crate) fn pretty(value: &Value) -> String {
    escape_unseen(&escape(
        &serde_json::to_string_pretty(value).unwrap_or_default(),
    ))
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
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Escapes `<`, `>`, `&`, U+2028 and U+2029. They occur only inside JSON strings, so the whole text can be replaced at once.
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

/// Returns Go's word for the type of a value.
#[must_use]
pub(crate) fn type_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
