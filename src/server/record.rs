//! Records, and their conversion to and from JSON and rows.

use jiff::Timestamp;
use rusqlite::types::{ToSqlOutput, Value as Sql, ValueRef};
use serde_json::{Map, Number, Value as Json};

use super::fields::{DefaultValue, Kind, Type};
use super::names::BASE;
use super::time;

/// The value of one field. It may be a token, so it does not implement `Debug`.
#[derive(Clone, PartialEq)]
pub(super) enum FieldValue {
    Null,
    Text(String),
    Bool(bool),
    Int(i64),
    Number(f64),
    Time(Timestamp),
    Nested(Json),
}

/// One record of a kind; `values` are in the order of the kind's fields.
#[derive(Clone, PartialEq)]
pub(super) struct ServerRecord {
    pub kind: &'static Kind,
    pub id: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub values: Vec<FieldValue>,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table
    }
}

impl FieldValue {
    fn of(default: DefaultValue) -> Self {
        match default {
            DefaultValue::Absent => Self::Null,
            DefaultValue::Text(text) => Self::Text(text.to_owned()),
            DefaultValue::Int(int) => Self::Int(int),
            DefaultValue::Number(number) => Self::Number(number),
            DefaultValue::Bool(flag) => Self::Bool(flag),
        }
    }

    /// Converts to JSON as Go writes it: whole numbers have no fraction.
    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Text(text) => Json::String(text.clone()),
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Int(int) => Json::from(*int),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "checked to be whole and small"
            )]
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                Json::from(*number as i64)
            }
            Self::Number(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
            Self::Time(time) => Json::String(time::format(*time)),
            Self::Nested(value) => value.clone(),
        }
    }

    /// Converts to the form in which the store holds it.
    pub(super) fn to_sql(&self) -> Sql {
        match self {
            Self::Null => Sql::Null,
            Self::Text(text) => Sql::Text(text.clone()),
            Self::Bool(flag) => Sql::Integer(i64::from(*flag)),
            Self::Int(int) => Sql::Integer(*int),
            Self::Number(number) => Sql::Real(*number),
            Self::Time(time) => Sql::Integer(time::to_micros(*time)),
            Self::Nested(value) => Sql::Text(value.to_string()),
        }
    }

    /// Reads a value from a column of this type; a value of another type counts as null.
    pub(super) fn from_sql(kind: Type, column: ValueRef<'_>) -> Self {
        match (kind, column) {
            (Type::Text, ValueRef::Text(bytes)) => {
                Self::Text(String::from_utf8_lossy(bytes).into_owned())
            }
            (Type::Nested(_), ValueRef::Text(bytes)) => {
                serde_json::from_slice(bytes).map_or(Self::Null, Self::Nested)
            }
            (Type::Bool, ValueRef::Integer(int)) => Self::Bool(int != 0),
            (Type::Int, ValueRef::Integer(int)) => Self::Int(int),
            (Type::Number, ValueRef::Real(number)) => Self::Number(number),
            (Type::Time, ValueRef::Integer(micros)) => Self::Time(time::from_micros(micros)),
            _ => Self::Null,
        }
    }
}

impl rusqlite::ToSql for FieldValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            other => ToSqlOutput::Owned(Self::to_sql(other)),
        })
    }
}

impl ServerRecord {
    /// Creates a record with default values only.
    pub(super) fn new(kind: &'static Kind, id: String) -> Self {
        let now = time::now();
        Self {
            kind,
            id,
            created_at: now,
            updated_at: now,
            values: kind
                .fields
                .iter()
                .map(|field| FieldValue::of(field.default))
                .collect(),
        }
    }

    /// Returns the value of a field; null if the kind has no such field.
    pub(super) fn get(&self, name: &str) -> &FieldValue {
        self.kind
            .index(name)
            .and_then(|index| self.values.get(index))
            .unwrap_or(&FieldValue::Null)
    }

    /// Returns the text of a field; empty if it has none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.optional_text(name).unwrap_or_default()
    }

    /// Returns the text of a field, if it has one.
    pub(super) fn optional_text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            FieldValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Sets a field; does nothing if the kind has no such field.
    pub(super) fn set(&mut self, name: &str, value: FieldValue) {
        if let Some(slot) = self
            .kind
            .index(name)
            .and_then(|index| self.values.get_mut(index))
        {
            *slot = value;
        }
    }

    pub(super) fn set_text(&mut self, name: &str, text: impl Into<String>) {
        self.set(name, FieldValue::Text(text.into()));
    }

    /// Returns the object that an answer shows, with its keys sorted by name.
    pub(super) fn to_json(&self) -> Json {
        let mut entries: Vec<(&str, Json)> = vec![
            ("created_at", Json::String(time::format(self.created_at))),
            ("href", Json::String(self.href())),
            ("id", Json::String(self.id.clone())),
            ("kind", Json::String(self.kind.name.to_owned())),
            ("updated_at", Json::String(time::format(self.updated_at))),
        ];
        entries.extend(
            self.kind
                .fields
                .iter()
                .zip(&self.values)
                .filter(|(field, _)| !field.secret)
                .filter(|(field, value)| field.null_shown || **value != FieldValue::Null)
                .map(|(field, value)| (field.name, value.to_json())),
        );
        entries.sort_unstable_by_key(|(name, _)| *name);
        let object: Map<String, Json> = entries
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Json::Object(object)
    }

    /// Returns the path of the record. Scheduled sessions name their project in it.
    fn href(&self) -> String {
        match self.kind.collection.split_once("{project_id}") {
            Some((before, after)) => {
                format!(
                    "{BASE}/{before}{}{after}/{}",
                    self.text("project_id"),
                    self.id
                )
            }
            None => format!("{BASE}/{}/{}", self.kind.collection, self.id),
        }
    }
}
