//! One entry of a session's messages: from a stored message or from an event of a run.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;
use serde_json::Value;

use super::shown;
use crate::api;

/// The longest text of an entry, in bytes.
const LONGEST: usize = 256 << 10;
/// The longest payload of an entry, in characters.
const RAW: usize = 64 << 10;
/// The longest kind of an entry, in characters.
const KIND: usize = 64;
/// The end of a text of which no more is kept.
const CUT: &str = "\n… (the rest is not kept)";
/// The longest text in the short form, in characters.
const SHORT: usize = 120;

/// The kind of a message that repeats the whole conversation.
pub(super) const SNAPSHOT: &str = "MESSAGES_SNAPSHOT";

/// One of the two panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focus {
    Talk,
    Activity,
}

/// An entry of the conversation or of the activity. Each of its texts has a limit, whatever a server sends.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    /// The entry's own number, which no other entry of the page has.
    pub number: u64,
    pub kind: String,
    /// The text, safe to show, with its line ends.
    pub text: String,
    pub payload: String,
    pub at: Option<Timestamp>,
    /// True while its text still grows.
    pub is_live: bool,
    /// The message in the events of a run, see [`message_of`].
    pub message: Option<u64>,
    /// The number of a stored message.
    pub seq: Option<i64>,
    /// True if the text matches what is searched for.
    pub is_found: bool,
    /// The digest of the text without the white space around it; `None` after the text has grown. One event may compare
    /// thousands of texts with thousands of others.
    pub digest: Option<u64>,
}

/// How entries are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub width: usize,
    pub is_raw: bool,
    pub is_pretty: bool,
    pub time: Time,
}

/// The form of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Off,
    Relative,
    Absolute,
}

/// A line of an entry: the same gutter for each, and the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub gutter: String,
    pub text: String,
    /// True inside a block of code.
    pub is_code: bool,
    pub is_heading: bool,
}

impl Entry {
    /// Returns an entry with a text that [`limited`] has returned.
    #[must_use]
    pub(super) fn new(number: u64, kind: &str, text: String, payload: &str) -> Self {
        let mut entry = Self {
            number,
            kind: kind.chars().take(KIND).collect(),
            text,
            payload: kept(payload),
            ..Self::default()
        };
        entry.settle();
        entry
    }

    /// Returns the bytes of its texts.
    #[must_use]
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.payload.len() + self.kind.len()
    }

    /// Adds text to an entry that grows.
    pub(super) fn grow(&mut self, delta: &str) {
        add(&mut self.text, &limited(delta));
        self.digest = None;
    }

    /// Computes the digest of a text that has grown.
    pub(super) fn settle(&mut self) {
        self.digest.get_or_insert_with(|| digest(self.text.trim()));
    }

    /// Ends an entry that grows.
    pub(super) fn end(&mut self) {
        self.is_live = false;
        self.payload = kept(&self.text);
        self.settle();
    }

    /// Returns the entry as lines of the window. All have the same gutter, and none is wider than the window.
    #[must_use]
    pub(super) fn rows(&self, look: Look, now: Timestamp) -> Vec<Row> {
        let gutter = gutter(look.width);
        let time = self.time(look.time, now);
        let time_width = match look.time {
            Time::Off => 0,
            Time::Relative => 5,
            Time::Absolute => 9,
        };
        let room = look.width.saturating_sub(gutter + time_width).max(8);
        let tag = shown::cut(&format!("[{}]", shown::line(&self.kind)), gutter - 1);
        let first = format!(
            "{}{}",
            shown::fit(&time, time_width),
            shown::fit(&tag, gutter)
        );
        let other = " ".repeat(gutter + time_width);
        let mut rows: Vec<Row> = Vec::new();
        let mut is_code = false;
        let text = if look.is_raw {
            self.raw()
        } else {
            self.text.clone()
        };
        let lines: Vec<String> = if look.is_pretty || look.is_raw || self.is_live {
            text.lines().map(str::to_owned).collect()
        } else {
            vec![short(&text, self.is_short())]
        };
        for line in lines {
            let is_fence = look.is_pretty && line.trim_start().starts_with("```");
            let is_heading = look.is_pretty && !is_code && line.starts_with('#');
            for text in shown::wrap(&line, room) {
                rows.push(Row {
                    gutter: other.clone(),
                    text,
                    is_code: is_code || is_fence,
                    is_heading,
                });
            }
            is_code ^= is_fence;
        }
        if rows.is_empty() {
            rows.push(Row {
                gutter: other,
                text: String::new(),
                is_code: false,
                is_heading: false,
            });
        }
        rows[0].gutter = first;
        if self.is_live
            && let Some(last) = rows.last_mut()
        {
            last.text.push('▌');
        }
        rows
    }

    /// True for the kinds whose text is cut in the short form.
    fn is_short(&self) -> bool {
        ["user", "assistant", "reasoning", "system", "error"].contains(&self.kind.as_str())
            && !self.is_live
    }

    fn raw(&self) -> String {
        let raw = serde_json::json!({
            "seq": self.seq, "event_type": self.kind, "payload": self.payload,
            "timestamp": self.at.map(|at| at.to_string()),
        });
        shown::line(&raw.to_string())
    }

    fn time(&self, form: Time, now: Timestamp) -> String {
        let Some(at) = self.at else {
            return String::new();
        };
        match form {
            Time::Off => String::new(),
            Time::Relative => crate::output::age::span(now.as_second() - at.as_second()),
            Time::Absolute => {
                let zone = jiff::tz::TimeZone::system();
                zone.to_datetime(at).strftime("%H:%M:%S").to_string()
            }
        }
    }
}

/// Adds to a text that grows, up to a limit; the end then says that there was more.
pub(super) fn add(text: &mut String, delta: &str) {
    // Only a text that was cut is longer.
    if text.len() > LONGEST {
        return;
    }
    let end = delta.floor_char_boundary(LONGEST - text.len());
    text.push_str(&delta[..end]);
    if end < delta.len() {
        text.push_str(CUT);
    }
}

/// Returns a text as entries show it. Its length is limited before it is read, and again with its escapes.
#[must_use]
pub(super) fn limited(text: &str) -> String {
    let (mut raw, mut shown) = (String::new(), String::new());
    add(&mut raw, text);
    add(&mut shown, &shown::lines(&raw).join("\n"));
    shown
}

/// Returns a number that stands for a text of any length. Others can find two texts with one number: this only decides
/// which texts of one server are shown once.
#[must_use]
pub(super) fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Returns what stands for the ID of a message, which may be of any length; `None` without an ID.
#[must_use]
pub(super) fn message_of(id: &str) -> Option<u64> {
    (!id.is_empty()).then(|| digest(id))
}

/// Returns a payload up to a limit; the end then says that there was more.
#[must_use]
pub(super) fn kept(payload: &str) -> String {
    match payload.char_indices().nth(RAW) {
        Some((end, _)) => format!("{}{CUT}", &payload[..end]),
        None => payload.to_owned(),
    }
}

/// Returns the width of the tags, which is the same for all lines of a pane.
#[must_use]
pub(super) fn gutter(width: usize) -> usize {
    if width >= 76 { 20 } else { 13 }
}

/// Folds a text into one line, and cuts it.
fn short(text: &str, is_cut: bool) -> String {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match folded.char_indices().nth(SHORT) {
        Some((end, _)) if is_cut => format!("{}…", &folded[..end]),
        _ => folded,
    }
}

/// Returns the pane in which events of a kind are shown; `None` if they are not.
#[must_use]
pub(super) fn pane_of(kind: &str) -> Option<Focus> {
    const STARTS: &[&str] = &["RUN_", "STEP_", "TOOL_CALL_", "REASONING_", "TEXT_MESSAGE_"];
    match kind {
        "user" | "assistant" | "system" | "error" => Some(Focus::Talk),
        "tool_use" | "tool_result" | "reasoning" | "lifecycle" | "log" => Some(Focus::Activity),
        "STEP_FINISHED" => None,
        _ if kind.ends_with("_END") => None,
        _ if STARTS.iter().any(|start| kind.starts_with(start)) => Some(Focus::Activity),
        _ => None,
    }
}

/// Reads a payload that may be JSON. One that would take too much memory stays a text.
#[must_use]
pub(super) fn json_of(payload: &str) -> Option<Value> {
    api::check_weight(payload.as_bytes()).ok()?;
    serde_json::from_str(payload).ok()
}

/// Returns the text of an event, by its kind; `None` if it shows nothing. `json` is the payload if that is JSON.
#[must_use]
pub(super) fn text_of(kind: &str, payload: &str, json: Option<&Value>) -> Option<String> {
    let object = json.filter(|it| it.is_object());
    let field = |names: &[&str]| {
        let object = object?;
        let found = names.iter().find_map(|name| object.get(*name));
        found.map(plain).filter(|text| !text.is_empty())
    };
    let text = match kind {
        "tool_use" => {
            let name = field(&["name", "tool"]).unwrap_or_default();
            let input = field(&["input"]).unwrap_or_default();
            match format!("{name} {}", shown::cut(&input, 80)).trim() {
                // A runner may store the call in words of its own.
                "" => payload.to_owned(),
                call => call.to_owned(),
            }
        }
        "tool_result" => {
            let is_error = object.and_then(|it| it.get("is_error")) == Some(&Value::Bool(true));
            let content = field(&["content", "output"]);
            let content = content.unwrap_or_else(|| payload.to_owned());
            let mark = if is_error { '✗' } else { '✓' };
            format!("{mark} {} bytes\n{content}", content.len())
        }
        "error" | "RUN_ERROR" => {
            let unknown = if kind == "error" {
                "unknown error"
            } else {
                "error"
            };
            let own = (object.is_none() && !payload.is_empty()).then(|| payload.to_owned());
            let message = field(&["message", "error"]).or(own);
            format!("✗ {}", message.as_deref().unwrap_or(unknown))
        }
        "RUN_STARTED" => match field(&["threadId", "thread_id"]) {
            Some(thread) => format!("run started (thread {thread})"),
            None => "run started".to_owned(),
        },
        "RUN_FINISHED" => "[done]".to_owned(),
        "STEP_STARTED" => format!("step: {}", field(&["stepName", "step_name"])?),
        "TOOL_CALL_START" => {
            let names = ["tool_call_name", "tool_name", "toolCallName"];
            format!("⚙ {}", field(&names).unwrap_or_else(|| "tool".to_owned()))
        }
        "TOOL_CALL_RESULT" => field(&["content"])?,
        _ if kind.contains("_MESSAGE_") || kind.starts_with("REASONING_") => {
            field(&["delta"]).filter(|text| !text.trim().is_empty())?
        }
        _ => conversation(json).unwrap_or_else(|| match json {
            Some(Value::String(text)) => text.clone(),
            _ => payload.to_owned(),
        }),
    };
    Some(limited(&text))
}

/// Returns the text of a payload that holds messages or blocks of text.
fn conversation(json: Option<&Value>) -> Option<String> {
    let object = json?.as_object()?;
    if let Some(messages) = object.get("messages").and_then(Value::as_array) {
        let texts = messages.iter().filter_map(|it| content(it.get("content")?));
        return Some(texts.collect::<Vec<_>>().join("\n\n"));
    }
    content(object.get("content").or_else(|| object.get("text"))?)
}

/// Returns the text of a message's content: itself, or its blocks of text.
#[must_use]
pub(super) fn content(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(blocks) => {
            let texts = blocks
                .iter()
                .filter_map(|block| block.get("text")?.as_str());
            Some(texts.collect::<Vec<_>>().join("\n\n")).filter(|text| !text.is_empty())
        }
        _ => None,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => content(other).unwrap_or_else(|| other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_in_words() {
        for (kind, payload, text) in [
            ("user", "hello", Some("hello")),
            ("user", "\"hello\"", Some("hello")),
            (
                "tool_use",
                r#"{"name":"Bash","input":{"a":1}}"#,
                Some(r#"Bash {"a":1}"#),
            ),
            ("tool_use", "ran the tests", Some("ran the tests")),
            (
                "tool_result",
                r#"{"content":"ok","is_error":true}"#,
                Some("✗ 2 bytes\nok"),
            ),
            ("error", "{}", Some("✗ unknown error")),
            ("RUN_ERROR", r#"{"message":"boom"}"#, Some("✗ boom")),
            (
                "RUN_STARTED",
                r#"{"threadId":"t"}"#,
                Some("run started (thread t)"),
            ),
            (
                "TOOL_CALL_START",
                r#"{"toolCallName":"Bash"}"#,
                Some("⚙ Bash"),
            ),
            (
                "assistant",
                r#"{"content":[{"text":"a"},{"text":"b"}]}"#,
                Some("a\n\nb"),
            ),
            ("system", "red \x1b[31m", Some("red \\x1b[31m")),
        ] {
            let json = json_of(payload);
            let told = text_of(kind, payload, json.as_ref());
            assert_eq!(told.as_deref(), text, "{kind} {payload}");
        }
    }

    #[test]
    fn events_have_one_pane_or_none() {
        for (kind, pane) in [
            ("assistant", Some(Focus::Talk)),
            ("TOOL_CALL_RESULT", Some(Focus::Activity)),
            ("TOOL_CALL_END", None),
            ("STEP_FINISHED", None),
            ("STATE_DELTA", None),
            (SNAPSHOT, None),
        ] {
            assert_eq!(pane_of(kind), pane, "{kind}");
        }
    }

    #[test]
    fn every_text_of_an_entry_has_a_limit() {
        let long = "\u{e0041}é\r\n".repeat(1 << 20);
        let text = text_of("user", &long, None).unwrap();
        let entry = Entry::new(1, &long, text, &long);
        assert!(entry.text.ends_with(CUT) && entry.payload.ends_with(CUT));
        assert!(entry.bytes() < 3 * LONGEST, "{}", entry.bytes());
        let mut entry = Entry::new(1, "assistant", String::new(), "");
        entry.grow(&long);
        entry.grow(&long);
        assert!(entry.text.ends_with(CUT) && entry.bytes() < 2 * LONGEST);
    }
}
