//! Sets one entry in a JSON text and keeps every other byte: numbers, order, layout, line ends, a byte order mark, and
//! the comments and trailing commas that some clients allow.

use std::ops::Range;

use serde_json::{Value, json};

/// How deeply a text may be nested.
const MAX_DEPTH: usize = 128;
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// The keys of an entry for a server that is reached at an address.
const REMOTE_KEYS: &[&str] = &["url", "serverUrl", "httpUrl"];

/// Why an entry can't be set in a text.
#[derive(Debug, thiserror::Error)]
pub(super) enum EditError {
    #[error("not JSON: {why} at line {line}, column {column}")]
    NotJson {
        why: &'static str,
        line: usize,
        column: usize,
    },
    #[error("it holds no object of MCP servers")]
    NoServers,
    #[error("the entry {0} is not an object")]
    NotAnObject(String),
    #[error(
        "its entry {name} is for a server at an address ({key}): rename or remove that entry first"
    )]
    Remote { name: String, key: &'static str },
    #[error("it has the key {0} twice")]
    TwoKeys(String),
}

/// Returns the text of a new file with this entry alone.
pub(super) fn new_document(servers: &str, name: &str, entry: &Value) -> String {
    let document = json!({servers: {name: entry}});
    format!("{}\n", Style::default().pretty(&document, ""))
}

/// Returns the text with the members of `entry` set in `servers.name`. Other members of the old entry belong to the
/// user and are kept.
///
/// # Errors
/// If the text is not JSON, or it is not clear where the entry belongs.
pub(super) fn merged(
    text: &str,
    servers: &str,
    name: &str,
    entry: &Value,
) -> Result<String, EditError> {
    let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if body.trim().is_empty() {
        return Ok(format!("{text}{}", new_document(servers, name, entry)));
    }
    let root = Scanner::new(text).document()?;
    let root = root.ok_or(EditError::NoServers)?;
    let style = Style::of(text, &root);
    let Some(list) = root.find(servers)? else {
        return Ok(style.insert(text, &root, servers, &json!({name: entry})));
    };
    let list = list.object.as_deref().ok_or(EditError::NoServers)?;
    let Some(old) = list.find(name)? else {
        return Ok(style.insert(text, list, name, entry));
    };
    let old = old
        .object
        .as_deref()
        .ok_or_else(|| EditError::NotAnObject(name.to_owned()))?;
    for key in REMOTE_KEYS {
        if old.find(key)?.is_some() {
            let name = name.to_owned();
            return Err(EditError::Remote { name, key });
        }
    }
    set(text, &style, servers, name, entry)
}

/// Sets the members one after the other. The text is read again after each, because positions change.
fn set(
    text: &str,
    style: &Style,
    servers: &str,
    name: &str,
    entry: &Value,
) -> Result<String, EditError> {
    let mut text = text.to_owned();
    for (key, value) in entry.as_object().into_iter().flatten() {
        let root = Scanner::new(&text).document()?;
        let member = |object: Object, key: &str| -> Result<Option<Object>, EditError> {
            Ok(object
                .take(key)?
                .and_then(|member| member.object)
                .map(|it| *it))
        };
        let list = root
            .map(|root| member(root, servers))
            .transpose()?
            .flatten();
        let old = list.map(|list| member(list, name)).transpose()?.flatten();
        let old = old.ok_or(EditError::NoServers)?;
        text = match old.find(key)? {
            Some(member) => style.replace(&text, &member.value, value),
            None => style.insert(&text, &old, key, value),
        };
    }
    Ok(text)
}

/// An object in the text.
struct Object {
    /// The range of its braces and what is between them.
    span: Range<usize>,
    members: Vec<Member>,
    has_trailing_comma: bool,
}

/// A key with its value, in the text.
struct Member {
    key: String,
    key_start: usize,
    value: Range<usize>,
    /// The value, if it is an object.
    object: Option<Box<Object>>,
}

impl Object {
    /// Finds the member with this key.
    ///
    /// # Errors
    /// If there are two, since clients differ in which one they take.
    fn find(&self, key: &str) -> Result<Option<&Member>, EditError> {
        let mut found = self.members.iter().filter(|member| member.key == key);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(EditError::TwoKeys(key.to_owned())),
            (first, None) => Ok(first),
        }
    }

    /// Like [`Object::find`], and takes the member out.
    fn take(mut self, key: &str) -> Result<Option<Member>, EditError> {
        self.find(key)?;
        let index = self.members.iter().position(|member| member.key == key);
        Ok(index.map(|index| self.members.swap_remove(index)))
    }
}

/// The layout of a text.
struct Style {
    /// One step of indentation.
    unit: String,
    line_end: &'static str,
    /// True if the whole object is on one line.
    is_one_line: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            unit: "  ".to_owned(),
            line_end: "\n",
            is_one_line: false,
        }
    }
}

impl Style {
    fn of(text: &str, root: &Object) -> Self {
        let indents = root.members.iter();
        let unit = indents
            .map(|member| indent(text, member.key_start))
            .find(|indent| !indent.is_empty());
        let inside = text.get(root.span.clone()).unwrap_or_default();
        Self {
            unit: unit.unwrap_or("  ").to_owned(),
            line_end: if text.contains("\r\n") { "\r\n" } else { "\n" },
            is_one_line: !inside.contains('\n') && !root.members.is_empty(),
        }
    }

    /// Writes a value on several lines. Every line except the first starts with `base`.
    fn pretty(&self, value: &Value, base: &str) -> String {
        let plain = serde_json::to_string_pretty(value).unwrap_or_default();
        let lines = plain.lines().map(|line| {
            let rest = line.trim_start();
            let depth = (line.len() - rest.len()) / 2;
            format!("{}{rest}", self.unit.repeat(depth))
        });
        let lines: Vec<String> = lines.collect();
        lines.join(&format!("{}{base}", self.line_end))
    }

    /// Replaces the value in `range`, in the layout of the old one.
    fn replace(&self, text: &str, range: &Range<usize>, value: &Value) -> String {
        let old = text.get(range.clone()).unwrap_or_default();
        if serde_json::from_str::<Value>(old).is_ok_and(|old| old == *value) {
            return text.to_owned();
        }
        let new = if old.contains('\n') {
            self.pretty(value, indent(text, range.start))
        } else {
            in_one_line(value)
        };
        splice(text, &[(range.clone(), new)])
    }

    /// Adds a member at the end of an object.
    fn insert(&self, text: &str, object: &Object, key: &str, value: &Value) -> String {
        let close = object.span.end - 1;
        let before = text.get(..close).unwrap_or(text);
        let key = Value::from(key);
        let inside = text.get(object.span.clone()).unwrap_or_default();
        let spreads = inside.contains('\n') || (object.members.is_empty() && !self.is_one_line);
        let Some(last) = object.members.last() else {
            let base = indent(text, object.span.start);
            let start = object.span.start + 1;
            if !spreads {
                let member = format!("{key}: {}", in_one_line(value));
                return splice(text, &[(start..start, member)]);
            }
            let inner = format!("{base}{}", self.unit);
            let end = &self.line_end;
            let mut member = format!("{end}{inner}{key}: {}", self.pretty(value, &inner));
            if !inside.contains('\n') {
                member.push_str(&format!("{end}{base}"));
            }
            return splice(text, &[(start..start, member)]);
        };
        // Comments stay beside the old value: the comma is put right after that value, and the new member after the
        // comments.
        let end = before.trim_end().len();
        let comma = if object.has_trailing_comma { "" } else { "," };
        let member = if spreads {
            let base = indent(text, last.key_start);
            format!("{}{base}{key}: {}", self.line_end, self.pretty(value, base))
        } else {
            format!(" {key}: {}", in_one_line(value))
        };
        splice(
            text,
            &[
                (last.value.end..last.value.end, comma.to_owned()),
                (end..end, member),
            ],
        )
    }
}

/// Writes a value on one line, with a space after each comma and colon, as people do.
fn in_one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_one_line).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| {
                    format!("{}: {}", Value::from(key.as_str()), in_one_line(value))
                })
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// Returns the white space at the start of the line that holds this position.
fn indent(text: &str, position: usize) -> &str {
    let before = text.get(..position).unwrap_or_default();
    let line = text
        .get(before.rfind('\n').map_or(0, |end| end + 1)..)
        .unwrap_or_default();
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let rest = line.trim_start_matches([' ', '\t']);
    line.get(..line.len() - rest.len()).unwrap_or_default()
}

/// Replaces parts of a text. The parts are in the order of the text and do not overlap.
fn splice(text: &str, parts: &[(Range<usize>, String)]) -> String {
    let mut spliced = String::with_capacity(text.len() + 512);
    let mut from = 0;
    for (range, new) in parts {
        spliced.push_str(text.get(from..range.start).unwrap_or_default());
        spliced.push_str(new);
        from = range.end;
    }
    spliced.push_str(text.get(from..).unwrap_or_default());
    spliced
}

/// Reads JSON for the positions of its members.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        let at = if text.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        };
        Self { text, at, depth: 0 }
    }

    /// Reads the whole text. Returns `None` if it is a value other than an object.
    fn document(mut self) -> Result<Option<Object>, EditError> {
        self.blanks()?;
        let object = self.value()?;
        self.blanks()?;
        if self.at < self.text.len() {
            return Err(self.fault("something follows the end"));
        }
        Ok(object.map(|object| *object))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn fault(&self, why: &'static str) -> EditError {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        EditError::NotJson { why, line, column }
    }

    /// Skips white space and comments.
    fn blanks(&mut self) -> Result<(), EditError> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                let end = trimmed
                    .get(2..)
                    .and_then(|inside| inside.find("*/"))
                    .ok_or_else(|| self.fault("a comment without an end"))?;
                self.at += end + 4;
            } else {
                return Ok(());
            }
        }
    }

    /// Reads a value. Returns it if it is an object.
    fn value(&mut self) -> Result<Option<Box<Object>>, EditError> {
        match self.peek() {
            Some(b'{') => self
                .deeper(Self::object)
                .map(|object| Some(Box::new(object))),
            Some(b'[') => self.deeper(Self::array).map(|()| None),
            Some(b'"') => self.string().map(|_| None),
            _ => self.word().map(|()| None),
        }
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, EditError>,
    ) -> Result<T, EditError> {
        if self.depth == MAX_DEPTH {
            return Err(self.fault("nested too deeply"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn object(&mut self) -> Result<Object, EditError> {
        let start = self.at;
        self.at += 1;
        let mut object = Object {
            span: start..start,
            members: Vec::new(),
            has_trailing_comma: false,
        };
        loop {
            self.blanks()?;
            if self.eat(b'}') {
                object.span.end = self.at;
                return Ok(object);
            }
            if !object.members.is_empty() && !object.has_trailing_comma {
                return Err(self.fault("a comma or } is missing"));
            }
            let key_start = self.at;
            let key = self.string()?;
            self.blanks()?;
            if !self.eat(b':') {
                return Err(self.fault("a colon is missing"));
            }
            self.blanks()?;
            let from = self.at;
            let inner = self.value()?;
            object.members.push(Member {
                key,
                key_start,
                value: from..self.at,
                object: inner,
            });
            self.blanks()?;
            object.has_trailing_comma = self.eat(b',');
        }
    }

    fn array(&mut self) -> Result<(), EditError> {
        self.at += 1;
        let mut may_follow = true;
        loop {
            self.blanks()?;
            if self.eat(b']') {
                return Ok(());
            }
            if !may_follow {
                return Err(self.fault("a comma or ] is missing"));
            }
            self.value()?;
            self.blanks()?;
            may_follow = self.eat(b',');
        }
    }

    fn string(&mut self) -> Result<String, EditError> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("a text in quotation marks is missing"));
        }
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
                None => return Err(self.fault("a text without an end")),
            }
        }
        let whole = self.text.get(self.at..=end).unwrap_or_default();
        let text = serde_json::from_str(whole).map_err(|_| self.fault("a damaged text"))?;
        self.at = end + 1;
        Ok(text)
    }

    /// Reads a number, or `true`, `false`, `null`.
    fn word(&mut self) -> Result<(), EditError> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        // Numbers stay as they are in the text, so their size does not matter.
        if serde_json::from_str::<serde::de::IgnoredAny>(word).is_err() {
            return Err(self.fault("a value is missing"));
        }
        self.at += end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Value {
        json!({"command": "npx", "args": ["--yes", "x"]})
    }

    fn set_in(text: &str) -> Result<String, EditError> {
        merged(text, "mcpServers", "k", &entry())
    }

    #[test]
    fn every_other_byte_stays() {
        for (before, after) in [
            (
                "{}",
                "{\n  \"mcpServers\": {\n    \"k\": {\n      \"command\": \"npx\",\n      \"args\": [\n        \"--yes\",\n        \"x\"\n      ]\n    }\n  }\n}",
            ),
            (
                "{\"mcpServers\":{\"a\":{\"n\":1e5}},\"z\":12345678901234567890123}",
                "{\"mcpServers\":{\"a\":{\"n\":1e5}, \"k\": {\"command\": \"npx\", \"args\": [\"--yes\", \"x\"]}},\"z\":12345678901234567890123}",
            ),
            (
                "\u{feff}{\r\n\t\"b\": 1.0 // one\r\n}\r\n",
                "\u{feff}{\r\n\t\"b\": 1.0, // one\r\n\t\"mcpServers\": {\r\n\t\t\"k\": {\r\n\t\t\t\"command\": \"npx\",\r\n\t\t\t\"args\": [\r\n\t\t\t\t\"--yes\",\r\n\t\t\t\t\"x\"\r\n\t\t\t]\r\n\t\t}\r\n\t}\r\n}\r\n",
            ),
            (
                "{\"mcpServers\": {\"k\": {\"env\": {\"A\": \"1\"}, \"args\": [ ], /* mine */ \"command\": \"old\", \"disabled\": true,}}}",
                "{\"mcpServers\": {\"k\": {\"env\": {\"A\": \"1\"}, \"args\": [\"--yes\", \"x\"], /* mine */ \"command\": \"npx\", \"disabled\": true,}}}",
            ),
            (
                "{\"mcpServers\": {\"k\": {\"args\":[\"--yes\",\"x\"],\"command\":\"npx\"}}}",
                "{\"mcpServers\": {\"k\": {\"args\":[\"--yes\",\"x\"],\"command\":\"npx\"}}}",
            ),
            (
                "{\"mcpServers\": {}}",
                "{\"mcpServers\": {\"k\": {\"command\": \"npx\", \"args\": [\"--yes\", \"x\"]}}}",
            ),
        ] {
            let done = set_in(before).unwrap();
            assert_eq!(done, after);
            assert_eq!(set_in(&done).unwrap(), done, "twice is once");
        }
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        for (text, why) in [
            ("[]", "no object of MCP servers"),
            ("{\"mcpServers\": 1}", "no object of MCP servers"),
            ("{\"mcpServers\": {\"k\": 1}}", "is not an object"),
            ("{\"mcpServers\": {}, \"mcpServers\": {}}", "twice"),
            (
                "{\"mcpServers\": {\"k\": {\"url\": \"http://x\"}}}",
                "at an address",
            ),
            ("{\"a\": }", "line 1, column 7"),
            ("{\"a\": 1} x", "follows the end"),
            ("{\"a\": 1 \"b\": 2}", "comma"),
            ("{\"a\": 01}", "value"),
            ("{\"a\": \"", "without an end"),
            ("{'a': 1}", "quotation marks"),
            (&"[".repeat(500), "too deeply"),
        ] {
            let refused = set_in(text).unwrap_err().to_string();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
