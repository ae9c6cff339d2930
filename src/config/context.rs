//! The contexts of a configuration file: several servers, each with its own login and project, of which a run uses one.
//!
//! The Go tool writes a flat file, which holds one server. Its terminal screen also reads a file with `contexts`
//! (docs/interface/cli-core.md section 2.6). Both forms are contexts here: a flat file is one context, which is named
//! after its host. The context `local` stands for the embedded API and needs no entry.

use serde_json::{Map, Value};
use url::{Host, Url};

use crate::compat::json;
use crate::failure::Failure;
use crate::text::quote;
use crate::text::seen::is_unseen;

/// The key of the file that holds all contexts by their names.
pub(super) const CONTEXTS: &str = "contexts";
/// The key of the file that names the current context.
pub(crate) const CURRENT: &str = "current_context";
/// The context that stands for the embedded API, unless the file has an entry of this name.
pub(crate) const LOCAL_CONTEXT: &str = "local";
/// The length of the longest name that we write, in bytes.
const LONGEST_NAME: usize = 253;

/// The context that a run uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selected {
    /// The server of a flat file.
    Flat,
    /// An entry of `contexts`.
    Entry(String),
    /// The embedded API.
    Local,
    /// Somebody names a context that does not exist.
    Missing(String),
    /// There are contexts, and none of them is the current one.
    Open,
}

/// Returns the context that `named` or else the file's `current_context` selects. `flat` is the name of the flat part
/// of the file, if it holds a server.
pub(super) fn select(
    entries: Option<&Map<String, Value>>,
    current: Option<&str>,
    flat: Option<&str>,
    named: Option<&str>,
) -> Selected {
    let has_entry = |name: &str| entries.is_some_and(|entries| entries.contains_key(name));
    let has_entries = entries.is_some_and(|entries| !entries.is_empty());
    match named.or(current.filter(|_| has_entries)) {
        Some(name) if has_entry(name) => Selected::Entry(name.to_owned()),
        Some(name) if flat == Some(name) => Selected::Flat,
        Some(LOCAL_CONTEXT) => Selected::Local,
        Some(name) => Selected::Missing(name.to_owned()),
        None if has_entries && flat.is_none() => Selected::Open,
        None => Selected::Flat,
    }
}

/// Returns the name of the server of a flat file: its host, as the Go tool's screen does it. A server on this machine
/// is not called `local`, because that is the embedded API.
pub(super) fn name_of(address: &str) -> String {
    let host = Url::parse(address)
        .ok()
        .and_then(|url| url.host().map(|host| host.to_owned()));
    match host {
        Some(Host::Domain(name)) => name.strip_prefix("www.").unwrap_or(&name).to_owned(),
        Some(Host::Ipv4(address)) if address.is_loopback() => "localhost".to_owned(),
        Some(Host::Ipv6(address)) if address.is_loopback() => "localhost".to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => "default".to_owned(),
    }
}

/// Refuses a name that cannot be distinguished from another one, or that looks like a flag.
///
/// # Errors
/// A usage failure.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    let invalid = |why: &str| {
        Err(Failure::usage(format!(
            "invalid context name {}: {why}",
            quote(name)
        )))
    };
    if name.is_empty() {
        return Err(Failure::usage("the name of a context can't be empty"));
    }
    if name.len() > LONGEST_NAME {
        return Err(Failure::usage(format!(
            "the name of a context can't have more than {LONGEST_NAME} bytes"
        )));
    }
    if name == LOCAL_CONTEXT {
        return invalid("it stands for the embedded API of this machine");
    }
    if name.starts_with('-') {
        return invalid("it looks like a flag");
    }
    if name.chars().any(|c| is_unseen(c) || c.is_whitespace()) {
        return invalid("it has a space or an invisible character");
    }
    Ok(())
}

/// Checks the types of all contexts. `fields` are the fields of a context with their types.
///
/// # Errors
/// The first value of a wrong type, in the words of Go's JSON reader.
pub(super) fn check_types(contexts: Option<&Value>, fields: &[(&str, &str)]) -> Result<(), String> {
    let unfit = |value: &Value, field: &str, kind: &str| {
        Err(format!(
            "json: cannot unmarshal {} into Go struct field {field} of type {kind}",
            json::type_word(value)
        ))
    };
    let entries = match contexts {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(entries)) => entries,
        Some(other) => return unfit(other, "Config.contexts", "map[string]config.Context"),
    };
    for entry in entries.values() {
        let entry = match entry {
            Value::Object(entry) => entry,
            Value::Null => continue,
            other => return unfit(other, "Config.contexts", "config.Context"),
        };
        for (field, kind) in fields {
            match find(entry, field) {
                Some(value) if !fits(kind, value) => {
                    return unfit(value, &format!("Context.contexts.{field}"), kind);
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// True if a value has a type of Go. `null` stands for every type's empty value.
pub(super) fn fits(kind: &str, value: &Value) -> bool {
    if json::is_wide(value) {
        return false;
    }
    match (kind, value) {
        // What an object holds is looked at where it is used.
        (_, Value::Null)
        | ("string", Value::String(_))
        | ("bool", Value::Bool(_))
        | ("map[string][]string", Value::Object(_)) => true,
        ("int", Value::Number(number)) => number.is_i64(),
        _ => false,
    }
}

/// Returns a value. Keys match without regard to case; of those that differ in case only, the last one counts.
pub(super) fn find<'v>(values: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    let found = values
        .iter()
        .rev()
        .find(|(name, _)| name.eq_ignore_ascii_case(key));
    found.map(|(_, value)| value)
}

/// Sets a key, or removes it if there is no value.
pub(super) fn put(values: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    values.retain(|name, _| !name.eq_ignore_ascii_case(key));
    if let Some(value) = value {
        values.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_after_its_host() {
        for (address, name) in [
            ("https://api.example.org", "api.example.org"),
            ("https://www.example.org:8443/x", "example.org"),
            ("http://localhost:8000", "localhost"),
            ("http://127.0.0.1:1", "localhost"),
            ("http://[::1]:1", "localhost"),
            ("http://10.0.0.1", "10.0.0.1"),
            ("local:", "default"),
            ("nonsense", "default"),
        ] {
            assert_eq!(name_of(address), name, "{address}");
        }
    }

    #[test]
    fn names_that_deceive_are_refused() {
        for name in ["", "local", "-x", "a b", "a\u{1b}[1m", "a\u{202e}b", "a\nb"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_name(&"n".repeat(254)).is_err());
        for name in ["prod", "arn:aws/x@y", "部署"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
    }
}
