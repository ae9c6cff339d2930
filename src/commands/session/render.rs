//! Live events as text (contract cli-resources.md section 3.5).

use serde_json::Value;

/// Colours by meaning; the marks carry it without them.
const RUN: &str = "1;38;5;28";
const STEP: &str = "1;38;5;134";
const THINKING: &str = "1;38;5;240";
const THOUGHT: &str = "3;38;5;240";
const TOOL: &str = "1;38;5;36";
const PREVIEW: &str = "38;5;240";
const ERROR: &str = "1;38;5;196";

/// Turns events into text. What belongs to one line may come in several events.
pub struct Renderer {
    colored: bool,
    thought: String,
    /// Text of the model stands on the current line.
    in_text: bool,
    /// A tool's name stands on the current line and waits for its result.
    in_tool: bool,
    /// Line ends at the end of what was written; blank lines are kept, but not more than one.
    newlines: usize,
}

impl Renderer {
    pub fn new(colored: bool) -> Self {
        Self {
            colored,
            thought: String::new(),
            in_text: false,
            in_tool: false,
            newlines: 2,
        }
    }

    /// The text of one event. What does not fit the form is left out.
    pub fn event(&mut self, data: &str) -> String {
        let Ok(event) = serde_json::from_str::<Value>(data) else {
            return String::new();
        };
        let text = |key: &str| match event.get(key) {
            None | Some(Value::Null) => Some(""),
            Some(value) => value.as_str(),
        };
        let rendered = match event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
        {
            "RUN_STARTED" => self.line(RUN, "▶ run started"),
            "STEP_STARTED" => match text("stepName") {
                Some(step) if !step.is_empty() => self.line(STEP, &format!("⦿ step: {step}")),
                _ => String::new(),
            },
            "REASONING_MESSAGE_CONTENT" => {
                self.thought.push_str(text("delta").unwrap_or_default());
                String::new()
            }
            "REASONING_END" => self.thought(),
            "TEXT_MESSAGE_CONTENT" => match text("delta") {
                Some(delta) if !delta.is_empty() => {
                    let begin = self.end_tool();
                    self.in_text = true;
                    format!("{begin}{delta}")
                }
                _ => String::new(),
            },
            "TEXT_MESSAGE_END" => self.end_text(),
            "TOOL_CALL_START" => match text("toolCallName") {
                Some(tool) if !tool.is_empty() => {
                    let begin = self.begin();
                    self.in_tool = true;
                    format!("{begin}[{}] ", self.paint(TOOL, tool))
                }
                _ => String::new(),
            },
            "TOOL_CALL_RESULT" => match text("content") {
                Some(content) if !content.is_empty() => {
                    let begin = self.end_text();
                    self.in_tool = false;
                    format!(
                        "{begin}{} {}\n",
                        self.paint(PREVIEW, "→"),
                        self.paint(PREVIEW, &preview(content))
                    )
                }
                _ => String::new(),
            },
            "RUN_FINISHED" => self.line(RUN, "■ run finished"),
            "RUN_ERROR" => {
                let why = [text("message"), text("content")]
                    .into_iter()
                    .flatten()
                    .find(|text| !text.is_empty());
                let shown = why.map_or_else(
                    || "✗ run failed".to_owned(),
                    |why| format!("✗ error: {why}"),
                );
                self.line(ERROR, &shown)
            }
            _ => String::new(),
        };
        self.squeeze(&rendered)
    }

    /// Ends an unfinished line.
    pub fn finish(&mut self) -> String {
        let end = self.begin();
        self.squeeze(&end)
    }

    fn line(&mut self, color: &str, text: &str) -> String {
        let begin = self.begin();
        format!("{begin}{}\n", self.paint(color, text))
    }

    fn thought(&mut self) -> String {
        let thought = std::mem::take(&mut self.thought);
        let thought = thought.trim();
        if thought.is_empty() {
            return String::new();
        }
        let begin = self.begin();
        format!(
            "{begin}{} {}\n",
            self.paint(THINKING, "[thinking]"),
            self.paint(THOUGHT, thought)
        )
    }

    /// Goes to the beginning of a line.
    fn begin(&mut self) -> String {
        self.end_text() + &self.end_tool()
    }

    fn end_text(&mut self) -> String {
        if std::mem::take(&mut self.in_text) {
            "\n".to_owned()
        } else {
            String::new()
        }
    }

    /// A call without a result does not share its line with what follows.
    fn end_tool(&mut self) -> String {
        if std::mem::take(&mut self.in_tool) {
            "\n".to_owned()
        } else {
            String::new()
        }
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.colored {
            format!("\x1b[{color}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Drops carriage returns and escape sequences of others, and all blank lines but one in a row.
    fn squeeze(&mut self, text: &str) -> String {
        let mut kept = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' if self.newlines >= 2 => {}
                '\n' => {
                    self.newlines += 1;
                    kept.push(c);
                }
                '\r' => {}
                c if c.is_control() && c != '\t' && !(self.colored && c == '\x1b') => {}
                c => {
                    self.newlines = 0;
                    kept.push(c);
                }
            }
        }
        kept
    }
}

/// The first three lines of a result.
fn preview(content: &str) -> String {
    let unwrapped = serde_json::from_str::<String>(content).unwrap_or_else(|_| content.to_owned());
    let lines: Vec<&str> = unwrapped.trim().lines().collect();
    let more = if lines.len() > 3 { " ..." } else { "" };
    format!(
        "{}{more}",
        lines
            .iter()
            .take(3)
            .copied()
            .collect::<Vec<_>>()
            .join(" | ")
    )
}
