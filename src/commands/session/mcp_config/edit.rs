//! Sets one entry in a JSON text and leaves every other byte as it is: numbers, order, layout, line ends, a byte
//! order mark, and the comments and trailing commas that some clients allow.

use std::ops::Range;

use serde_json::{Value, json};

/// How deep a text may be nested.
const DEEPEST: usize = 128;
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// What belongs to a server that is reached at an address.
const REMOTE: &[&str] = &["url", "serverUrl", "httpUrl"];

/// The text of a file that holds nothing else.
pub fn new_document(servers: &str, name: &str, entry: &Value) -> String {
    let document = json!({servers: {name: entry}});
    format!("{}\n", Style::default().pretty(&document, ""))
}

/// The text with these members of `servers.name`; what else the entry holds is the user's.
///
/// # Errors
/// In words, why nothing can be set there.
pub fn merged(text: &str, servers: &str, name: &str, entry: &Value) -> Result<String, String> {
    let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if body.trim().is_empty() {
        return Ok(format!("{text}{}", new_document(servers, name, entry)));
    }
    let shape = "it holds no object of MCP servers";
    let root = Scanner::new(text).document()?.ok_or(shape)?;
    let style = Style::of(text, &root);
    let Some(list) = root.find(servers)? else {
        return style.insert(text, &root, servers, &json!({name: entry}));
    };
    let list = list.object.as_deref().ok_or(shape)?;
    let Some(old) = list.find(name)? else {
        return style.insert(text, list, name, entry);
    };
    let old = old
        .object
        .as_deref()
        .ok_or_else(|| format!("the entry {name} is not an object"))?;
    for key in REMOTE {
        if old.find(key)?.is_some() {
            return Err(format!(
                "its entry {name} is for a server at an address ({key}): rename or remove that entry first"
            ));
        }
    }
    set(text, &style, servers, name, entry)
}

/// Sets the members one after the other; the text is read again after each, so that no place is out of date.
fn set(
    text: &str,
    style: &Style,
    servers: &str,
    name: &str,
    entry: &Value,
) -> Result<String, String> {
    let mut text = text.to_owned();
    for (key, value) in entry.as_object().into_iter().flatten() {
        let root = Scanner::new(&text).document()?;
        let member = |object: Object, key: &str| -> Result<Option<Object>, String> {
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
        let old = old.ok_or("it holds no object of MCP servers")?;
        text = match old.find(key)? {
            Some(member) => style.replace(&text, &member.value, value),
            None => style.insert(&text, &old, key, value)?,
        };
    }
    Ok(text)
}

/// An object in the text.
struct Object {
    /// Of its braces.
    span: Range<usize>,
    members: Vec<Member>,
    has_trailing_comma: bool,
}

struct Member {
    key: String,
    key_start: usize,
    value: Range<usize>,
    object: Option<Box<Object>>,
}

impl Object {
    /// # Errors
    /// Where there are two of this key: nobody knows which one a client takes.
    fn find(&self, key: &str) -> Result<Option<&Member>, String> {
        let mut found = self.members.iter().filter(|member| member.key == key);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(format!("it has the key {key} twice")),
            (first, None) => Ok(first),
        }
    }

    fn take(mut self, key: &str) -> Result<Option<Member>, String> {
        self.find(key)?;
        let place = self.members.iter().position(|member| member.key == key);
        Ok(place.map(|place| self.members.swap_remove(place)))
    }
}

/// The layout of a text.
struct Style {
    /// One step of indentation.
    unit: String,
    line_end: &'static str,
    /// Nothing is on a line of its own.
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

    /// A value over several lines; all but the first start with `base`.
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

    /// Puts a value in the place of another, in the other's form.
    fn replace(&self, text: &str, place: &Range<usize>, value: &Value) -> String {
        let old = text.get(place.clone()).unwrap_or_default();
        if serde_json::from_str::<Value>(old).is_ok_and(|old| old == *value) {
            return text.to_owned();
        }
        let new = if old.contains('\n') {
            self.pretty(value, indent(text, place.start))
        } else {
            in_one_line(value)
        };
        splice(text, &[(place.clone(), new)])
    }

    /// Adds a member at the end of an object.
    fn insert(
        &self,
        text: &str,
        object: &Object,
        key: &str,
        value: &Value,
    ) -> Result<String, String> {
        let close = object.span.end - 1;
        let before = text.get(..close).ok_or("it changed while it was read")?;
        let key = Value::from(key);
        let inside = text.get(object.span.clone()).unwrap_or_default();
        let spreads = inside.contains('\n') || (object.members.is_empty() && !self.is_one_line);
        let Some(last) = object.members.last() else {
            let base = indent(text, object.span.start);
            let start = object.span.start + 1;
            if !spreads {
                let member = format!("{key}: {}", in_one_line(value));
                return Ok(splice(text, &[(start..start, member)]));
            }
            let inner = format!("{base}{}", self.unit);
            let end = &self.line_end;
            let mut member = format!("{end}{inner}{key}: {}", self.pretty(value, &inner));
            if !inside.contains('\n') {
                member.push_str(&format!("{end}{base}"));
            }
            return Ok(splice(text, &[(start..start, member)]));
        };
        // Comments stay with what they stand beside: the comma goes to the last value, the member behind them.
        let end = before.trim_end().len();
        let comma = if object.has_trailing_comma { "" } else { "," };
        let member = if spreads {
            let base = indent(text, last.key_start);
            format!("{}{base}{key}: {}", self.line_end, self.pretty(value, base))
        } else {
            format!(" {key}: {}", in_one_line(value))
        };
        Ok(splice(
            text,
            &[
                (last.value.end..last.value.end, comma.to_owned()),
                (end..end, member),
            ],
        ))
    }
}

/// A value as people write short ones: a blank after each comma and colon.
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

/// The blanks that the line of a place starts with.
fn indent(text: &str, place: usize) -> &str {
    let before = text.get(..place).unwrap_or_default();
    let line = text
        .get(before.rfind('\n').map_or(0, |end| end + 1)..)
        .unwrap_or_default();
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let rest = line.trim_start_matches([' ', '\t']);
    line.get(..line.len() - rest.len()).unwrap_or_default()
}

/// Replaces parts of a text, given in their order.
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

/// Reads JSON for the places of its members.
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

    /// The whole text; `None` if it is some other value than an object.
    fn document(mut self) -> Result<Option<Object>, String> {
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

    fn fault(&self, why: &str) -> String {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        format!("not JSON: {why} at line {line}, column {column}")
    }

    /// Blanks and comments.
    fn blanks(&mut self) -> Result<(), String> {
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

    fn value(&mut self) -> Result<Option<Box<Object>>, String> {
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
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        if self.depth == DEEPEST {
            return Err(self.fault("nested too deeply"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn object(&mut self) -> Result<Object, String> {
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

    fn array(&mut self) -> Result<(), String> {
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

    fn string(&mut self) -> Result<String, String> {
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

    /// A number, or `true`, `false`, `null`.
    fn word(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        // Numbers of any size are kept, so only their form counts.
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

    fn set_in(text: &str) -> Result<String, String> {
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
            let refused = set_in(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
