//! Answers to the writes of a dry run, which are not sent.
//!
//! The object that a write is about must exist: it is requested, so that a dry run fails where the write itself would
//! fail because the object is missing. The server checks more than that when it gets the write.

use serde_json::Value;

use super::request::{Answer, Method, Request};

/// The last words of paths that act on the object before them, whose answer is that object.
const ACTIONS: [&str; 6] = ["interrupt", "resume", "start", "stop", "suspend", "trigger"];

/// Returns the request that reads the object of a write, if there is one.
#[must_use]
pub(super) fn reading(request: &Request) -> Option<Request> {
    let words: Vec<&str> = words(request).collect();
    let object = object(request.method, &words)?;
    let mut read = Request::get(format!("/{}", object.join("/")));
    read.project.clone_from(&request.project);
    Some(read)
}

/// Returns the answer that a server would likely give to a write about the object that was found.
#[must_use]
pub(super) fn answer(request: &Request, found: Value) -> Answer {
    let is_action = words(request)
        .last()
        .is_some_and(|word| ACTIONS.contains(&word));
    let value = match request.method {
        _ if is_action => found,
        Method::Patch => merged(found, request),
        _ => merged(nothing(), request),
    };
    Answer {
        status: 200,
        content_type: "application/json".to_owned(),
        operation_id: None,
        retry_after: None,
        location: None,
        date: None,
        has_runner: None,
        body: value.to_string().into_bytes(),
    }
}

/// Returns an object without fields.
#[must_use]
pub(super) fn nothing() -> Value {
    Value::Object(serde_json::Map::new())
}

fn words(request: &Request) -> impl Iterator<Item = &str> {
    let path = request.path.split('?').next().unwrap_or_default();
    path.trim_start_matches('/').split('/')
}

/// Returns the words of the path of the object that must exist for a write; `None` if there is none, or if the command
/// has found it already.
fn object<'p, 'w>(method: Method, words: &'p [&'w str]) -> Option<&'p [&'w str]> {
    match (method, words) {
        // There is no route for one message.
        (Method::Post, [object @ .., "agui", _])
        | (Method::Patch | Method::Delete, [object @ .., "inbox", _]) => Some(object),
        (Method::Post, [object @ .., _]) if object.len() > 1 => Some(object),
        (Method::Patch, _) => Some(words),
        _ => None,
    }
}

/// Returns an object with the fields of the request's body; secrets are masked.
fn merged(mut object: Value, request: &Request) -> Value {
    let sent = request.body.as_ref().map(super::body::Body::masked);
    if let (Some(Value::Object(sent)), Value::Object(fields)) = (sent, &mut object) {
        fields.extend(sent);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_of_a_write_is_in_its_path() {
        for (method, path, wanted) in [
            (Method::Post, "credentials", None),
            (Method::Post, "sessions/s/stop", Some("sessions/s")),
            (
                Method::Post,
                "sessions/s/agui/interrupt",
                Some("sessions/s"),
            ),
            (Method::Post, "projects/p/agents", Some("projects/p")),
            (
                Method::Post,
                "projects/p/agents/a/start",
                Some("projects/p/agents/a"),
            ),
            (
                Method::Post,
                "projects/p/agents/a/inbox",
                Some("projects/p/agents/a"),
            ),
            (
                Method::Delete,
                "projects/p/agents/a/inbox/m",
                Some("projects/p/agents/a"),
            ),
            (Method::Patch, "credentials/c", Some("credentials/c")),
            (Method::Delete, "credentials/c", None),
        ] {
            let words: Vec<&str> = path.split('/').collect();
            let found = object(method, &words).map(|words| words.join("/"));
            assert_eq!(found.as_deref(), wanted, "{method} {path}");
        }
    }
}
