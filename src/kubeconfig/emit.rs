//! Writes a kubeconfig as YAML that every reader reads the same way: a text that a YAML 1.1 or 1.2 reader could read as
//! a number, a bool or null is quoted, and extensions are JSON on one line.

use super::scalar::{self, Scalar};
use super::tree::{NodeId, NodeValue, Span, Tree};
use super::wiped::WipedText;

/// The size of the largest document that is written, in bytes.
const MAX_OUTPUT: usize = 4 << 20;

/// Longer keys need the explicit form (`? key`): readers search for the `:` of a key in 1,024 characters only.
const LONGEST_SIMPLE_KEY: usize = 1000;

/// The output is larger than [`MAX_OUTPUT`]. Only aliases can expand a text that much.
#[derive(Debug)]
pub(super) struct TooLarge;

/// A block-style YAML writer.
pub(super) struct Emitter {
    out: WipedText,
    indent: usize,
    /// The next line starts with `- `.
    dash: bool,
    overflow: bool,
}

impl Emitter {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            out: WipedText::with_capacity(capacity),
            indent: 0,
            dash: false,
            overflow: false,
        }
    }

    pub(super) fn finish(self) -> Result<WipedText, TooLarge> {
        if self.overflow {
            return Err(TooLarge);
        }
        Ok(self.out)
    }

    fn push(&mut self, text: &str) {
        if self.out.len() + text.len() > MAX_OUTPUT {
            self.overflow = true;
        } else {
            self.out.push_str(text);
        }
    }

    fn start_line(&mut self) {
        let dash = std::mem::take(&mut self.dash);
        let spaces = self.indent - if dash { 2 } else { 0 };
        for _ in 0..spaces {
            self.push(" ");
        }
        if dash {
            self.push("- ");
        }
    }

    fn start_key(&mut self, key: &str) {
        self.start_line();
        if key.len() > LONGEST_SIMPLE_KEY {
            self.push("? ");
            self.scalar(key);
            self.push("\n");
            self.start_line();
        } else {
            self.scalar(key);
        }
        self.push(":");
    }

    /// Writes `key: text`.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.start_key(key);
        self.push(" ");
        self.scalar(text);
        self.push("\n");
    }

    /// Writes `key: text`, unless the text is empty.
    pub(super) fn text_if(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.text(key, text);
        }
    }

    /// Writes `key: true` if the value is true.
    pub(super) fn true_if(&mut self, key: &str, value: bool) {
        if value {
            self.start_key(key);
            self.push(" true\n");
        }
    }

    /// Writes `key:` and a map below it.
    pub(super) fn map(&mut self, key: &str, body: impl FnOnce(&mut Self)) {
        self.block(key, "{}", |emitter| {
            emitter.indent += 2;
            body(emitter);
            emitter.indent -= 2;
        });
    }

    /// Writes `key:` and a list below it; `body` writes each item as a map.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut body: impl FnMut(&mut Self, T),
    ) {
        self.block(key, "[]", |emitter| {
            emitter.indent += 2;
            for item in items {
                if emitter.overflow {
                    break;
                }
                emitter.dash = true;
                body(emitter, item);
            }
            emitter.indent -= 2;
        });
    }

    /// Writes `key:` and a list of texts below it, unless there are none.
    pub(super) fn texts_if<'t>(&mut self, key: &str, texts: impl IntoIterator<Item = &'t str>) {
        let mut texts = texts.into_iter().peekable();
        if texts.peek().is_none() {
            return;
        }
        self.list(key, texts, Self::item);
    }

    /// Writes a text as a list item.
    pub(super) fn item(&mut self, text: &str) {
        self.start_line();
        self.scalar(text);
        self.push("\n");
    }

    fn block(&mut self, key: &str, empty: &str, body: impl FnOnce(&mut Self)) {
        self.start_key(key);
        let before = self.out.len();
        self.push("\n");
        let body_start = self.out.len();
        body(self);
        if self.out.len() == body_start && before < body_start {
            // The body wrote nothing, so the value is written on the line of the key.
            self.dash = false;
            self.out.pop();
            self.push(" ");
            self.push(empty);
            self.push("\n");
        }
    }

    /// Writes `key:` and any value as JSON.
    pub(super) fn json(&mut self, key: &str, value: Option<(&Tree, NodeId)>) {
        self.start_key(key);
        self.push(" ");
        match value {
            Some((tree, id)) => self.json_value(tree, id),
            None => self.push("null"),
        }
        self.push("\n");
    }

    fn json_value(&mut self, tree: &Tree, id: NodeId) {
        let mut steps = vec![Step::Value(id)];
        while let Some(step) = steps.pop() {
            if self.overflow {
                return;
            }
            let id = match step {
                Step::Text(text) => {
                    self.push(text);
                    continue;
                }
                Step::Key(key) => {
                    let key = tree.text(key);
                    let long = key.len() > LONGEST_SIMPLE_KEY;
                    self.push(if long { "? " } else { "" });
                    self.quoted(key);
                    self.push(if long { " : " } else { ": " });
                    continue;
                }
                Step::Value(id) => id,
            };
            match tree.value(id) {
                NodeValue::Null => self.push("null"),
                NodeValue::Bool(value) => self.push(if value { "true" } else { "false" }),
                NodeValue::Int(n) => self.push(&n.to_string()),
                NodeValue::Uint(n) => self.push(&n.to_string()),
                NodeValue::Float(x) => self.push(&json_float(x)),
                NodeValue::Text(span) => self.quoted(tree.text(span)),
                NodeValue::List(run) => {
                    steps.push(Step::Text("]"));
                    for (n, &item) in tree.items(run).iter().enumerate().rev() {
                        steps.push(Step::Value(item));
                        if n > 0 {
                            steps.push(Step::Text(", "));
                        }
                    }
                    self.push("[");
                }
                NodeValue::Map(run) => {
                    steps.push(Step::Text("}"));
                    for (n, entry) in tree.entries(run).iter().enumerate().rev() {
                        steps.push(Step::Value(entry.value));
                        steps.push(Step::Key(entry.key));
                        if n > 0 {
                            steps.push(Step::Text(", "));
                        }
                    }
                    self.push("{");
                }
            }
        }
    }

    fn scalar(&mut self, text: &str) {
        if is_plain(text) {
            self.push(text);
        } else {
            self.quoted(text);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.push("\"");
        let mut rest = text;
        while let Some(at) = rest.find(needs_escape) {
            self.push(&rest[..at]);
            let Some(ch) = rest[at..].chars().next() else {
                break;
            };
            match ch {
                '"' => self.push("\\\""),
                '\\' => self.push("\\\\"),
                '\n' => self.push("\\n"),
                '\t' => self.push("\\t"),
                '\r' => self.push("\\r"),
                // All of these are in Unicode's basic plane.
                other => self.push(&format!("\\u{:04X}", u32::from(other))),
            }
            rest = &rest[at + ch.len_utf8()..];
        }
        self.push(rest);
        self.push("\"");
    }
}

enum Step {
    Value(NodeId),
    Key(Span),
    Text(&'static str),
}

/// Returns true for a character that YAML does not allow as it is, or reads as a line break or a byte order mark.
fn needs_escape(ch: char) -> bool {
    matches!(
        ch,
        '"' | '\\' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'
    ) || ch.is_control()
}

/// Returns true if every YAML reader reads the text without quotes as the same text.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity",
    ];
    let first = text.bytes().next();
    first.is_some_and(|b| b.is_ascii_alphabetic() || b == b'/')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_./@+=:~%".contains(&b))
        && !text.ends_with(':')
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
        && scalar::resolve("", text) == Ok(Scalar::Text)
}

/// Formats a float with a point or an exponent, so that it is read as a float again.
fn json_float(x: f64) -> String {
    if x.abs() >= 1e21 || (x != 0.0 && x.abs() < 1e-6) {
        let text = format!("{x:e}");
        return text.replace('e', if text.contains("e-") { "e" } else { "e+" });
    }
    format!("{x:?}")
}
