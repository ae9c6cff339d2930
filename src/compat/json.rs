//! JSON as the Go tool writes it: two-space indent, `<`, `>`, `&` and the line separators escaped
//! (contract cli-core.md section 5.3, cli-resources.md section 1.6).

use serde_json::Value;

use super::json_text;
use crate::text::seen::is_unseen;

/// Compact JSON for a request body.
#[must_use]
pub fn compact(value: &Value) -> String {
    escape(&serde_json::to_string(value).unwrap_or_default())
}

/// Returns the length of a text as compact JSON, without making a copy: it may be a secret.
#[must_use]
pub fn compact_len(text: &str) -> usize {
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

/// Indented JSON for standard output, without the final newline. What a reader would not see is escaped.
#[must_use]
pub fn pretty(value: &Value) -> String {
    escape_unseen(&escape(
        &serde_json::to_string_pretty(value).unwrap_or_default(),
    ))
}

/// JSON that somebody else wrote, for standard output.
#[must_use]
pub fn shown(json: &str) -> String {
    escape_unseen(json)
        .chars()
        // There are none but line ends and tabs in JSON; what came may not be JSON, though.
        .map(|c| match c {
            '\n' => c,
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

/// Escapes what a reader would not see; such characters occur only inside strings.
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

/// `<`, `>`, `&`, U+2028, U+2029 occur only inside JSON strings, so the text can be replaced as a whole.
#[must_use]
pub fn escape(json: &str) -> String {
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

/// Reads one JSON document. Of a repeated key the last wins.
///
/// # Errors
/// Why the text is not JSON, in Go's words, which quote one character at most.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    // What the library takes is JSON to Go too (fuzz target `json`); the second look is for what it refuses.
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let text = json_text::check(bytes)?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
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
}
