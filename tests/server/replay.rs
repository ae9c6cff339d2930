//! The recorded exchanges, in order, against a fresh store (tests/data/api.jsonl).
//!
//! Identifiers that the server makes up are mapped as they appear; times, operation ids and what
//! names a build are not compared. Where the recorded server broke the connection, any 4xx is right.

use std::collections::{BTreeSet, HashMap};

use acpctl::server::Fidelity;
use serde_json::Value;

use super::support::Api;

/// Differences that are meant, with their reason (docs/server.md).
const MEANT: &[(&str, &str)] = &[
    ("cred-search-token-column", "a token can't be searched"),
    ("cred-orderby-expression", "only columns order a list"),
    (
        "meta-non-api-path",
        "this server has its own health check, and no older backend",
    ),
    (
        "role-get",
        "the recording never shows the id of this role before",
    ),
    (
        "rb-create-noauth",
        "the recording never shows the id of this role before",
    ),
    (
        "rb-get",
        "what it reads was not created, see rb-create-noauth",
    ),
];

const FREE: [&str; 5] = [
    "operation_id",
    "timestamp",
    "build_time",
    "commit",
    "version",
];

type Ids = HashMap<String, String>;

#[test]
fn recorded_exchanges_are_answered_as_recorded() {
    let api = Api::new(Fidelity::Recorded);
    let mut ids = Ids::new();
    let mut different = BTreeSet::new();
    for line in include_str!("../data/api.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["id"].as_str().unwrap();
        let (status, kind, body) = send(&api, &mapped(&case["request"], &ids));
        let Some(recorded) = case.get("response") else {
            learn(&case["made"], &body, &mut ids);
            continue;
        };
        learn(&recorded["body"], &body, &mut ids);
        let found = differences(recorded, status, &kind, &body, &ids);
        if !found.is_empty() {
            different.insert(name.to_owned());
            assert!(
                MEANT.iter().any(|(meant, _)| *meant == name),
                "{name}: {found:?}"
            );
        }
    }
    let meant: BTreeSet<String> = MEANT.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(different, meant, "the list of differences is old");
}

fn send(api: &Api, request: &Value) -> (u16, String, Value) {
    let path = request["path"].as_str().unwrap();
    let path = match request["query"].as_str() {
        Some(query) => format!("!{path}?{query}"),
        None => format!("!{path}"),
    };
    let body = match &request["body"] {
        Value::Null => Vec::new(),
        body => match body.get("$raw").and_then(Value::as_str) {
            // Sent as bytes, one for each character below 256.
            Some(raw) => raw
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap())
                .collect(),
            None => body.to_string().into_bytes(),
        },
    };
    let headers: Vec<(&str, &str)> = request["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let answer = api.send(request["method"].as_str().unwrap(), &path, &headers, body);
    let body = match serde_json::from_str(&answer.text) {
        Ok(json) => json,
        Err(_) if answer.text.is_empty() => Value::Null,
        Err(_) => Value::String(answer.text.clone()),
    };
    let kind = answer.header("content-type").unwrap_or_default().to_owned();
    (answer.status, kind, body)
}

fn differences(recorded: &Value, status: u16, kind: &str, body: &Value, ids: &Ids) -> Vec<String> {
    let Some(wanted) = recorded["status"].as_u64() else {
        return if (400..500).contains(&status) {
            Vec::new()
        } else {
            vec![format!("status {status} where the connection broke")]
        };
    };
    let mut found = Vec::new();
    if wanted != u64::from(status) {
        found.push(format!("status {status}, recorded {wanted}"));
    }
    let recorded_kind = recorded["type"].as_str().unwrap_or_default();
    if recorded_kind != kind {
        found.push(format!("type {kind}, recorded {recorded_kind}"));
    }
    differ(&mapped(&recorded["body"], ids), body, "", &mut found);
    found
}

fn differ(recorded: &Value, got: &Value, at: &str, found: &mut Vec<String>) {
    match (recorded, got) {
        (Value::Object(recorded), Value::Object(got)) => {
            let keys: BTreeSet<&String> = recorded.keys().chain(got.keys()).collect();
            for key in keys.into_iter().filter(|key| !FREE.contains(&key.as_str())) {
                match (recorded.get(key), got.get(key)) {
                    (Some(recorded), Some(got)) => {
                        differ(recorded, got, &format!("{at}.{key}"), found);
                    }
                    (Some(_), None) => found.push(format!("{at}.{key} is missing")),
                    _ => found.push(format!("{at}.{key} is not recorded")),
                }
            }
        }
        (Value::Array(recorded), Value::Array(got)) if recorded.len() == got.len() => {
            for (index, (recorded, got)) in recorded.iter().zip(got).enumerate() {
                differ(recorded, got, &format!("{at}[{index}]"), found);
            }
        }
        (Value::String(recorded), Value::String(got))
            if comparable(recorded) == comparable(got) => {}
        (recorded, got) if recorded == got => {}
        (recorded, got) => found.push(format!("{at}: {got}, recorded {recorded}")),
    }
}

/// A text without what differs from run to run: a time, or the second at the end of a session's name.
fn comparable(text: &str) -> String {
    if text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z') {
        return "time".to_owned();
    }
    match text.rsplit_once('-') {
        Some((name, second))
            if second.len() == 10 && second.bytes().all(|b| b.is_ascii_digit()) =>
        {
            name.to_owned()
        }
        _ => text.to_owned(),
    }
}

/// Notes which identifier of ours stands for which recorded one.
fn learn(recorded: &Value, got: &Value, ids: &mut Ids) {
    match (recorded, got) {
        (Value::Object(recorded), Value::Object(got)) => {
            for (key, value) in recorded {
                learn(value, got.get(key).unwrap_or(&Value::Null), ids);
            }
        }
        (Value::Array(recorded), Value::Array(got)) => {
            for (recorded, got) in recorded.iter().zip(got) {
                learn(recorded, got, ids);
            }
        }
        (Value::String(recorded), Value::String(got)) if is_id(recorded) && is_id(got) => {
            ids.entry(recorded.clone()).or_insert_with(|| got.clone());
        }
        _ => {}
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 27 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A recorded value with our identifiers in place of the recorded ones.
fn mapped(value: &Value, ids: &Ids) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), mapped(value, ids)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(array) => array.iter().map(|value| mapped(value, ids)).collect(),
        Value::String(text) => Value::String(ids.iter().fold(text.clone(), |text, (from, to)| {
            if text.contains(from.as_str()) {
                text.replace(from.as_str(), to)
            } else {
                text
            }
        })),
        other => other.clone(),
    }
}
