//! The `OpenAPI` document, generated from the routes and the tables of fields.
//!
//! `openapi/ambient.json` is a copy for readers. A test checks that it is current, and
//! `UPDATE_OPENAPI=1 cargo test --lib openapi` regenerates it.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::call::Verb;
use super::fields::{Field, Kind, Shape, Type};
use super::names::{BASE, DESCRIPTION_PATH, HEALTH_PATH, PLATFORM_PATH, ROOT_PATH, VERSION_PATH};
use super::route::{Does, ROUTES, Route};
use crate::text::with_article;

/// Returns the `OpenAPI` document as indented text.
pub fn text() -> String {
    format!("{:#}\n", document())
}

/// Returns the `OpenAPI` document.
pub fn document() -> Json {
    let mut paths: BTreeMap<String, Map<String, Json>> = BTreeMap::new();
    for route in ROUTES {
        let path = format!("{BASE}{}", route.path.replace('*', ""));
        let verb = match route.verb {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
        };
        paths
            .entry(path)
            .or_default()
            .insert(verb.to_owned(), operation(route));
    }
    for (path, summary) in [
        (ROOT_PATH, "The root of the API"),
        (VERSION_PATH, "The version"),
        (DESCRIPTION_PATH, "This document"),
        (HEALTH_PATH, "The health"),
        (PLATFORM_PATH, "The kind of platform"),
    ] {
        let operation = json!({
            "summary": summary,
            "responses": {"200": {"description": "Answered", "content": {"application/json": {"schema": {"type": "object"}}}}},
        });
        paths
            .entry(path.to_owned())
            .or_default()
            .insert("get".to_owned(), operation);
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Ambient API, embedded in acpctl",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"bearer": []}],
    })
}

fn kinds() -> BTreeMap<&'static str, &'static Kind> {
    ROUTES
        .iter()
        .map(|route| (route.kind.name, route.kind))
        .collect()
}

fn schemas() -> Map<String, Json> {
    let mut schemas = Map::new();
    for (name, kind) in kinds() {
        schemas.insert(name.to_owned(), record_schema(kind));
        schemas.insert(
            format!("{name}List"),
            json!({
                "type": "object",
                "required": ["items", "kind", "page", "size", "total"],
                "properties": {
                    "items": {"type": "array", "items": {"type": "object"}},
                    "kind": {"type": "string"},
                    "page": {"type": "integer"},
                    "size": {"type": "integer"},
                    "total": {"type": "integer"},
                },
            }),
        );
        schemas.insert(format!("{name}Create"), create_schema(kind));
        schemas.insert(format!("{name}PatchRequest"), patch_schema(kind));
    }
    let text = json!({"type": "string"});
    schemas.insert(
        "Error".to_owned(),
        json!({
            "type": "object",
            "required": ["reason"],
            "properties": {
                "code": text, "href": text, "id": text, "kind": text, "operation_id": text, "reason": text,
            },
        }),
    );
    schemas
}

fn type_of(field: &Field) -> Json {
    let mut schema = match field.kind {
        Type::Text => json!({"type": "string"}),
        Type::Bool => json!({"type": "boolean"}),
        Type::Int => json!({"type": "integer", "format": "int32"}),
        Type::Number => json!({"type": "number", "format": "double"}),
        Type::Time => json!({"type": "string", "format": "date-time"}),
        Type::Nested(Shape::Texts) => json!({"type": "array", "items": {"type": "string"}}),
        Type::Nested(Shape::Objects) => json!({"type": "array", "items": {"type": "object"}}),
        Type::Nested(Shape::TextMap) => {
            json!({"type": "object", "additionalProperties": {"type": "string"}})
        }
        Type::Nested(Shape::Object) => json!({"type": "object"}),
    };
    if field.null_shown {
        schema["nullable"] = Json::Bool(true);
    }
    schema
}

fn properties<'a>(fields: impl Iterator<Item = &'a Field>) -> Map<String, Json> {
    fields
        .map(|field| (field.name.to_owned(), type_of(field)))
        .collect()
}

fn record_schema(kind: &'static Kind) -> Json {
    let mut properties = properties(kind.fields.iter().filter(|field| !field.secret));
    for name in ["id", "kind", "href"] {
        properties.insert(name.to_owned(), json!({"type": "string", "readOnly": true}));
    }
    for name in ["created_at", "updated_at"] {
        properties.insert(
            name.to_owned(),
            json!({"type": "string", "format": "date-time", "readOnly": true}),
        );
    }
    let mut required = vec!["id", "kind", "href", "created_at", "updated_at"];
    required.extend(
        kind.fields
            .iter()
            .filter(|field| field.required)
            .map(|field| field.name),
    );
    json!({"type": "object", "required": required, "properties": properties})
}

fn create_schema(kind: &'static Kind) -> Json {
    let required: Vec<&str> = kind
        .fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties(kind.fields.iter().filter(|field| field.on_create)),
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn patch_schema(kind: &'static Kind) -> Json {
    json!({
        "type": "object",
        "properties": properties(kind.fields.iter().filter(|field| field.on_patch)),
    })
}

fn reference(name: &str) -> Json {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn answer(description: &str, schema: &Json) -> Json {
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

fn operation(route: &'static Route) -> Json {
    let name = route.kind.name;
    let one = with_article(name);
    let (summary, status, success) = match route.does {
        Does::List => (
            format!("List records: {name}"),
            "200",
            answer("A page", &reference(&format!("{name}List"))),
        ),
        Does::Create => (
            format!("Create {one}"),
            "201",
            answer("Created", &reference(name)),
        ),
        Does::Read => (
            format!("Read {one}"),
            "200",
            answer("The record", &reference(name)),
        ),
        Does::Change => (
            format!("Change {one}"),
            "200",
            answer("Changed", &reference(name)),
        ),
        Does::Delete => (
            format!("Delete {one}"),
            "204",
            json!({"description": "Deleted"}),
        ),
        Does::Act => (
            format!("Act on {one}"),
            "200",
            answer("The record", &reference(name)),
        ),
        Does::Other(what) | Does::Unavailable(what) => {
            (what.to_owned(), "2XX", json!({"description": "Done"}))
        }
    };
    let mut responses = Map::new();
    responses.insert(status.to_owned(), success);
    // Refusals are JSON, or a line of text if the route needs a session's runner.
    responses.insert(
        "default".to_owned(),
        json!({"description": "Refused", "content": {
            "application/json": {"schema": reference("Error")},
            "text/plain": {"schema": {"type": "string"}},
        }}),
    );
    let mut operation = json!({
        "summary": summary,
        "operationId": operation_id(route),
        "tags": [tag(route)],
        "parameters": parameters(route),
        "responses": responses,
    });
    let body = match route.does {
        Does::Create => Some(reference(&format!("{name}Create"))),
        Does::Change => Some(reference(&format!("{name}PatchRequest"))),
        _ if matches!(route.verb, Verb::Post | Verb::Patch) => Some(json!({"type": "object"})),
        _ => None,
    };
    if let Some(schema) = body {
        operation["requestBody"] = json!({
            "required": matches!(route.does, Does::Create | Does::Change),
            "content": {"application/json": {"schema": schema}},
        });
    }
    operation
}

/// Returns the name of the kind, or `unavailable`, so that test tools can skip such routes.
fn tag(route: &Route) -> &'static str {
    match route.does {
        Does::Unavailable(_) => "unavailable",
        _ => route.kind.name,
    }
}

/// Joins the verb and the words of the path.
fn operation_id(route: &Route) -> String {
    let words = route
        .path
        .replace(['{', '}', '*'], "")
        .replace(['/', '-'], "_");
    format!("{:?}{words}", route.verb).to_lowercase()
}

fn parameters(route: &Route) -> Vec<Json> {
    let mut parameters: Vec<Json> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            json!({"name": name.trim_end_matches('*'), "in": "path", "required": true, "schema": {"type": "string"}})
        })
        .collect();
    if route.does == Does::List {
        for (name, kind) in [
            ("page", "integer"),
            ("size", "integer"),
            ("search", "string"),
            ("orderBy", "string"),
            ("fields", "string"),
        ] {
            parameters.push(json!({"name": name, "in": "query", "schema": {"type": kind}}));
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store;

    #[test]
    fn the_document_is_current() {
        let made = text();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/ambient.json");
        #[expect(clippy::disallowed_methods, reason = "a switch for developers")]
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap() == made,
            "openapi/ambient.json is old: run UPDATE_OPENAPI=1 cargo test --lib openapi"
        );
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let mut names: Vec<String> = ROUTES.iter().map(operation_id).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_field_has_its_column() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        store::create_tables(&connection);
        for kind in kinds().into_values() {
            let mut columns: Vec<String> = connection
                .prepare(&format!(
                    "SELECT name FROM pragma_table_info('{}')",
                    kind.table
                ))
                .unwrap()
                .query_map([], |row| row.get(0))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let mut wanted: Vec<&str> = vec!["id", "created_at", "updated_at", "deleted_at"];
            wanted.extend(
                kind.fields
                    .iter()
                    .filter(|field| !field.secret)
                    .map(|field| field.name),
            );
            columns.sort();
            wanted.sort_unstable();
            assert_eq!(columns, wanted, "{}", kind.name);
        }
    }
}
