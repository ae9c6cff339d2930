//! Tells whether the answer to a write is about the object that the request is about.
//!
//! A server, or something in its place, may answer with a success and another object. Fields that the answer lacks
//! prove nothing either way: `{}` is a success, as in the Go tool.

use serde_json::Value;

use super::error::Error;
use super::path::path;
use super::request::{Answer, Method, Request};
use crate::resources::{Record, Resource, has_form_of_id};
use crate::text::quote;

/// The fields of a request that say which object is meant. The server returns each as it got it, or the ID of the
/// object that a name in it stands for. `user_id` is not one: a platform may store another form of it.
const ECHOED: &[&str] = &[
    "agent_id",
    "credential_id",
    "destination_project",
    "name",
    "project_id",
    "provider",
    "role_id",
    "scope",
    "session_id",
];

/// Collections whose objects hold others, and the field with which these name them.
const HOLDERS: &[(&str, &str)] = &[
    ("projects", "project_id"),
    ("agents", "agent_id"),
    ("sessions", "session_id"),
];

/// The last words of paths whose answer is the object before them.
const ACTIONS: &[&str] = &[
    "refresh",
    "resume",
    "stop",
    "suspend",
    "sync",
    "transfer-ownership",
];

/// Reads an object that is a part of an answer.
///
/// # Errors
/// [`Error::Decode`], and [`Error::Unproven`] for an object of another kind.
pub(crate) fn decoded(resource: &'static Resource, value: Value) -> Result<Record, Error> {
    let record = Record::decode(resource, value)?;
    refuse_kind(resource, &record)?;
    Ok(record)
}

/// Refuses an answer of another kind.
///
/// # Errors
/// [`Error::Unproven`].
pub(super) fn refuse_kind(resource: &Resource, record: &Record) -> Result<(), Error> {
    let kind = record.text("kind");
    if kind.is_empty() || kind == resource.kind {
        return Ok(());
    }
    let wanted = resource.kind;
    let text = format!("the server's answer is of the kind {kind} instead of {wanted}");
    Err(Error::unproven(&text))
}

/// Refuses the answer to a write that is about another object than the request. `project` is the one in the request's
/// header: a server may prefer it to the one in the body.
///
/// # Errors
/// [`Error::Unproven`].
pub(super) fn refuse_other(
    request: &Request,
    project: Option<&str>,
    answer: &Answer,
) -> Result<(), Error> {
    let Ok(answer) = serde_json::from_slice::<Value>(&answer.body) else {
        return Ok(());
    };
    let words: Vec<&str> = words(request);
    // A runner answers in its own words.
    if words.contains(&"agui") {
        return Ok(());
    }
    // A start answers with the session beside its prompt.
    let session = answer.get("session").filter(|it| it.is_object());
    let answer = session.unwrap_or(&answer);
    let sent = |field: &str| {
        let fields = request.body.iter().flat_map(super::Body::fields);
        let found = fields.filter(|(name, _)| *name == field).last();
        found.and_then(|(_, value)| value.as_str()).unwrap_or("")
    };
    let (holders, object) = match (request.method, words.as_slice()) {
        (Method::Patch, [holders @ .., _, id]) => (holders, Some(id)),
        // The recorded stops have a stand-in's answer, which is always the same and has no kind.
        (_, [holders @ .., _, id, action]) if ACTIONS.contains(action) => (
            holders,
            Some(id).filter(|_| !text(answer, "kind").is_empty()),
        ),
        (_, holders) => (holders, None),
    };
    let is_project = matches!(words.as_slice(), ["projects"] | ["projects", _]);
    if let Some(wanted) = object {
        let (id, name) = (text(answer, "id"), text(answer, "name"));
        // A project is changed by its name, which may be what changes; for the header, see below.
        let is_renamed = is_project && project == Some(id)
            || !sent("name").is_empty() && !has_form_of_id(wanted);
        if !id.is_empty() && !is_renamed && ![id, name].iter().any(|it| is_word(wanted, it)) {
            return Err(another(id));
        }
    }
    for pair in holders.chunks_exact(2) {
        let holder = HOLDERS.iter().find(|(word, _)| *word == pair[0]);
        let got = holder.map_or("", |(_, field)| text(answer, field));
        if !got.is_empty() && !is_word(pair[1], got) && !is_resolved(pair[1], got) {
            return Err(differs(holder.map_or("", |(_, field)| field), got));
        }
    }
    for field in ECHOED {
        let (sent, got) = (sent(field), text(answer, field));
        let is_allowed = match *field {
            // In the recorded runs of `apply`, every project is answered with that of the header.
            "name" => is_project && project == Some(got),
            "project_id" => project == Some(got) || is_resolved(sent, got),
            field => field.ends_with("_id") && is_resolved(sent, got),
        };
        if !sent.is_empty() && !got.is_empty() && sent != got && !is_allowed {
            return Err(differs(field, got));
        }
    }
    Ok(())
}

/// True if a server may have found the object with an ID by a name.
fn is_resolved(sent: &str, got: &str) -> bool {
    !has_form_of_id(sent) && has_form_of_id(got)
}

/// True if an encoded word of a path is this text.
fn is_word(word: &str, text: &str) -> bool {
    path(&[text]).strip_prefix('/') == Some(word)
}

fn words(request: &Request) -> Vec<&str> {
    let path = request.path.split('?').next().unwrap_or_default();
    path.trim_start_matches('/').split('/').collect()
}

/// Returns the text of a field, whose name may be in any case, as [`Record`] reads it.
fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    let mut fields = answer.as_object().into_iter().flatten();
    let found = fields.rfind(|(name, _)| name.eq_ignore_ascii_case(field));
    found
        .and_then(|(_, value)| value.as_str())
        .unwrap_or_default()
}

fn another(id: &str) -> Error {
    let text = format!("the server's answer is about another object, {id}");
    Error::unproven(&text)
}

fn differs(field: &str, got: &str) -> Error {
    let got = quote(got);
    let text = format!("the server's answer is about another object: its {field} is {got}");
    Error::unproven(&text)
}
