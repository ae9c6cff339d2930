//! Objects and lists of the server, reduced to the known fields.

use jiff::Timestamp;
use serde_json::{Number, Value};

use super::description::{COMMON, Field, Presence, Resource, Type, Values};
use crate::compat::json;
use crate::compat::json_tree::Tree;

/// A value whose type is not the field's, in the Go tool's words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongType(String);

/// One object: its known fields, including the empty ones that the server sent.
#[derive(Debug, Clone)]
pub struct Record {
    pub resource: &'static Resource,
    values: Values,
}

/// One page of a list, or several pages joined.
#[derive(Debug, Clone)]
pub struct List {
    pub resource: &'static Resource,
    pub kind: String,
    pub page: i64,
    pub size: i64,
    pub total: i64,
    /// `None` if the server sent no `items` at all.
    pub items: Option<Vec<Record>>,
    /// Why it may lack objects that the server has; `None` if nothing speaks for that.
    pub gap: Option<String>,
}

impl Record {
    /// Returns an object without values: the result of an empty answer.
    #[must_use]
    pub fn empty(resource: &'static Resource) -> Self {
        Self {
            resource,
            values: Values::default(),
        }
    }

    /// Returns an object without values that has room for so many.
    pub(super) fn with_room(resource: &'static Resource, count: usize) -> Self {
        Self {
            resource,
            values: Values(Vec::with_capacity(count)),
        }
    }

    /// Sets the value of a field; `path` leads to the object. If a name is repeated, in any case, only the last value
    /// counts, as in the Go tool.
    pub(super) fn set(
        &mut self,
        field: &'static Field,
        value: Tree<'_>,
        path: &str,
    ) -> Result<(), WrongType> {
        self.remove(field.name);
        if !value.is_null() {
            let value = convert(field, value, self.resource, path)?;
            self.values.0.push((field.name, value));
        }
        Ok(())
    }

    /// Reads an object. Unknown keys are dropped, keys match without regard to case, null is "no value".
    ///
    /// # Errors
    /// A value has the wrong type; in the Go tool's words (docs/interface/cli-resources.md section 1.5).
    pub fn decode(resource: &'static Resource, value: Value) -> Result<Self, WrongType> {
        Self::read(resource, value.into())
    }

    /// Reads an object from a document that has been parsed.
    ///
    /// # Errors
    /// As [`Record::decode`].
    pub fn read(resource: &'static Resource, tree: Tree<'_>) -> Result<Self, WrongType> {
        read_at(resource, tree, "")
    }

    /// Returns the text of a field; an empty one if it has none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.values.text(name)
    }

    /// Returns the value of a field, if it has one.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Returns the values of all fields.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.values
    }

    #[must_use]
    pub fn id(&self) -> &str {
        self.text("id")
    }

    #[must_use]
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// Returns the name, or the id if the object has no name.
    #[must_use]
    pub fn name_or_id(&self) -> &str {
        if self.name().is_empty() {
            self.id()
        } else {
            self.name()
        }
    }

    /// Replaces a field's value by a text, for output.
    pub fn replace(&mut self, name: &'static str, text: &str) {
        self.remove(name);
        self.values.0.push((name, Value::from(text)));
    }

    /// Removes a field, so that it is never shown.
    pub fn remove(&mut self, name: &str) {
        self.values.0.retain(|(field, _)| *field != name);
    }

    /// Returns the JSON for output: the known fields in a fixed order, without the empty ones unless they are always
    /// shown.
    #[must_use]
    pub fn json(&self) -> Value {
        let shown = self.shown().map(|(field, value)| {
            let value = value.cloned().unwrap_or_else(|| zero(field.kind));
            (field.name.to_owned(), value)
        });
        Value::Object(shown.collect())
    }

    /// Appends the JSON for output to an indented document, `depth` levels deep.
    pub(crate) fn push_json(&self, out: &mut String, depth: usize) {
        let mut is_first = true;
        for (field, value) in self.shown() {
            out.push_str(if is_first { "{" } else { "," });
            is_first = false;
            json::push_line_end(out, depth + 1);
            json::push_shown_text(out, field.name);
            out.push_str(": ");
            match value {
                Some(value) => json::push_pretty(out, value, depth + 1),
                None => json::push_pretty(out, &zero(field.kind), depth + 1),
            }
        }
        if is_first {
            out.push('{');
        } else {
            json::push_line_end(out, depth);
        }
        out.push('}');
    }

    /// Returns the fields for output, in their order.
    fn shown(&self) -> impl Iterator<Item = (&'static Field, Option<&Value>)> {
        let fields = self.resource.all_fields();
        let fields = fields.map(|field| (field, self.value(field.name)));
        fields.filter(|(field, value)| match field.presence {
            Presence::Always => true,
            Presence::NotNull => value.is_some(),
            Presence::NotEmpty => value.is_some_and(|value| !is_empty(value)),
        })
    }
}

impl List {
    /// Reads a list object.
    ///
    /// # Errors
    /// As [`Record::decode`].
    pub fn read(resource: &'static Resource, tree: Tree<'_>) -> Result<Self, WrongType> {
        let kind = format!("{}List", resource.kind);
        let Tree::Object(pairs) = tree else {
            return Err(wrong_container(&tree, &kind));
        };
        let mut list = Self::empty(resource);
        for (name, value) in pairs {
            match (name.to_lowercase().as_str(), value) {
                (_, value) if value.is_null() => {}
                ("kind", Tree::Scalar(Value::String(text))) => list.kind = text,
                ("page", value) => list.page = int(&value, &kind, "page")?,
                ("size", value) => list.size = int(&value, &kind, "size")?,
                ("total", value) => list.total = int(&value, &kind, "total")?,
                ("items", Tree::Array(items)) => {
                    let read = |item: Tree<'_>| {
                        if item.is_null() {
                            Ok(Record::empty(resource))
                        } else {
                            read_at(resource, item, "items.")
                        }
                    };
                    list.items = Some(items.into_iter().map(read).collect::<Result<_, _>>()?);
                }
                (name @ ("kind" | "items"), value) => {
                    return Err(wrong_type(&value, &kind, name, "string"));
                }
                _ => {}
            }
        }
        Ok(list)
    }

    pub(super) fn empty(resource: &'static Resource) -> Self {
        Self {
            resource,
            kind: String::new(),
            page: 0,
            size: 0,
            total: 0,
            items: None,
            gap: None,
        }
    }

    /// Returns the list without its items: an empty one if it has any.
    #[must_use]
    pub fn head(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            items: self.items.as_ref().map(|_| Vec::new()),
            gap: self.gap.clone(),
            ..*self
        }
    }

    /// Returns the items; no items if the server sent none.
    #[must_use]
    pub fn items(&self) -> &[Record] {
        self.items.as_deref().unwrap_or_default()
    }

    /// Returns the JSON for output: `items` is null if the server sent none.
    #[must_use]
    pub fn json(&self) -> Value {
        let items = self
            .items
            .as_ref()
            .map(|items| items.iter().map(Record::json).collect::<Vec<_>>());
        serde_json::json!({"kind": self.kind, "page": self.page, "size": self.size, "total": self.total, "items": items})
    }
}

fn read_at(resource: &'static Resource, tree: Tree<'_>, path: &str) -> Result<Record, WrongType> {
    let Tree::Object(pairs) = tree else {
        return Err(wrong_container(&tree, resource.kind));
    };
    let mut record = Record::with_room(resource, pairs.len());
    for (name, value) in pairs {
        if let Some(field) = resource.field(&name) {
            record.set(field, value, path)?;
        }
    }
    Ok(record)
}

fn convert(
    field: &Field,
    value: Tree<'_>,
    resource: &Resource,
    path: &str,
) -> Result<Value, WrongType> {
    match (field.kind, value) {
        (Type::Text, Tree::Scalar(value @ Value::String(_)))
        | (Type::Bool, Tree::Scalar(value @ Value::Bool(_))) => Ok(value),
        (Type::Nested, value) => Ok(Value::from(value)),
        (Type::Time, Tree::Scalar(Value::String(text))) => time(&text).map(Value::String),
        (Type::Int, Tree::Scalar(Value::Number(number))) if number.is_i64() => {
            Ok(Value::Number(number))
        }
        (Type::Float, Tree::Scalar(Value::Number(number))) => Ok(shortest(number)),
        (kind, value) => {
            let common = COMMON.iter().any(|common| common.name == field.name);
            let part = if common { "ObjectReference." } else { "" };
            let at = format!("{path}{part}{}", field.name);
            Err(match (kind, value) {
                (Type::Int, Tree::Scalar(Value::Number(number))) => {
                    wrong_number(&number, resource.kind, &at)
                }
                (kind, value) => wrong_type(&value, resource.kind, &at, go_type(kind)),
            })
        }
    }
}

/// Writes `1.0` as `1`, as Go prints floats.
fn shortest(number: Number) -> Value {
    match number.as_f64() {
        Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "checked: a whole number below 1e15"
            )]
            let whole = float as i64;
            Value::from(whole)
        }
        _ => Value::Number(number),
    }
}

/// Returns a time of RFC 3339 without trailing zeros in its fraction and with a zero offset written as `Z`.
fn time(text: &str) -> Result<String, WrongType> {
    let refused = || {
        WrongType(format!(
            "parsing time {0} as \"2006-01-02T15:04:05Z07:00\": cannot parse {0} as \"2006\"",
            crate::text::quote(text)
        ))
    };
    let shape = text.as_bytes();
    if shape.len() < 20 || shape.get(10) != Some(&b'T') || text.parse::<Timestamp>().is_err() {
        return Err(refused());
    }
    let (date, rest) = text.split_at(19);
    let offset_at = rest.find(['Z', '+', '-']).ok_or_else(refused)?;
    let (fraction, offset) = rest.split_at(offset_at);
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let offset = if matches!(offset, "+00:00" | "-00:00") {
        "Z"
    } else {
        offset
    };
    Ok(format!("{date}{fraction}{offset}"))
}

fn int(value: &Tree<'_>, type_name: &str, at: &str) -> Result<i64, WrongType> {
    match value {
        Tree::Scalar(Value::Number(number)) => number
            .as_i64()
            .ok_or_else(|| wrong_number(number, type_name, at)),
        other => Err(wrong_type(other, type_name, at, "int")),
    }
}

fn wrong_number(number: &Number, type_name: &str, at: &str) -> WrongType {
    WrongType(format!(
        "json: cannot unmarshal number {number} into Go struct field {type_name}.{at} of type int"
    ))
}

fn wrong_type(value: &Tree<'_>, type_name: &str, at: &str, wanted: &str) -> WrongType {
    WrongType(format!(
        "json: cannot unmarshal {} into Go struct field {type_name}.{at} of type {wanted}",
        value.type_word()
    ))
}

fn wrong_container(value: &Tree<'_>, type_name: &str) -> WrongType {
    WrongType(format!(
        "json: cannot unmarshal {} into Go value of type types.{type_name}",
        value.type_word()
    ))
}

fn go_type(kind: Type) -> &'static str {
    match kind {
        Type::Text => "string",
        Type::Int => "int",
        Type::Float => "float64",
        Type::Bool => "bool",
        Type::Time => "time.Time",
        Type::Nested => "map[string]interface {}",
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

fn zero(kind: Type) -> Value {
    match kind {
        Type::Text | Type::Time => Value::from(""),
        Type::Int | Type::Float => Value::from(0),
        Type::Bool => Value::from(false),
        Type::Nested => Value::Null,
    }
}
