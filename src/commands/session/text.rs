//! Renders stored messages as text (docs/interface/cli-resources.md section 3.3).

use jiff::Timestamp;
use serde_json::Value;

use crate::api::json_in;
use crate::compat::json;
use crate::output::age::age;
use crate::resources::Record;
use crate::text::wrap;

/// How far the text of a message is indented, in columns.
const INDENT: usize = 6;
/// The least width of a terminal that is taken into account.
const MIN_WIDTH: usize = 40;
/// The width that is used otherwise.
const DEFAULT_WIDTH: usize = 80;

/// Returns a header, the wrapped text, and an empty line; an empty text for a message that has nothing to show.
pub(super) fn message(message: &Record, width: Option<usize>, now: Timestamp) -> String {
    let kind = message.text("event_type");
    let Some(text) = shown(kind, message.text("payload")) else {
        return String::new();
    };
    let seq = message
        .value("seq")
        .map_or_else(|| "0".to_owned(), Value::to_string);
    let width = width
        .filter(|width| *width >= MIN_WIDTH)
        .unwrap_or(DEFAULT_WIDTH);
    let body = wrap::paragraphs(&text, (width - INDENT).max(20), INDENT);
    format!(
        "#{seq:<4}  {kind:<28}  {}\n{body}\n",
        age(message.text("created_at"), now)
    )
}

/// Returns what a payload shows, by the type of its event; `None` if there is nothing to show.
fn shown(kind: &str, payload: &str) -> Option<String> {
    match kind {
        "log" => Some(payload.to_owned()),
        "user" | "assistant" => Some(conversation(payload).unwrap_or_else(|| payload.to_owned())),
        "RUN_FINISHED" => Some(finished(payload)),
        "MESSAGES_SNAPSHOT" => Some(snapshot(payload)),
        _ => shown_of_object(kind, payload),
    }
}

/// As [`shown`], for the types whose payload is an object.
fn shown_of_object(kind: &str, payload: &str) -> Option<String> {
    let json = object(payload);
    let field = |name: &str| text_field(json.as_ref(), payload, name);
    match kind {
        "TEXT_MESSAGE_CONTENT" | "REASONING_MESSAGE_CONTENT" | "TOOL_CALL_ARGS" => {
            field("delta").filter(|text| !text.is_empty())
        }
        "TOOL_CALL_START" => {
            let name = field("tool_call_name").or_else(|| field("toolCallName"))?;
            Some(call(
                &name,
                json.as_ref().and_then(|json| json.get("input")),
            ))
        }
        "tool_use" => {
            let json = json.as_ref()?;
            Some(call(
                json.get("tool").or_else(|| json.get("name"))?.as_str()?,
                json.get("input"),
            ))
        }
        "TOOL_CALL_RESULT" | "tool_result" => match json
            .as_ref()
            .and_then(|json| json.get("content").or_else(|| json.get("output")))
        {
            Some(content) => Some(result(content)).filter(|text| !text.is_empty()),
            None => field("content").filter(|text| !text.is_empty()),
        },
        "RUN_ERROR" | "error" => field("message")
            .or_else(|| field("error"))
            .filter(|text| !text.is_empty()),
        "lifecycle" => field("event")
            .or_else(|| field("phase"))
            .filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// Returns the object that a payload holds. A payload may also be a JSON string that holds the real payload.
fn object(payload: &str) -> Option<Value> {
    match json_in(payload)? {
        Value::String(inner) => json_in(&inner).filter(Value::is_object),
        value => Some(value).filter(Value::is_object),
    }
}

/// Returns a field of a JSON payload, or of one in the form `name='value'`.
fn text_field(json: Option<&Value>, payload: &str, name: &str) -> Option<String> {
    if let Some(json) = json {
        return json.get(name)?.as_str().map(str::to_owned);
    }
    let plain = serde_json::from_str::<String>(payload).unwrap_or_else(|_| payload.to_owned());
    let (_, rest) = plain.split_once(&format!("{name}='"))?;
    let mut text = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => return Some(text),
            '\\' => text.push(match chars.next()? {
                'n' => '\n',
                't' => '\t',
                other => other,
            }),
            c => text.push(c),
        }
    }
    Some(text)
}

/// Returns the texts of a payload that holds messages, each with its role.
fn conversation(payload: &str) -> Option<String> {
    // The text of a person is rarely JSON, and a refusal by the parser costs more than this look.
    if !payload.trim_start().starts_with('{') {
        return None;
    }
    let value = json_in(payload)?;
    let messages = value
        .get("messages")?
        .as_array()
        .filter(|messages| !messages.is_empty())?;
    let texts: Vec<String> = messages
        .iter()
        .flat_map(|message| {
            let role = message
                .get("role")
                .and_then(Value::as_str)
                .unwrap_or_default();
            texts(message.get("content"))
                .into_iter()
                .map(move |text| format!("[{role}] {text}"))
        })
        .collect();
    Some(texts.join("\n"))
}

fn texts(content: Option<&Value>) -> Vec<String> {
    match content {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(blocks)) => blocks
            .iter()
            .filter_map(|block| block.get("text")?.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

/// Returns the name of a tool with its input, as pairs in the order of their keys. Texts are not quoted, other values
/// are JSON, and long values are cut.
fn call(name: &str, input: Option<&Value>) -> String {
    let Some(Value::Object(input)) = input else {
        return name.to_owned();
    };
    let mut pairs: Vec<(&String, &Value)> = input.iter().collect();
    pairs.sort_by_key(|(key, _)| *key);
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(key, value)| format!("{key}={}", short(&bare(value), 60)))
        .collect();
    format!("{name}  {}", pairs.join(" ")).trim_end().to_owned()
}

fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 3).collect::<String>() + "..."
}

fn result(content: &Value) -> String {
    match content {
        Value::String(text) => text.trim().to_owned(),
        Value::Array(_) => texts(Some(content))
            .iter()
            .map(|text| text.trim().to_owned())
            .collect::<Vec<_>>()
            .join("\n"),
        Value::Null => String::new(),
        other => json::pretty(other),
    }
}

fn finished(payload: &str) -> String {
    let value = json_in(payload).unwrap_or_default();
    let result = value.get("result").unwrap_or(&Value::Null);
    let number = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap_or_default();
    let duration = number(result.get("duration_ms"));
    if duration == 0.0 {
        return "[done]".to_owned();
    }
    let usage = |key: &str| number(result.get("usage").and_then(|usage| usage.get(key)));
    format!(
        "[done] turns={} out={} cached={} cost=${:.4} dur={}ms",
        number(result.get("num_turns")).trunc(),
        usage("output_tokens").trunc(),
        usage("cache_read_input_tokens").trunc(),
        number(result.get("total_cost_usd")),
        duration.trunc(),
    )
}

fn snapshot(payload: &str) -> String {
    let value = match json_in(payload) {
        Some(Value::String(inner)) => json_in(&inner).unwrap_or_default(),
        other => other.unwrap_or_default(),
    };
    let Value::Array(messages) = value else {
        return format!("({} bytes)", payload.len());
    };
    let shown: Vec<String> = messages
        .iter()
        .filter(|message| message.get("role").and_then(Value::as_str) != Some("user"))
        .flat_map(blocks)
        .collect();
    if shown.is_empty() {
        return format!("({} messages, no displayable content)", messages.len());
    }
    shown.join("\n")
}

fn blocks(message: &Value) -> Vec<String> {
    let role = message
        .get("role")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match message.get("content") {
        Some(Value::String(text)) if !text.is_empty() => vec![format!("[{role}] {text}")],
        Some(Value::Array(blocks)) => blocks
            .iter()
            .filter_map(|block| self::block(role, block))
            .collect(),
        _ => Vec::new(),
    }
}

fn block(role: &str, block: &Value) -> Option<String> {
    match block.get("type")?.as_str()? {
        "text" => Some(format!("[{role}] {}", block.get("text")?.as_str()?)),
        "tool_use" => Some(format!(
            "[tool_use] {}",
            call(block.get("name")?.as_str()?, block.get("input"))
        )),
        "tool_result" => {
            let text = match block.get("content")? {
                Value::String(text) => text.clone(),
                content => texts(Some(content)).join(" | "),
            };
            Some(format!("[tool_result] {}", short(&text, 200)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resources::SESSION_MESSAGE;

    fn text(kind: &str, payload: &str) -> String {
        let value = json!({"seq": 7, "event_type": kind, "payload": payload});
        let record = Record::decode(&SESSION_MESSAGE, value).unwrap();
        let whole = message(&record, None, Timestamp::UNIX_EPOCH);
        whole.lines().skip(1).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn characters_are_counted_and_line_breaks_stay() {
        let accented = "é".repeat(68);
        assert_eq!(
            text("user", &format!("{accented} b\n\nc")),
            format!("      {accented}\n      b\n\n      c\n")
        );
    }

    #[test]
    fn payloads_of_either_form_are_shown() {
        for (kind, payload, shown) in [
            ("TEXT_MESSAGE_CONTENT", r#"{"delta":"x"}"#, "      x\n"),
            ("TEXT_MESSAGE_CONTENT", r"delta='it\'s'", "      it's\n"),
            (
                "tool_use",
                r#"{"tool":"Bash","input":{"b":[1],"a":"ls"}}"#,
                "      Bash a=ls b=[1]\n",
            ),
            ("error", r#"{"error":"broke"}"#, "      broke\n"),
            ("user", "\u{1b}[31mred", "      [31mred\n"),
            ("STATE_SNAPSHOT", "{}", ""),
        ] {
            assert_eq!(text(kind, payload), shown, "{kind} {payload}");
        }
    }
}
