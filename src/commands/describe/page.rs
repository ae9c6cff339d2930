//! The page about one object: its fields with labels, then a section for each longer part.

use jiff::Timestamp;
use serde_json::Value;

use crate::api::Error;
use crate::commands::used_by::Use;
use crate::ctx::Ctx;
use crate::output::style::{Tone, paint};
use crate::output::{age, table, until, wrap};
use crate::resources::{
    CONTEXT, CREDENTIAL, EXPIRES_AT, PRIVATE, Record, SERVER, annotation, remove_own_annotations,
};
use crate::runner::resolve::OWNER;
use crate::text::visible;

/// The fields that say nothing to people, or that the title shows.
const LEFT_OUT: &[&str] = &["kind", "href", "name", "username"];
/// The fields whose texts are sections of their own.
const LONG: &[&str] = &["prompt", "session_prompt", "operation_message"];
/// The width of a page that does not go to a terminal.
const WIDTH: usize = 100;
/// Stands for a value that may be secret.
const HIDDEN: &str = "(not shown; -o json shows it)";

/// Returns the page. `users` are the bindings of a credential, or the reason why they can't be read.
pub(super) fn of(ctx: &Ctx, record: &Record, users: Option<&Result<Vec<Use>, Error>>) -> String {
    let now = ctx.now();
    let color = ctx.out.colored();
    let width = ctx.out.width().unwrap_or(WIDTH);
    let title = format!(
        "{} {}",
        record.resource.word.replace('-', " "),
        title(record)
    );
    let mut page = vec![section(&title, &pairs(&plain(record, now)))];
    if record.resource.word == CREDENTIAL.word {
        page.push(section(
            "Cluster access",
            &pairs(&access(record, now, color)),
        ));
        page.extend(users.map(|users| section("Used by", &used_by(users, now))));
        if let Some(Ok(users)) = users {
            let owners = users.iter().filter(|it| it.role == OWNER);
            page.push(section("Owned by", &bindings(owners, now)));
        }
    }
    for field in record.resource.all_fields() {
        let text = record.text(field.name);
        if LONG.contains(&field.name) {
            let paragraphs = wrap::paragraphs(text, width, 2);
            page.push(section(&label(field.name), &lines(&paragraphs)));
        } else if let Some(value) = structure(field.name, record.value(field.name)) {
            page.push(section(&label(field.name), &structured(field.name, &value)));
        }
    }
    let page: Vec<String> = page.into_iter().filter(|part| !part.is_empty()).collect();
    page.join("\n")
}

fn title(record: &Record) -> String {
    let named = record.resource.name_field.map(|field| record.text(field));
    let named = named.filter(|name| !name.is_empty());
    visible(named.unwrap_or_else(|| record.id()))
}

/// Returns a section with its title, or nothing if it has no lines.
fn section(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut title = title.to_owned();
    if let Some(first) = title.get(..1) {
        let first = first.to_uppercase();
        title.replace_range(..1, &first);
    }
    format!("{title}\n{}\n", lines.join("\n"))
}

/// Lays out labels and values.
fn pairs(pairs: &[(String, String)]) -> Vec<String> {
    let cells: Vec<[String; 2]> = pairs
        .iter()
        .map(|(label, value)| [format!("  {label}:"), visible(value)])
        .collect();
    table::aligned(&cells)
}

fn lines(text: &str) -> Vec<String> {
    text.trim_end().lines().map(str::to_owned).collect()
}

/// Returns the fields with one line each.
fn plain(record: &Record, now: Timestamp) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for field in record.resource.all_fields() {
        let value = match record.value(field.name) {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let is_section =
            LONG.contains(&field.name) || structure(field.name, record.value(field.name)).is_some();
        if !value.is_empty() && !is_section && !LEFT_OUT.contains(&field.name) {
            let value = match moment(&value, now) {
                _ if PRIVATE.contains(&field.name) => HIDDEN.to_owned(),
                Some(moment) => moment,
                None => value,
            };
            pairs.push((label(field.name), value));
        }
    }
    pairs
}

/// Writes a moment with the time since then, or until then; `None` if the text is not a moment.
fn moment(text: &str, now: Timestamp) -> Option<String> {
    let time: Timestamp = text.parse().ok()?;
    let date = time.strftime("%Y-%m-%d %H:%M:%S UTC");
    Some(if time > now {
        format!("{date} ({})", until(text, now, false))
    } else {
        format!("{date} ({} ago)", age::age(text, now))
    })
}

/// Returns what acpctl noted about a kubeconfig when it stored it.
fn access(record: &Record, now: Timestamp, color: bool) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (label, key) in [("Context", CONTEXT), ("Server", SERVER)] {
        pairs.push((label.to_owned(), annotation(record, key)));
    }
    let expires = annotation(record, EXPIRES_AT);
    if let Ok(time) = expires.parse::<Timestamp>() {
        let date = time.strftime("%Y-%m-%d %H:%M:%S UTC");
        let left = until(&expires, now, color);
        pairs.push(("Expires".to_owned(), format!("{date} ({left})")));
    } else {
        pairs.push(("Expires".to_owned(), expires));
    }
    pairs.retain(|(_, value)| !value.is_empty());
    if !pairs.is_empty() && !pairs.iter().any(|(label, _)| label == "Expires") {
        let unknown = paint("unknown", Tone::Doubtful, color);
        pairs.push(("Expires".to_owned(), unknown));
    }
    pairs
}

fn used_by(users: &Result<Vec<Use>, Error>, now: Timestamp) -> Vec<String> {
    let users = match users {
        Ok(users) => users,
        Err(error) => return vec![format!("  unknown: {}", visible(&error.to_string()))],
    };
    let used = bindings(users.iter().filter(|it| it.role != OWNER), now);
    if used.is_empty() {
        return vec!["  no project yet".to_owned()];
    }
    used
}

/// Lays out who has which role since when.
fn bindings<'a>(users: impl Iterator<Item = &'a Use>, now: Timestamp) -> Vec<String> {
    let row = |it: &Use| {
        [
            format!("  {}", visible(&it.who)),
            visible(&it.role),
            format!("{} ago", age::age(&it.created_at, now)),
        ]
    };
    let rows: Vec<[String; 3]> = users.map(row).collect();
    table::aligned(&rows)
}

/// Returns the object or list of a field, which may be a text that holds JSON.
fn structure(field: &str, value: Option<&Value>) -> Option<Value> {
    let mut value: Value = match value? {
        Value::String(text) if text.starts_with(['{', '[']) => serde_json::from_str(text).ok()?,
        value @ (Value::Object(_) | Value::Array(_)) => value.clone(),
        _ => return None,
    };
    if field == "annotations"
        && let Value::Object(map) = &mut value
    {
        remove_own_annotations(map);
    }
    Some(value)
}

fn structured(field: &str, value: &Value) -> Vec<String> {
    let is_private = PRIVATE.contains(&field);
    match value {
        Value::Object(map) => {
            let shown = |(key, value): (&String, &Value)| {
                let value = if is_private {
                    HIDDEN.to_owned()
                } else {
                    one_line(value)
                };
                (visible(key), value)
            };
            pairs(&map.iter().map(shown).collect::<Vec<_>>())
        }
        Value::Array(_) if is_private => vec![format!("  {HIDDEN}")],
        Value::Array(items) => match conditions(items) {
            Some(rows) => rows,
            None => items
                .iter()
                .map(|item| format!("  {}", visible(&one_line(item))))
                .collect(),
        },
        _ => Vec::new(),
    }
}

/// Returns a line for each condition of Kubernetes' form: type, status, and the reason with its message.
fn conditions(items: &[Value]) -> Option<Vec<String>> {
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut rows: Vec<[String; 3]> = Vec::new();
    for item in items {
        let why = [text(item, "reason"), text(item, "message")];
        let why: Vec<String> = why.into_iter().flatten().collect();
        rows.push([
            format!("  {}", visible(&text(item, "type")?)),
            visible(&text(item, "status")?),
            visible(&why.join(": ")),
        ]);
    }
    Some(table::aligned(&rows))
}

fn one_line(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Returns the words of a field's name: `llm_model` becomes `LLM model`.
fn label(field: &str) -> String {
    let words: Vec<String> = field
        .split('_')
        .enumerate()
        .map(|(n, word)| match word {
            "api" | "id" | "llm" | "url" | "uid" | "cr" | "sdk" => word.to_uppercase(),
            word if n == 0 => {
                let (first, rest) = word.split_at(1);
                first.to_uppercase() + rest
            }
            word => word.to_owned(),
        })
        .collect();
    let label = words.join(" ");
    // "Created at", and "Project ID", which is the project's name.
    let bare = label.strip_suffix(" at").or(label.strip_suffix(" ID"));
    bare.unwrap_or(&label).to_owned()
}
