//! `-o jsonpath=TEMPLATE`: the parts of kubectl's template language that scripts use.
//!
//! `{.items[*].name}`, `{.items[0].id}`, `{range .items[*]}{.id}{"\t"}{.name}{"\n"}{end}`, a bare
//! `.name`, and text between the braces. A missing field prints nothing.

use std::borrow::Cow;

use serde_json::Value;

/// A template that can't be evaluated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("jsonpath: {{end}} without {{range}}")]
    EndWithoutRange,
    #[error("jsonpath: {{range}} without {{end}}")]
    RangeWithoutEnd,
    #[error("jsonpath: a {{ is not closed")]
    OpenBrace,
    #[error("jsonpath: a [ is not closed in {0}")]
    OpenBracket(String),
    #[error("jsonpath: {0} is not understood")]
    Unknown(String),
}

/// Evaluates a template.
///
/// # Errors
/// The template is wrong.
pub(crate) fn evaluate(template: &str, root: &Value) -> Result<String, Error> {
    let template = braced(template);
    let parts = parts(&template)?;
    let mut text = String::new();
    let rest = render(&parts, root, &mut text)?;
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(Error::EndWithoutRange)
    }
}

/// Evaluates a template, and ends the text with a line break unless the template itself ends its lines, as
/// `{range .items[*]}{.name}{"\n"}{end}` does.
///
/// # Errors
/// The template is wrong.
pub(crate) fn lines(template: &str, root: &Value) -> Result<String, Error> {
    let mut text = evaluate(template, root)?;
    if !ends_lines(&braced(template)) {
        text.push('\n');
    }
    Ok(text)
}

/// Returns a template with braces: a path alone needs none.
fn braced(template: &str) -> Cow<'_, str> {
    if template.contains('{') {
        Cow::Borrowed(template)
    } else {
        Cow::Owned(format!("{{{template}}}"))
    }
}

/// True if the last thing that a template prints is a line break of its own.
fn ends_lines(template: &str) -> bool {
    let parts = parts(template).unwrap_or_default();
    let mut parts = parts.iter().rev();
    match parts.find(|part| !matches!(part, Part::Expression("end"))) {
        Some(Part::Text(text)) => text.ends_with('\n'),
        Some(Part::Expression(expression)) => {
            literal(expression).is_some_and(|text| text.ends_with('\n'))
        }
        None => false,
    }
}

enum Part<'a> {
    Text(&'a str),
    Expression(&'a str),
}

fn parts(template: &str) -> Result<Vec<Part<'_>>, Error> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        if open > 0 {
            parts.push(Part::Text(&rest[..open]));
        }
        let close = closing_brace(&rest[open..]).ok_or(Error::OpenBrace)?;
        parts.push(Part::Expression(rest[open + 1..open + close].trim()));
        rest = &rest[open + close + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

/// Returns the position of the `}` that ends an expression; a `}` inside quotes does not.
fn closing_brace(text: &str) -> Option<usize> {
    let mut quoted = None;
    for (at, c) in text.char_indices() {
        match (c, quoted) {
            ('"' | '\'', None) => quoted = Some(c),
            (c, Some(open)) if c == open => quoted = None,
            ('}', None) => return Some(at),
            _ => {}
        }
    }
    None
}

/// Renders parts up to an `{end}`, and returns the parts from there on.
fn render<'p, 't>(
    mut parts: &'p [Part<'t>],
    value: &Value,
    text: &mut String,
) -> Result<&'p [Part<'t>], Error> {
    while let Some((part, rest)) = parts.split_first() {
        parts = rest;
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Expression("end") => return Ok(std::slice::from_ref(part)),
            Part::Expression(expression) => match expression.strip_prefix("range ") {
                Some(path) => {
                    for item in find(path.trim(), value)? {
                        render(parts, item, text)?;
                    }
                    parts = skip_range(parts)?;
                }
                None => match literal(expression) {
                    Some(literal) => text.push_str(&literal),
                    None => {
                        let found: Vec<String> =
                            find(expression, value)?.into_iter().map(plain).collect();
                        text.push_str(&found.join(" "));
                    }
                },
            },
        }
    }
    Ok(&[])
}

/// Returns the parts behind the `{end}` that belongs to the `{range}` before `parts`.
fn skip_range<'p, 't>(parts: &'p [Part<'t>]) -> Result<&'p [Part<'t>], Error> {
    let mut depth = 1;
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Expression("end") => depth -= 1,
            Part::Expression(expression) if expression.starts_with("range ") => depth += 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(&parts[at + 1..]);
        }
    }
    Err(Error::RangeWithoutEnd)
}

/// Returns the text of an expression in quotes; `None` for another one.
fn literal(expression: &str) -> Option<String> {
    let quotes = ['"', '\''];
    let is_quoted = expression.starts_with(quotes);
    is_quoted.then(|| unescape(expression.trim_matches(quotes)))
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\\"", "\"")
        .replace("\\\\", "\\")
}

/// Returns the values that a path names: `.a.b`, `['a.b']`, `[0]`, `[*]`.
fn find<'v>(path: &str, root: &'v Value) -> Result<Vec<&'v Value>, Error> {
    let mut found = vec![root];
    let mut rest = path.trim_start_matches(['$', '@']);
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let close = inner
                .find(']')
                .ok_or_else(|| Error::OpenBracket(path.to_owned()))?;
            let (key, after) = (&inner[..close], &inner[close + 1..]);
            found = match key {
                "*" => found.into_iter().flat_map(children).collect(),
                key if key.starts_with(['\'', '"']) => field(found, key.trim_matches(['\'', '"'])),
                key => {
                    let index: i64 = key
                        .parse()
                        .map_err(|_| Error::Unknown(format!("[{key}]")))?;
                    found
                        .into_iter()
                        .filter_map(|value| at_index(value, index))
                        .collect()
                }
            };
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let key = &after[..end];
            found = match key {
                "" => found,
                "*" => found.into_iter().flat_map(children).collect(),
                key => field(found, key),
            };
            rest = &after[end..];
        } else {
            return Err(Error::Unknown(path.to_owned()));
        }
    }
    Ok(found)
}

fn field<'v>(found: Vec<&'v Value>, key: &str) -> Vec<&'v Value> {
    found
        .into_iter()
        .filter_map(|value| value.get(key))
        .collect()
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

fn at_index(value: &Value, index: i64) -> Option<&Value> {
    let items = value.as_array()?;
    let index = if index < 0 {
        i64::try_from(items.len()).ok()? + index
    } else {
        index
    };
    items.get(usize::try_from(index).ok()?)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{evaluate, lines};
    use serde_json::json;

    #[test]
    fn a_template_that_ends_its_lines_gets_no_other_end() {
        let list = json!({"items": [{"name": "a"}, {"name": "b\n"}]});
        for (template, text) in [
            ("{range .items[*]}{.name}{\"\\n\"}{end}", "a\nb\n\n"),
            ("{range .none[*]}{.name}{'\\n'}{ end }", ""),
            ("{.items[0].name}\n", "a\n"),
            ("{.items[0].name}", "a\n"),
            (".items[1].name\n", "b\n\n"),
            ("{.none}", "\n"),
            ("{.items[0].name}{\"\\n\"}{.items[0].name}", "a\na\n"),
        ] {
            assert_eq!(lines(template, &list).as_deref(), Ok(text), "{template}");
        }
    }

    #[test]
    fn templates() {
        let list = json!({"items": [{"id": "1", "name": "a"}, {"id": "2", "name": "b", "n": 3}], "total": 2});
        for (template, text) in [
            (".total", "2"),
            ("{.items[*].name}", "a b"),
            ("{.items[1].n}", "3"),
            ("{.items[-1].id}", "2"),
            (
                "{range .items[*]}{.id}{\"\\t\"}{.name}{\"\\n\"}{end}!",
                "1\ta\n2\tb\n!",
            ),
            ("n={.none}", "n="),
        ] {
            assert_eq!(evaluate(template, &list).as_deref(), Ok(text), "{template}");
        }
        for template in [
            "{.items",
            "{range .items[*]}",
            "{end}",
            "{items}",
            "{.items[x]}",
        ] {
            assert!(evaluate(template, &list).is_err(), "{template}");
        }
    }
}
