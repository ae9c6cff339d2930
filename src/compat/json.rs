//! JSON as the Go tool writes it: two-space indent, `<`, `>`, `&` and the line separators escaped
//! (contract cli-core.md section 5.3, cli-resources.md section 1.6).

use serde_json::Value;
use zeroize::Zeroizing;

use super::json_text;
use crate::text::seen::is_unseen;

/// Compact JSON for a request body.
#[must_use]
pub fn compact(value: &Value) -> String {
    escape(&serde_json::to_string(value).unwrap_or_default())
}

/// Writes a secret as a compact JSON string, into one buffer that is wiped. The buffer never grows, since growing would
/// leave a copy of the secret behind.
#[must_use]
pub fn compact_secret(secret: &str) -> Zeroizing<String> {
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
        match c {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Returns Go's word for the type of a JSON value.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
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
    fn a_secret_is_written_as_any_text() {
        let all: String = ('\0'..='\u{ff}')
            .chain("\u{2028}\u{2029}部署".chars())
            .collect();
        let written = compact_secret(&all);
        assert_eq!(*written, compact(&Value::from(all)));
    }
}
