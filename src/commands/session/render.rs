//! Renders live events as text (docs/interface/cli-resources.md section 3.5).
//!
//! The text of a model or a tool is data: control characters in it never reach the terminal.

use std::collections::VecDeque;

use serde_json::Value;

use crate::text::color;
use crate::text::seen::is_unseen;
use crate::text::visible;

/// Colors by meaning. The signs at the start of lines carry the same meaning without color.
const RUN: &str = "1;38;5;28";
const STEP: &str = "1;38;5;134";
const THINKING: &str = "1;38;5;240";
const THOUGHT: &str = "3;38;5;240";
const TOOL: &str = "1;38;5;36";
const PREVIEW: &str = "38;5;240";
const ERROR: &str = "1;38;5;196";

/// An event is left out, as in the Go tool, if one of these fields is not a text.
const TEXT_FIELDS: &[&str] = &[
    "type",
    "stepName",
    "delta",
    "toolCallName",
    "content",
    "message",
];

/// How much of a thought is kept until it is shown, in bytes.
const MAX_THOUGHT: usize = 1 << 20;
/// How many tool calls may wait for their results.
const MAX_CALLS: usize = 64;
/// How many lines of a tool's result are shown.
const PREVIEW_LINES: usize = 3;

/// Turns events into text. The text of one line may come in several events.
pub(super) struct Renderer {
    colored: bool,
    thought: String,
    line: OpenLine,
    /// Line ends of the model's text that are not written yet. How many of them to keep depends on what follows.
    pending: usize,
    /// The ID and the name of each call without a result.
    calls: VecDeque<(String, String)>,
}

/// The content of the current, unfinished line.
enum OpenLine {
    Nothing,
    /// Text of the model.
    Text,
    /// The name of a tool that waits for the result of the call with this ID.
    Tool(String),
}

impl Renderer {
    pub(super) fn new(colored: bool) -> Self {
        Self {
            colored,
            thought: String::new(),
            line: OpenLine::Nothing,
            pending: 0,
            calls: VecDeque::new(),
        }
    }

    /// Returns the text of one event; an empty text if the event is not of a known form.
    pub(super) fn event(&mut self, data: &str) -> String {
        let Ok(event) = serde_json::from_str::<Value>(data) else {
            return String::new();
        };
        let fits = |key: &&str| {
            event
                .get(*key)
                .is_none_or(|value| value.is_null() || value.is_string())
        };
        if !TEXT_FIELDS.iter().all(fits) {
            return String::new();
        }
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
        match text("type") {
            "RUN_STARTED" => self.whole_line(RUN, "▶ run started"),
            "STEP_STARTED" if !text("stepName").is_empty() => {
                self.whole_line(STEP, &format!("⦿ step: {}", visible(text("stepName"))))
            }
            "REASONING_MESSAGE_CONTENT" => {
                if self.thought.len() < MAX_THOUGHT {
                    self.thought.push_str(text("delta"));
                }
                String::new()
            }
            "REASONING_END" => self.thought(),
            "TEXT_MESSAGE_CONTENT" => self.text(text("delta")),
            "TEXT_MESSAGE_END" => self.finish(),
            "TOOL_CALL_START" if !text("toolCallName").is_empty() => {
                self.call(text("toolCallId"), text("toolCallName"))
            }
            "TOOL_CALL_RESULT" if !text("content").is_empty() => {
                self.result(text("toolCallId"), text("content"))
            }
            // A line that a command of `serve --run-sessions` wrote to standard error.
            "CUSTOM" if event["name"] == "log" => {
                let line = event["value"].as_str().unwrap_or_default();
                self.whole_line(PREVIEW, line)
            }
            "RUN_FINISHED" => self.whole_line(RUN, "■ run finished"),
            "RUN_ERROR" => {
                let why = [text("message"), text("content")];
                let shown = why.into_iter().find(|text| !text.is_empty()).map_or_else(
                    || "✗ run failed".to_owned(),
                    |why| format!("✗ error: {why}"),
                );
                self.whole_line(ERROR, &shown)
            }
            _ => String::new(),
        }
    }

    /// Ends an unfinished line.
    pub(super) fn finish(&mut self) -> String {
        self.pending = 0;
        match std::mem::replace(&mut self.line, OpenLine::Nothing) {
            OpenLine::Nothing => String::new(),
            OpenLine::Text | OpenLine::Tool(_) => "\n".to_owned(),
        }
    }

    fn whole_line(&mut self, color: &str, text: &str) -> String {
        let begin = self.finish();
        format!("{begin}{}\n", self.paint(color, text))
    }

    fn thought(&mut self) -> String {
        let thought = std::mem::take(&mut self.thought);
        if thought.trim().is_empty() {
            return String::new();
        }
        let begin = self.finish();
        format!(
            "{begin}{} {}\n",
            self.paint(THINKING, "[thinking]"),
            self.paint(THOUGHT, thought.trim())
        )
    }

    /// Returns the model's text as it comes. Inside the text, one blank line is kept; before and after it, none.
    fn text(&mut self, delta: &str) -> String {
        let mut text = match self.line {
            OpenLine::Tool(_) if !delta.is_empty() => self.finish(),
            _ => String::new(),
        };
        for c in delta.chars().filter(|c| is_harmless(*c)) {
            if c == '\n' {
                self.pending += 1;
                continue;
            }
            if matches!(self.line, OpenLine::Text) {
                text.push_str(&"\n".repeat(self.pending.min(2)));
            }
            self.pending = 0;
            self.line = OpenLine::Text;
            text.push(c);
        }
        text
    }

    fn call(&mut self, id: &str, name: &str) -> String {
        let begin = self.finish();
        self.line = OpenLine::Tool(id.to_owned());
        if self.calls.len() == MAX_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back((id.to_owned(), name.to_owned()));
        format!("{begin}{}", self.tool(name))
    }

    /// Returns a result, to stand after the name of its tool. If the open line is not of this call, the result gets a
    /// line of its own that begins with the name.
    fn result(&mut self, id: &str, content: &str) -> String {
        let index = self.calls.iter().position(|(call, _)| call == id);
        let name = index
            .and_then(|index| self.calls.remove(index))
            .map(|(_, name)| name);
        let begin = match &self.line {
            OpenLine::Tool(open) if id.is_empty() || open.is_empty() || open == id => {
                " ".to_owned()
            }
            _ => {
                let begin = self.finish();
                let name = name.filter(|_| !id.is_empty());
                begin + &name.map_or_else(String::new, |name| self.tool(&name) + " ")
            }
        };
        self.line = OpenLine::Nothing;
        format!(
            "{begin}{} {}\n",
            self.paint(PREVIEW, "→"),
            self.paint(PREVIEW, &preview(content))
        )
    }

    fn tool(&self, name: &str) -> String {
        self.paint(TOOL, &format!("[{}]", visible(name)))
    }

    /// Removes harmful characters and repeated blank lines from a text, and colors each line by itself.
    fn paint(&self, parameters: &str, text: &str) -> String {
        let clean: String = text.chars().filter(|c| is_harmless(*c)).collect();
        let mut painted: Vec<String> = Vec::new();
        for line in clean.split('\n') {
            if line.is_empty() && painted.last().is_some_and(String::is_empty) {
                continue;
            }
            painted.push(if self.colored && !line.is_empty() {
                color::painted(parameters, line)
            } else {
                line.to_owned()
            });
        }
        painted.join("\n")
    }
}

/// False for a character that could move the cursor, change colors, or control the terminal in another way.
fn is_harmless(c: char) -> bool {
    matches!(c, '\n' | '\t') || !is_unseen(c)
}

/// Returns the first lines of a result, in one line.
fn preview(content: &str) -> String {
    let unwrapped = serde_json::from_str::<String>(content).unwrap_or_else(|_| content.to_owned());
    let mut lines = unwrapped.trim().lines();
    let first: Vec<&str> = lines.by_ref().take(PREVIEW_LINES).collect();
    let more = if lines.next().is_some() { " ..." } else { "" };
    format!("{}{more}", first.join(" | "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::text::seen::visible_lines;

    /// Returns the text as it is written to standard output.
    fn rendered(colored: bool, events: &[Value]) -> String {
        let mut renderer = Renderer::new(colored);
        let mut text: String = events
            .iter()
            .map(|event| renderer.event(&event.to_string()))
            .collect();
        text.push_str(&renderer.finish());
        color::for_terminal(visible_lines(&text))
    }

    fn deltas(deltas: &[&str]) -> Vec<Value> {
        deltas
            .iter()
            .map(|delta| json!({"type": "TEXT_MESSAGE_CONTENT", "delta": delta}))
            .collect()
    }

    #[test]
    fn text_keeps_one_blank_line_within_it_however_it_is_split() {
        for split in [
            &["\n\na\r\n\n\n\nb\n", "\n"][..],
            &["\n", "\na\r", "\n\n", "\n\nb", "\n\n"],
        ] {
            assert_eq!(rendered(false, &deltas(split)), "a\n\nb\n");
        }
    }

    #[test]
    fn calls_without_a_result_end_their_line() {
        let start = |id: &str, name: &str| json!({"type": "TOOL_CALL_START", "toolCallId": id, "toolCallName": name});
        let result = |id: &str, text: &str| json!({"type": "TOOL_CALL_RESULT", "toolCallId": id, "content": text});
        assert_eq!(
            rendered(
                false,
                &[
                    start("1", "C"),
                    start("2", "D"),
                    result("1", "of c"),
                    result("2", "a\nb\nc\nd"),
                    start("", "E"),
                    result("", "\"x\""),
                ]
            ),
            "[C]\n[D]\n[C] → of c\n[D] → a | b | c ...\n[E] → x\n"
        );
    }

    #[test]
    fn what_others_wrote_cannot_talk_to_the_terminal() {
        let evil = "\x1b]0;t\x07\u{9b}31mred\x08";
        let events = [
            json!({"type": "TEXT_MESSAGE_CONTENT", "delta": evil}),
            json!({"type": "TOOL_CALL_START", "toolCallName": evil}),
            json!({"type": "TOOL_CALL_RESULT", "content": evil}),
            json!({"type": "REASONING_MESSAGE_CONTENT", "delta": evil}),
            json!({"type": "REASONING_END"}),
            json!({"type": "STEP_STARTED", "stepName": evil}),
            json!({"type": "RUN_ERROR", "message": evil}),
        ];
        let plain = rendered(false, &events);
        assert!(plain.chars().all(is_harmless), "{plain:?}");
        let colored = rendered(true, &events);
        let without_ours = colored.replace("\x1b[", "").replace('\x1b', "?");
        assert!(!without_ours.contains(['?', '\x07', '\u{9b}', '\x08']));
    }

    #[test]
    fn colors_are_closed_on_each_line() {
        let events = [
            json!({"type": "TOOL_CALL_START", "toolCallName": "Bash"}),
            json!({"type": "TOOL_CALL_RESULT", "content": "ok"}),
            json!({"type": "REASONING_MESSAGE_CONTENT", "delta": "one\ntwo"}),
            json!({"type": "REASONING_END"}),
        ];
        assert_eq!(
            rendered(true, &events),
            "\x1b[1;38;5;36m[Bash]\x1b[0m \x1b[38;5;240m→\x1b[0m \x1b[38;5;240mok\x1b[0m\n\
             \x1b[1;38;5;240m[thinking]\x1b[0m \x1b[3;38;5;240mone\x1b[0m\n\x1b[3;38;5;240mtwo\x1b[0m\n"
        );
    }
}
