//! Tells whether an answer is about the object that the request is about, and whether a write was done.
//!
//! A server, or something in its place, may answer with a success and another object. Fields that the answer to a write
//! lacks prove nothing either way: `{}` is a success, as in the Go tool. An object that was asked for has its ID.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use super::error::Error;
use super::path::path;
use super::request::{Answer, Method, Request};
use crate::resources::{
    APPLICATION, CREDENTIAL_TOKEN, INBOX_MESSAGE, NAMED, PROJECT, Record, Resource,
    SCHEDULED_SESSION, SESSION_MESSAGE, has_form_of_id, is_usable_id,
};
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

/// Refuses a message or an event of another session than the one in the path. `of` is the ID of its session. Texts that
/// have not the form of an ID prove nothing: they are names, or those of a stand-in.
///
/// # Errors
/// [`Error::Unrelated`].
pub(crate) fn refuse_stranger(path: &str, of: &str) -> Result<(), Error> {
    refuse_name(path, "session_id", of)
}

fn refuse_name(path: &str, field: &str, of: &str) -> Result<(), Error> {
    match words_of(path).as_slice() {
        ["sessions", session, ..]
            if has_form_of_id(session) && has_form_of_id(of) && *session != of =>
        {
            Err(differs(field, of).of_read())
        }
        _ => Ok(()),
    }
}

/// The fields by which an event of a stream may name its session.
#[derive(Deserialize)]
struct Names {
    session_id: Option<Value>,
    #[serde(rename = "sessionId")]
    session: Option<Value>,
}

/// Refuses an event of a stream that names another session than the one in the path. A thread (`threadId`) proves
/// nothing: a session can have several.
///
/// # Errors
/// [`Error::Unrelated`].
pub(super) fn refuse_strange_event(path: &str, data: &str) -> Result<(), Error> {
    // Most events name none, and need not be read here.
    if !data.contains("ession") {
        return Ok(());
    }
    let Ok(names) = serde_json::from_str::<Names>(data) else {
        return Ok(());
    };
    for (field, name) in [
        ("session_id", names.session_id),
        ("sessionId", names.session),
    ] {
        let of = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        refuse_name(path, field, of)?;
    }
    Ok(())
}

/// The largest number that JSON has exactly. A message of a larger one is damaged: none could follow it.
pub(crate) const LARGEST_SEQ: i64 = 1 << 53;

const DAMAGED: &str = "the server's answer holds a message whose number is damaged";

/// Refuses a message whose number is damaged: it would stand as the last one of the list.
///
/// # Errors
/// [`Error::Unrelated`].
pub(crate) fn check_number(message: &Record) -> Result<(), Error> {
    match message.value("seq").and_then(Value::as_i64) {
        Some(seq) if seq > LARGEST_SEQ => {
            Err(Error::unproven(&format!("{DAMAGED}: {seq}")).of_read())
        }
        _ => Ok(()),
    }
}

/// Refuses an item of an answer that is not a message: every message has a number and a type.
///
/// # Errors
/// [`Error::Unrelated`].
pub(crate) fn check_message(item: &Record) -> Result<(), Error> {
    let seq = item.value("seq").and_then(Value::as_i64);
    let lack = match seq {
        Some(1..) if !item.text("event_type").is_empty() => return Ok(()),
        Some(1..) => "type",
        _ => "number",
    };
    let text = format!("the server's answer holds an item that is not a message: it has no {lack}");
    Err(Error::unproven(&text).of_read())
}

/// Refuses a path with a word that leads elsewhere on a server that decodes a path before it splits it. Users' texts
/// are checked earlier; this concerns IDs that came from a server.
///
/// # Errors
/// [`Error::Unrelated`].
pub(super) fn refuse_path(request: &Request) -> Result<(), Error> {
    let leads_elsewhere = |word: &&str| {
        let text = percent_decode_str(word).decode_utf8_lossy();
        matches!(text.as_ref(), "" | "." | "..")
            || text.contains(|c: char| "/\\%?#".contains(c) || c.is_control())
    };
    if !words(request).iter().any(leads_elsewhere) {
        return Ok(());
    }
    Err(Error::Unrelated(format!("nothing was sent: {UNUSABLE}")))
}

/// Refuses the answer to a request for one object that is not this object.
///
/// # Errors
/// [`Error::Unrelated`].
pub(super) fn refuse_unread(
    resource: &'static Resource,
    request: &Request,
    answer: &Answer,
    record: &Record,
) -> Result<(), Error> {
    let words = words(request);
    let is_token = resource.word == CREDENTIAL_TOKEN.word;
    let (wanted, id) = match words.as_slice() {
        [.., id, _] if is_token => (*id, record.text("credential_id")),
        [.., collection, id] if *collection == resource.collection => (*id, record.id()),
        _ => return Ok(()),
    };
    answer.refuse_error().map_err(Error::of_read)?;
    // A recorded object has a kind of its own.
    if has_form_of_id(wanted) || kinds().any(|it| it.kind == record.text("kind")) {
        refuse_kind(resource, record).map_err(Error::of_read)?;
    }
    if answer.is_empty_object() {
        return Err(Error::Nothing);
    }
    // A server may find an object by a text that is not an ID. The ID of a project is the name that it was created
    // with.
    let may_be_name = !has_form_of_id(wanted)
        && (is_token || is_word(wanted, record.name()))
        && (resource.word != PROJECT.word || !has_form_of_id(id));
    match id {
        _ if is_word(wanted, id) || is_token && id.is_empty() => Ok(()),
        "" => Err(Error::Unrelated(NAMES_NOTHING.to_owned())),
        id if may_be_name && is_usable_id(id) => Ok(()),
        _ if may_be_name => Err(Error::Unrelated(UNUSABLE.to_owned())),
        id => Err(another(id).of_read()),
    }
}

const NAMES_NOTHING: &str = "the server's answer names no object";
const UNUSABLE: &str = "the server gave the object no usable ID";

/// Returns the request that must show the same project, if the server found it by its name: the ID in that answer may
/// be another project's, and everything that a project has is read, written and deleted by its ID. The platform finds
/// no other object by its name.
#[must_use]
pub(super) fn second_read(request: &Request, record: &Record) -> Option<Request> {
    match words(request).as_slice() {
        ["projects", wanted]
            if record.resource.word == PROJECT.word && !is_word(wanted, record.id()) =>
        {
            Some(Request {
                project: request.project.clone(),
                ..Request::get(path(&["projects", record.id()]))
            })
        }
        _ => None,
    }
}

/// Returns the error for an object whose ID does not lead to it.
pub(super) fn unconfirmed(found: &Record) -> Error {
    another(found.id()).of_read()
}

/// Refuses the answer to a write that has keys, but not an ID that could be used afterwards. A message may be told by
/// its number alone, and a project that was changed by its name. The ID of a project is the name that it was created
/// with, whatever that is.
///
/// # Errors
/// [`Error::Unproven`].
pub(super) fn refuse_nameless(
    request: &Request,
    record: &Record,
    answer: &Answer,
) -> Result<(), Error> {
    let id = record.id();
    let is_known =
        || sent(request, "name") == id || words(request).iter().any(|it| is_word(it, id));
    if !id.is_empty() && !is_usable_id(id) && !is_known() {
        return Err(Error::Unproven(UNUSABLE.to_owned()));
    }
    let is_named = record.resource.word == PROJECT.word && !record.name().is_empty();
    if !id.is_empty()
        || record.value("seq").is_some()
        || request.method == Method::Patch && is_named
        || answer.is_empty_object()
    {
        return Ok(());
    }
    Err(Error::Unproven(NAMES_NOTHING.to_owned()))
}

/// Returns the kind of the object in the answer to a write, as far as the path tells.
#[must_use]
pub(crate) fn answered_kind(request: &Request) -> Option<&'static Resource> {
    let words = words(request);
    let collection = match (request.method, words.as_slice()) {
        (Method::Post, [.., collection, _, action]) if ACTIONS.contains(action) => collection,
        (Method::Post, [.., collection]) | (Method::Patch, [.., collection, _]) => collection,
        _ => return None,
    };
    kinds().find(|kind| kind.collection == *collection)
}

/// Returns the kinds of objects that the platform has.
fn kinds() -> impl Iterator<Item = &'static Resource> {
    let others = [&SCHEDULED_SESSION, &INBOX_MESSAGE, &SESSION_MESSAGE];
    NAMED.iter().copied().chain(others)
}

/// Refuses the answer to a start, an interruption or a run of a schedule that does not show that it was done.
///
/// # Errors
/// [`Error::Unproven`].
pub(super) fn refuse_undone(request: &Request, answer: &Answer) -> Result<(), Error> {
    let words = words(request);
    let action = words.last().copied().unwrap_or_default();
    if request.method != Method::Post || !["start", "interrupt", "trigger"].contains(&action) {
        return Ok(());
    }
    // Neither a runner nor an earlier platform has to say anything.
    if answer.body.is_empty() && action == "interrupt" || answer.is_empty_object() {
        return Ok(());
    }
    let value = answer.json()?;
    let session = value.get("session").unwrap_or(&Value::Null);
    // A session is started by itself, by its agent, or by a schedule.
    let is_session = text(&value, "kind") == "Session" && is_usable_id(text(&value, "id"));
    let is_done = value.is_object()
        && match action {
            "start" => {
                is_session
                    || is_usable_id(text(session, "id"))
                    || value.get("starting_prompt").is_some()
            }
            "trigger" => is_session || ["triggered", "skipped"].contains(&text(&value, "status")),
            _ => value.get("error").is_none(),
        };
    if is_done {
        return Ok(());
    }
    Err(Error::unproven(match action {
        "interrupt" => "the server's answer does not say that it was done",
        _ => "the server's answer names no session",
    }))
}

/// Returns the path of the object whose state an action has switched, and whether it is to be enabled.
pub(super) fn switched(request: &Request) -> Option<(String, bool)> {
    let (object, action) = request.path.rsplit_once('/')?;
    match (request.method, action) {
        (Method::Post, "suspend") => Some((object.to_owned(), false)),
        (Method::Post, "resume") => Some((object.to_owned(), true)),
        _ => None,
    }
}

/// Refuses an object that shows that a write was not done: it still has another state, or another value than the one
/// that was sent.
///
/// # Errors
/// [`Error::Unproven`].
pub(super) fn refuse_unchanged(request: &Request, record: &Record) -> Result<(), Error> {
    if let Some((_, wanted)) = switched(request) {
        let enabled = record.value("enabled").and_then(Value::as_bool);
        if enabled.is_some_and(|enabled| enabled != wanted) {
            let state = if wanted { "suspended" } else { "enabled" };
            let text = format!("the server accepted that, but the schedule is still {state}");
            return Err(Error::Unproven(text));
        }
    }
    // The recorded changes of applications, and those whose answer has no kind, have a stand-in's answer.
    let is_stand_in = record.resource.word == APPLICATION.word || record.text("kind").is_empty();
    if request.method != Method::Patch || is_stand_in {
        return Ok(());
    }
    let sent = request.body.iter().flat_map(super::Body::fields);
    for (field, sent) in sent {
        let Some(got) = record.value(field).filter(|_| *sent != "") else {
            continue;
        };
        if !CONVERTED.contains(&field) && !is_same(sent, got) {
            let text = format!("the server accepted the change, but its {field} is another one");
            return Err(Error::Unproven(text));
        }
    }
    Ok(())
}

/// Fields of a change that a server answers in its own form.
const CONVERTED: &[&str] = &["schedule"];

/// True for two forms of one value: texts may hold JSON whose keys have another order, and times are written in several
/// ways.
fn is_same(sent: &Value, got: &Value) -> bool {
    let json = |value: &Value| serde_json::from_str::<Value>(value.as_str()?).ok();
    let number = |value: &Value| value.as_f64();
    let time = |value: &Value| value.as_str()?.parse::<jiff::Timestamp>().ok();
    let trimmed = |value: &Value| value.as_str().map(|text| text.trim().to_owned());
    sent == got
        || json(sent).is_some_and(|sent| sent == json(got).unwrap_or_else(|| got.clone()))
        || number(sent).is_some_and(|sent| Some(sent) == number(got))
        || time(sent).is_some_and(|sent| Some(sent) == time(got))
        || trimmed(sent).is_some_and(|sent| Some(sent) == trimmed(got))
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
    let sent = |field: &str| sent(request, field);
    let (holders, object) = match (request.method, words.as_slice()) {
        (Method::Patch, [holders @ .., _, id]) => (holders, Some(id)),
        // The recorded stops have a stand-in's answer, which is always the same and has no kind.
        (_, [holders @ .., of, id, action])
            if ACTIONS.contains(action) || is_start_of_session(of, action) =>
        {
            (
                holders,
                Some(id).filter(|_| !text(answer, "kind").is_empty()),
            )
        }
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
    for (word, field) in holders_in(holders) {
        refuse_holder(word, field, text(answer, field))?;
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
    refuse_other_message(request, answer)
}

/// The fields of a session's message that the server returns as it got them. In a recorded run, a message to an inbox
/// is answered with another body.
const SAID: &[&str] = &["event_type", "payload"];

/// Refuses the answer to a message that shows another message, or a number that no message has.
fn refuse_other_message(request: &Request, answer: &Value) -> Result<(), Error> {
    let is_message = words(request).last() == Some(&SESSION_MESSAGE.collection);
    if request.method != Method::Post || !is_message {
        return Ok(());
    }
    for field in SAID {
        let (sent, got) = (sent(request, field), text(answer, field));
        if !sent.is_empty() && !got.is_empty() && !is_same(&sent.into(), &got.into()) {
            return Err(differs(field, got));
        }
    }
    match field_of(answer, "seq").filter(|seq| !seq.is_null()) {
        Some(seq) if !seq.as_i64().is_some_and(is_number) => {
            Err(Error::unproven(&format!("{DAMAGED}: {seq}")))
        }
        _ => Ok(()),
    }
}

/// True if a message can have this number.
fn is_number(seq: i64) -> bool {
    (1..=LARGEST_SEQ).contains(&seq)
}

/// Refuses the objects of a list that name another project, agent or session than the one in the path. Those without a
/// kind are a stand-in's, as in the recorded lists of agents.
///
/// # Errors
/// [`Error::Unrelated`].
pub(super) fn refuse_strangers(path: &str, items: &[Record]) -> Result<(), Error> {
    let words = words_of(path);
    for (word, field) in holders_in(&words) {
        for item in items.iter().filter(|item| !item.text("kind").is_empty()) {
            refuse_holder(word, field, item.text(field)).map_err(Error::of_read)?;
        }
    }
    Ok(())
}

/// Returns the words of a path that hold an object, each with the field by which the object names it.
fn holders_in<'a>(words: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'static str)> {
    words.chunks_exact(2).filter_map(|pair| {
        let (_, field) = HOLDERS.iter().find(|(word, _)| *word == pair[0])?;
        Some((pair[1], *field))
    })
}

/// Refuses the name of a holder that is another one than in the path.
fn refuse_holder(word: &str, field: &str, got: &str) -> Result<(), Error> {
    if got.is_empty() || is_word(word, got) || is_resolved(word, got) {
        return Ok(());
    }
    Err(differs(field, got))
}

/// True if a server may have found the object with an ID by a name.
fn is_resolved(sent: &str, got: &str) -> bool {
    !has_form_of_id(sent) && has_form_of_id(got)
}

/// True for the start of a session, which answers with that session. An agent's start answers with a new one.
fn is_start_of_session(collection: &str, action: &str) -> bool {
    collection == "sessions" && action == "start"
}

/// True if an encoded word of a path is this text.
fn is_word(word: &str, text: &str) -> bool {
    path(&[text]).strip_prefix('/') == Some(word)
}

fn words(request: &Request) -> Vec<&str> {
    words_of(&request.path)
}

fn words_of(path: &str) -> Vec<&str> {
    let path = path.split('?').next().unwrap_or_default();
    path.trim_start_matches('/').split('/').collect()
}

/// Returns the text of a field that a request sends.
fn sent<'a>(request: &'a Request, field: &str) -> &'a str {
    let fields = request.body.iter().flat_map(super::Body::fields);
    let found = fields.filter(|(name, _)| *name == field).last();
    found.and_then(|(_, value)| value.as_str()).unwrap_or("")
}

/// Returns a field, whose name may be in any case, as [`Record`] reads it.
fn field_of<'a>(answer: &'a Value, field: &str) -> Option<&'a Value> {
    let mut fields = answer.as_object().into_iter().flatten();
    let found = fields.rfind(|(name, _)| name.eq_ignore_ascii_case(field));
    found.map(|(_, value)| value)
}

/// Returns the text of a field.
fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    let found = field_of(answer, field);
    found.and_then(Value::as_str).unwrap_or_default()
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
