//! Checks JSON against the schemas in `docs/schema/`: the part of JSON Schema 2020-12 that they use. A keyword that
//! this module does not know fails the test, so nothing in a schema is passed over.

use std::fs;

use serde_json::{Map, Value};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/");

/// Returns where and why a value does not fit a schema, which is named without `.json`.
pub fn faults(name: &str, value: &Value) -> Vec<String> {
    let schema = read(&format!("{name}.json"));
    let mut faults = Vec::new();
    check(&schema, &schema, value, "$", &mut faults);
    faults
}

/// Reads a schema by its file's name.
pub fn read(file: &str) -> Value {
    let text = fs::read_to_string(format!("{FOLDER}{file}"))
        .unwrap_or_else(|error| panic!("docs/schema/{file}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("docs/schema/{file}: {error}"))
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let empty = Map::new();
    let object = value.as_object().unwrap_or(&empty);
    for (keyword, wanted) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$schema" | "$defs" | "title" => {}
            "$ref" => refer(root, wanted.as_str().unwrap(), value, at, faults),
            "type" => {
                let types = match wanted {
                    Value::Array(types) => types.iter().collect(),
                    one => vec![one],
                };
                if !types.iter().any(|it| is(it.as_str().unwrap(), value)) {
                    faults.push(format!("{at}: {value} is not {wanted}"));
                }
            }
            "enum" => {
                let values = wanted.as_array().unwrap();
                let fault = || format!("{at}: {value} is not one of {wanted}");
                faults.extend((!values.contains(value)).then(fault));
            }
            "required" => {
                for key in wanted.as_array().unwrap() {
                    if value.is_object() && !object.contains_key(key.as_str().unwrap()) {
                        faults.push(format!("{at}: {key} is missing"));
                    }
                }
            }
            "properties" => {
                for (key, schema) in wanted.as_object().unwrap() {
                    if let Some(value) = object.get(key) {
                        check(root, schema, value, &format!("{at}.{key}"), faults);
                    }
                }
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (key, value) in object {
                    let is_known = known.is_some_and(|known| known.contains_key(key));
                    match wanted {
                        _ if is_known => {}
                        Value::Bool(allowed) => {
                            if !allowed {
                                faults.push(format!("{at}: {key} is not in the schema"));
                            }
                        }
                        schema => check(root, schema, value, &format!("{at}.{key}"), faults),
                    }
                }
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{at}[{n}]"), faults);
                }
            }
            "anyOf" => {
                let fits = |schema: &Value| {
                    let mut faults = Vec::new();
                    check(root, schema, value, at, &mut faults);
                    faults.is_empty()
                };
                if !wanted.as_array().unwrap().iter().any(fits) {
                    faults.push(format!("{at}: fits none of {wanted}: {value}"));
                }
            }
            other => panic!("the keyword {other} is not known here"),
        }
    }
}

fn refer(root: &Value, target: &str, value: &Value, at: &str, faults: &mut Vec<String>) {
    match target.strip_prefix('#') {
        Some(pointer) => check(root, root.pointer(pointer).unwrap(), value, at, faults),
        None => {
            let other = read(target);
            check(&other, &other, value, at, faults);
        }
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("the type {other} is not known here"),
    }
}
