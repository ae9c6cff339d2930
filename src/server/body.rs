//! Parses request bodies: checks them in the platform's order and refuses them in its words (docs/interface/api.md
//! section 6).

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use super::error::ServerFailure;
use super::fields::{Field, Kind, Type};
use super::record::{FieldValue, ServerRecord};
use super::time;
use crate::compat::{json, json_text};

/// An object as sent: its keys in order, a repeated key with its last value.
pub(super) type Object = Map<String, Json>;

/// The keys that every kind has.
const COMMON: [&str; 5] = ["id", "kind", "href", "created_at", "updated_at"];

/// How many values the nested fields of a body may have together. A record that a user writes has a few dozen.
const MAX_NESTED: usize = 10_000;

/// How much of a key's value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nothing,
    /// A nested value is emptied.
    Flat,
    Whole,
}

/// A new record before it has an id. It may hold a token, so it does not implement `Debug`.
pub(super) struct Draft {
    pub values: Vec<(&'static Field, FieldValue)>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// A body without the parts that no operation reads: it keeps some keys of the object and empties the nested values of
/// fields that have none. Otherwise a small body could become a huge tree.
struct Flat {
    json: Json,
    /// The first key that was not kept.
    unknown: Option<String>,
}

fn flat(bytes: &[u8], keeps: impl Fn(&str) -> Keep) -> Result<Flat, ServerFailure> {
    let text =
        json_text::check(bytes).map_err(|reason| ServerFailure::malformed(&reason.to_string()))?;
    let (mut unknown, mut room) = (None, MAX_NESTED);
    let reader = Reader {
        shape: Shape::Fields {
            keeps: &keeps,
            unknown: &mut unknown,
        },
        room: &mut room,
    };
    let json = reader
        .deserialize(&mut serde_json::Deserializer::from_str(&text))
        .map_err(|_| ServerFailure::malformed("number out of range"));
    // A body with bytes that are not Unicode was copied, and it may hold a token.
    if let Cow::Owned(copy) = text {
        drop(Zeroizing::new(copy));
    }
    if room == 0 {
        let reason = format!("nested fields have more than {MAX_NESTED} values");
        return Err(ServerFailure::malformed(&reason));
    }
    Ok(Flat {
        json: json?,
        unknown,
    })
}

/// Reads a value, and keeps of it what its shape says.
struct Reader<'a> {
    shape: Shape<'a>,
    /// How many more nested values may be kept.
    room: &'a mut usize,
}

enum Shape<'a> {
    /// The object of the body.
    Fields {
        keeps: &'a dyn Fn(&str) -> Keep,
        /// The first key that was not kept.
        unknown: &'a mut Option<String>,
    },
    /// A nested value whose content is dropped.
    Empty,
    /// A nested value that is kept, up to the number of values that are left.
    Whole,
}

impl Reader<'_> {
    fn nested(&mut self, shape: Shape<'static>) -> Reader<'_> {
        Reader {
            shape,
            room: self.room,
        }
    }

    /// Counts one more value; false if there is no room for it.
    fn has_room(&mut self) -> bool {
        *self.room = self.room.saturating_sub(1);
        *self.room > 0
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        if matches!(self.shape, Shape::Whole) {
            while self.has_room()
                && let Some(item) = items.next_element_seed(self.nested(Shape::Whole))?
            {
                list.push(item);
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Json, A::Error> {
        let mut object = Object::new();
        match self.shape {
            Shape::Fields { keeps, unknown } => {
                while let Some(key) = entries.next_key::<String>()? {
                    let shape = match keeps(&key) {
                        Keep::Nothing => {
                            entries.next_value::<IgnoredAny>()?;
                            unknown.get_or_insert(key);
                            continue;
                        }
                        Keep::Flat => Shape::Empty,
                        Keep::Whole => Shape::Whole,
                    };
                    let nested = Reader {
                        shape,
                        room: &mut *self.room,
                    };
                    object.insert(key, entries.next_value_seed(nested)?);
                }
            }
            Shape::Empty => {}
            Shape::Whole => {
                while self.has_room()
                    && let Some(key) = entries.next_key::<String>()?
                {
                    object.insert(key, entries.next_value_seed(self.nested(Shape::Whole))?);
                }
            }
        }
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Json::Object(object))
    }
}

/// Checks that a body is JSON, as actions without fields require.
///
/// # Errors
/// 400, code 17, if it is not JSON.
pub(super) fn any_json(bytes: &[u8]) -> Result<(), ServerFailure> {
    flat(bytes, |_| Keep::Nothing).map(drop)
}

/// Reads these keys of an object, without regard to case; `null` counts as an empty object. `target` is Go's name of
/// the type that the object would fill.
///
/// # Errors
/// 400, code 17.
pub(super) fn object(bytes: &[u8], target: &str, keys: &[&str]) -> Result<Object, ServerFailure> {
    let is_meant = |key: &str| {
        if keys.iter().any(|name| name.eq_ignore_ascii_case(key)) {
            Keep::Flat
        } else {
            Keep::Nothing
        }
    };
    into_object(flat(bytes, is_meant)?.json, target)
}

/// Returns the keys of a kind that a body explicitly sets to null.
pub(super) fn null_keys(kind: &'static Kind, bytes: &[u8]) -> Vec<String> {
    match flat(bytes, |key| kept(kind, key)).map(|body| body.json) {
        Ok(Json::Object(object)) => object
            .into_iter()
            .filter(|(_, value)| value.is_null())
            .map(|(key, _)| key)
            .collect(),
        _ => Vec::new(),
    }
}

fn into_object(json: Json, target: &str) -> Result<Object, ServerFailure> {
    match json {
        Json::Object(object) => Ok(object),
        Json::Null => Ok(Object::new()),
        other => Err(ServerFailure::malformed(&format!(
            "json: cannot unmarshal {} into Go value of type {target}",
            json::type_word(&other)
        ))),
    }
}

/// Parses the body of a request that creates a record.
///
/// With `null_is_empty` the body `null` creates a record without any value, as on the platform; otherwise the required
/// keys are missing from it.
///
/// # Errors
/// 400 with code 17, or with code 8 if the body names an id.
pub(super) fn parse_create(
    kind: &'static Kind,
    bytes: &[u8],
    null_is_empty: bool,
) -> Result<Draft, ServerFailure> {
    let body = flat(bytes, |key| kept(kind, key))?;
    if body.json.is_null() && null_is_empty {
        return fill(kind, Object::new());
    }
    let object = into_object(body.json, "map[string]interface {}")?;
    let missing = |field: &&Field| field.required && !object.contains_key(field.name);
    if let Some(field) = kind.fields.iter().find(missing) {
        return Err(ServerFailure::malformed(&format!(
            "no value given for required property {}",
            field.name
        )));
    }
    if let Some(key) = body.unknown {
        return Err(ServerFailure::malformed(&format!(
            "json: unknown field {key:?}"
        )));
    }
    fill(kind, object)
}

fn kept(kind: &'static Kind, key: &str) -> Keep {
    let is_common = COMMON.iter().any(|name| name.eq_ignore_ascii_case(key));
    match find(kind, key) {
        None if !is_common => Keep::Nothing,
        Some(field) if matches!(field.kind, Type::Nested(_)) => Keep::Whole,
        _ => Keep::Flat,
    }
}

fn find(kind: &'static Kind, key: &str) -> Option<&'static Field> {
    kind.fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(key))
}

fn fill(kind: &'static Kind, object: Object) -> Result<Draft, ServerFailure> {
    let holder = format!("_{}", kind.name);
    let mut draft = Draft {
        values: Vec::with_capacity(object.len()),
        created_at: None,
        updated_at: None,
    };
    let mut has_id = false;
    for (key, json) in object {
        let common = COMMON.iter().find(|name| name.eq_ignore_ascii_case(&key));
        match (common, find(kind, &key)) {
            (Some(name @ (&"created_at" | &"updated_at")), _) => {
                let time = match typed(name, Type::Time, json, &holder)? {
                    Some(FieldValue::Time(time)) => Some(time),
                    _ => None,
                };
                if *name == "created_at" {
                    draft.created_at = time;
                } else {
                    draft.updated_at = time;
                }
            }
            (Some(name), _) => {
                let value = typed(name, Type::Text, json, &holder)?;
                if *name == "id" {
                    has_id = value.is_some_and(|value| value != FieldValue::Text(String::new()));
                }
            }
            (None, Some(field)) => {
                let value = typed(field.name, field.kind, json, &holder)?;
                if field.on_create
                    && let Some(value) = value
                {
                    draft.values.push((field, value));
                }
            }
            (None, None) => {}
        }
    }
    if has_id {
        return Err(ServerFailure::invalid("id must be empty"));
    }
    Ok(draft)
}

/// Parses the body of a PATCH: returns the fields that are present, known, changeable and not null.
///
/// # Errors
/// 400, code 17.
pub(super) fn parse_patch(
    kind: &'static Kind,
    bytes: &[u8],
) -> Result<Vec<(&'static Field, FieldValue)>, ServerFailure> {
    let holder = format!("{}PatchRequest", kind.name);
    let body = flat(bytes, |key| match find(kind, key) {
        Some(_) => kept(kind, key),
        None => Keep::Nothing,
    })?;
    let object = into_object(body.json, &format!("openapi.{holder}"))?;
    let mut values = Vec::with_capacity(object.len());
    for (key, json) in object {
        if let Some(field) = find(kind, &key).filter(|field| field.on_patch)
            && let Some(value) = typed(field.name, field.kind, json, &holder)?
        {
            values.push((field, value));
        }
    }
    Ok(values)
}

/// Returns the text of a key, matched without regard to case; empty if the key is absent.
///
/// # Errors
/// 400, code 17, if the value is not a text. `holder` is Go's name of the structure.
pub(super) fn text_of(object: &Object, key: &str, holder: &str) -> Result<String, ServerFailure> {
    let json = object
        .iter()
        .rev()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, json)| json.clone());
    match json
        .map(|json| typed(key, Type::Text, json, holder))
        .transpose()?
    {
        Some(Some(FieldValue::Text(text))) => Ok(text),
        _ => Ok(String::new()),
    }
}

/// Converts a JSON value to a field's type; returns `None` for null.
fn typed(
    name: &str,
    kind: Type,
    json: Json,
    holder: &str,
) -> Result<Option<FieldValue>, ServerFailure> {
    let refused = |found: &str, wanted: &str| {
        ServerFailure::malformed(&format!(
            "json: cannot unmarshal {found} into Go struct field {holder}.{name} of type {wanted}"
        ))
    };
    let wanted = match kind {
        Type::Text => "string",
        Type::Bool => "bool",
        Type::Int => "int32",
        Type::Number => "float64",
        Type::Time => "time.Time",
        Type::Nested(shape) => shape.go_type(),
    };
    match (kind, json) {
        (_, Json::Null) => Ok(None),
        (Type::Text, Json::String(text)) => Ok(Some(FieldValue::Text(text))),
        (Type::Bool, Json::Bool(flag)) => Ok(Some(FieldValue::Bool(flag))),
        (Type::Nested(shape), value) if shape.fits(&value) => Ok(Some(FieldValue::Nested(value))),
        (Type::Int, Json::Number(number)) => match number.as_i64().map(i32::try_from) {
            Some(Ok(int)) => Ok(Some(FieldValue::Int(i64::from(int)))),
            _ => Err(refused(&format!("number {number}"), wanted)),
        },
        (Type::Number, Json::Number(number)) => Ok(number.as_f64().map(FieldValue::Number)),
        (Type::Time, Json::String(text)) => time::parse_rfc3339(&text)
            .map(|time| Some(FieldValue::Time(time)))
            .map_err(|error| ServerFailure::malformed(&error.to_string())),
        (Type::Time, _) => Err(ServerFailure::malformed(
            "Time.UnmarshalJSON: input is not a JSON string",
        )),
        (_, other) => Err(refused(json::type_word(&other), wanted)),
    }
}

impl Draft {
    /// Returns the value of a text field, if the body sets it.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .rev()
            .find_map(|(field, value)| match value {
                FieldValue::Text(text) if field.name == name => Some(text.as_str()),
                _ => None,
            })
    }

    /// Turns the draft into a record.
    pub(super) fn into_record(self, kind: &'static Kind, id: String) -> ServerRecord {
        let mut record = ServerRecord::new(kind, id);
        if let Some(created_at) = self.created_at {
            record.created_at = created_at;
        }
        if let Some(updated_at) = self.updated_at {
            record.updated_at = updated_at;
        }
        apply(&mut record, self.values);
        record
    }
}

/// Sets the fields of a record.
pub(super) fn apply(record: &mut ServerRecord, values: Vec<(&'static Field, FieldValue)>) {
    for (field, value) in values {
        record.set(field.name, value);
    }
}
