//! Request bodies: checked in the platform's order and refused in its words (contract api.md section 6).

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::error::Failure;
use super::fields::{Field, Kind, Type};
use super::record::{Record, Value};
use super::time;
use crate::compat::json_text;

/// A body as sent: its keys in order, a repeated one with its last value.
pub type Object = Map<String, Json>;

/// Keys that every kind has.
const COMMON: [&str; 5] = ["id", "kind", "href", "created_at", "updated_at"];

/// A checked create, before an id is given. It may hold a token, so it has no debug form.
pub struct Draft {
    pub values: Vec<(&'static Field, Value)>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// Reads a body that may be anything, as actions without fields take it.
///
/// # Errors
/// 400, code 17, if it is no JSON.
pub fn any_json(bytes: &[u8]) -> Result<Json, Failure> {
    let text = json_text::check(bytes).map_err(|reason| Failure::malformed(&reason))?;
    serde_json::from_str(&text).map_err(|_| Failure::malformed("number out of range"))
}

/// Reads an object; `null` counts as one without keys. `target` is what Go calls the place it fills.
///
/// # Errors
/// 400, code 17.
pub fn object(bytes: &[u8], target: &str) -> Result<Object, Failure> {
    match any_json(bytes)? {
        Json::Object(object) => Ok(object),
        Json::Null => Ok(Object::new()),
        other => Err(Failure::malformed(&format!(
            "json: cannot unmarshal {} into Go value of type {target}",
            kind_of(&other)
        ))),
    }
}

/// Reads the body of a create.
///
/// With `null_is_empty` the body `null` makes a record of which nothing is set, as on the platform;
/// without, it lacks the required keys.
///
/// # Errors
/// 400, code 17; code 8 for an id; 500, code 9, for a NUL in a text.
pub fn create(kind: &'static Kind, bytes: &[u8], null_is_empty: bool) -> Result<Draft, Failure> {
    let body = any_json(bytes)?;
    if body.is_null() && null_is_empty {
        return draft(kind, Object::new());
    }
    let object = match body {
        Json::Object(object) => object,
        Json::Null => Object::new(),
        other => {
            return Err(Failure::malformed(&format!(
                "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                kind_of(&other)
            )));
        }
    };
    let missing = |field: &&Field| field.required && !object.contains_key(field.name);
    if let Some(field) = kind.fields.iter().find(missing) {
        return Err(Failure::malformed(&format!(
            "no value given for required property {}",
            field.name
        )));
    }
    if let Some(key) = object.keys().find(|key| !is_known(kind, key)) {
        return Err(Failure::malformed(&format!("json: unknown field {key:?}")));
    }
    draft(kind, object)
}

fn is_known(kind: &'static Kind, key: &str) -> bool {
    COMMON.iter().any(|name| name.eq_ignore_ascii_case(key)) || find(kind, key).is_some()
}

fn find(kind: &'static Kind, key: &str) -> Option<&'static Field> {
    kind.fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(key))
}

fn draft(kind: &'static Kind, object: Object) -> Result<Draft, Failure> {
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
                    Some(Value::Time(time)) => Some(time),
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
                    has_id = value.is_some_and(|value| value != Value::Text(String::new()));
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
        return Err(Failure::invalid("id must be empty"));
    }
    Ok(draft)
}

/// Reads the body of a PATCH: the fields that are present, known, changeable and not null.
///
/// # Errors
/// 400, code 17.
pub fn patch(kind: &'static Kind, bytes: &[u8]) -> Result<Vec<(&'static Field, Value)>, Failure> {
    let holder = format!("{}PatchRequest", kind.name);
    let object = object(bytes, &format!("openapi.{holder}"))?;
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

/// The text of a key that may be absent; keys are matched without regard to case.
///
/// # Errors
/// 400, code 17, for another type. `holder` is Go's name of the structure.
pub fn text_of(object: &Object, key: &str, holder: &str) -> Result<String, Failure> {
    let json = object
        .iter()
        .rev()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, json)| json.clone());
    match json
        .map(|json| typed(key, Type::Text, json, holder))
        .transpose()?
    {
        Some(Some(Value::Text(text))) => Ok(text),
        _ => Ok(String::new()),
    }
}

/// A JSON value as a field's type has it; null is none.
fn typed(name: &str, kind: Type, json: Json, holder: &str) -> Result<Option<Value>, Failure> {
    let refused = |found: &str, wanted: &str| {
        Failure::malformed(&format!(
            "json: cannot unmarshal {found} into Go struct field {holder}.{name} of type {wanted}"
        ))
    };
    let wanted = match kind {
        Type::Text => "string",
        Type::Bool => "bool",
        Type::Int => "int32",
        Type::Number => "float64",
        Type::Time => "time.Time",
    };
    match (kind, json) {
        (_, Json::Null) => Ok(None),
        (Type::Text, Json::String(text)) => Ok(Some(Value::Text(text))),
        (Type::Bool, Json::Bool(flag)) => Ok(Some(Value::Bool(flag))),
        (Type::Int, Json::Number(number)) => match number.as_i64().map(i32::try_from) {
            Some(Ok(int)) => Ok(Some(Value::Int(i64::from(int)))),
            _ => Err(refused(&format!("number {number}"), wanted)),
        },
        (Type::Number, Json::Number(number)) => Ok(number.as_f64().map(Value::Number)),
        (Type::Time, Json::String(text)) => time::parse_rfc3339(&text)
            .map(|time| Some(Value::Time(time)))
            .map_err(|reason| Failure::malformed(&reason)),
        (Type::Time, _) => Err(Failure::malformed(
            "Time.UnmarshalJSON: input is not a JSON string",
        )),
        (_, other) => Err(refused(kind_of(&other), wanted)),
    }
}

/// Go's word for the type of a JSON value.
fn kind_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

impl Draft {
    /// The value of a text field, if the body sets it.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .rev()
            .find_map(|(field, value)| match value {
                Value::Text(text) if field.name == name => Some(text.as_str()),
                _ => None,
            })
    }

    /// Makes the record.
    pub fn into_record(self, kind: &'static Kind, id: String) -> Record {
        let mut record = Record::new(kind, id);
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
pub fn apply(record: &mut Record, values: Vec<(&'static Field, Value)>) {
    for (field, value) in values {
        record.set(field.name, value);
    }
}
