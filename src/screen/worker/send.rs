//! Requests that change something. Each is reported, and success only if it was seen.

use serde_json::{Map, Value};

use super::shared::{Shared, fault, fault_of};
use crate::agent_once;
use crate::api::{self, Body, Client, Error, Method, Request, path};
use crate::binding::{self, BindingPlan};
use crate::failure::Kind;
use crate::lookup::Collection;
use crate::renaming;
use crate::resources::{
    CREDENTIAL, Record, Resource, SESSION, SESSION_MESSAGE, Scope, check_owner,
};
use crate::running::{self, CANNOT_INTERRUPT};
use crate::screen::effect::{After, Send};
use crate::screen::event::{Answer, Fault};
use crate::screen::naming::brief;
use crate::screen::views;
use crate::starting::{self, Delivery};

/// Sends requests one after the other.
pub(super) async fn all(shared: &Shared, page: u64, sends: Vec<Send>) {
    for send in sends {
        let (number, failed) = (send.number, send.failed.clone());
        let (said, echo) = match one(&shared.client, send).await {
            Ok((said, echo)) => (Ok(said), echo),
            Err(fault) => {
                let text = format!("{failed}: {}", fault.text);
                (Err(Fault { text, ..fault }), None)
            }
        };
        let answer = Answer::Sent {
            page,
            number,
            said,
            echo,
        };
        if shared.tell(answer).is_err() {
            return;
        }
    }
}

async fn one(client: &Client, send: Send) -> Result<(String, Option<Record>), Fault> {
    if let After::Bind {
        credential,
        grantee,
        ..
    } = &send.after
    {
        let bound = binding::bind(client, credential, grantee).await;
        let (_, is_new) = bound.map_err(|error| fault_of(&error))?;
        let already = if is_new {
            ""
        } else {
            " (it was bound already)"
        };
        return Ok((format!("{}{already}", send.done), None));
    }
    let mut body = Body::new();
    let mut is_empty = true;
    for (name, value) in send.fields {
        is_empty = false;
        body.set(name, value);
    }
    if let Some((name, secret)) = send.secret {
        is_empty = false;
        body.set_secret(name, secret);
    }
    let is_start = send.path.ends_with("/start");
    let is_alone = send.doing.is_none();
    let mut request = Request::new(send.method, send.path);
    request.project = Some(send.project.clone());
    match &send.after {
        After::SessionOf { get, agent } => {
            let mut request = Request::get(get.clone());
            request.project = Some(send.project.clone());
            let session = client.fetch(&SESSION, &request).await;
            let session = session.map_err(|error| fault(&error))?;
            check_owner(&session, &send.project, agent).map_err(Fault::new)?;
        }
        After::Unchanged {
            get,
            updated_at,
            fields,
        } => {
            if let Some(kind) = api::answered_kind(&request) {
                let mut request = Request::get(get.clone());
                request.project = Some(send.project.clone());
                check_unchanged(client, kind, &request, updated_at, fields).await?;
                refuse_taken(client, kind, &send.project, get, &send.row, &body).await?;
            }
        }
        After::AgentOnce(name) => {
            let same = agent_once::same_before(client, &send.project, name, &body).await;
            if same.map_err(|error| fault_of(&error))?.is_some() {
                return Ok((format!("Agent unchanged: {name}"), None));
            }
        }
        After::Nothing | After::Prompt(_) | After::Echo | After::Bind { .. } => {}
    }
    if !is_empty || is_start && send.method == Method::Post {
        request = request.body(body);
    }
    let answer = match client.send(&request).await {
        Ok(answer) => answer,
        Err(error) if send.method == Method::Delete && error.is_not_found() => {
            return Ok(("Already deleted — refreshing".to_owned(), None));
        }
        Err(error) => return Err(refused(&request, &error)),
    };
    if answer.is_empty_object() && is_run(&request) {
        let why =
            "the server's answer names no session: look whether one runs before you do it again";
        return Err(Fault::new(why));
    }
    let value = match (api::answered_kind(&request), request.method) {
        (Some(kind), _) => {
            let written = client.written(kind, &request, &answer).await;
            written.map_err(|error| fault(&error))?;
            answer.json().unwrap_or_default()
        }
        (None, Method::Post) if is_start => answer.json().map_err(|error| fault(&error))?,
        (None, _) => answer.json().unwrap_or_default(),
    };
    // Several that end in the same way are counted together, so none of them names its session.
    let done = if is_alone {
        started(&send.done, &value)
    } else {
        send.done
    };
    let done = seen(client, &request, done, &value).await;
    match send.after {
        After::Echo => Ok((done, Record::decode(&SESSION_MESSAGE, value).ok())),
        After::Prompt(prompt) => {
            deliver(client, &value, &prompt, &send.project).await?;
            Ok((with_doubt(client, &request, done, &value), None))
        }
        _ => Ok((with_doubt(client, &request, done, &value), None)),
    }
}

/// Refuses a new name that another object beside the one at the path `get` has.
async fn refuse_taken(
    client: &Client,
    kind: &'static Resource,
    project: &str,
    get: &str,
    id: &str,
    body: &Body,
) -> Result<(), Fault> {
    let name = body.fields().find(|(field, _)| *field == "name");
    let name = name.and_then(|(_, value)| value.as_str());
    let (above, _) = get.rsplit_once('/').unwrap_or_default();
    let collection = Collection {
        resource: kind,
        path: above.to_owned(),
        project: (kind.scope == Scope::Project).then(|| project.to_owned()),
    };
    let free = renaming::refuse_taken(client, &collection, id, name).await;
    free.map_err(|error| fault_of(&error))
}

/// Says which credentials are shadowed by bindings, or shadow them: nothing if each gives sessions what they lack.
///
/// # Errors
/// Something that a plan depends on can't be read. If the user may not read it, that is said in place of the plan.
pub(super) async fn shadowed(client: &Client, sends: &[Send]) -> Result<Vec<String>, Fault> {
    let mut said = Vec::new();
    for send in sends {
        let After::Bind {
            credential,
            grantee,
            ..
        } = &send.after
        else {
            continue;
        };
        let target = path(&["credentials", credential]);
        let credential = client.get(&CREDENTIAL, &target).await;
        let credential = credential.map_err(|error| fault(&error))?;
        let lines = match BindingPlan::make(client, &credential, grantee, false).await {
            Ok(plan) if plan.shadows() => plan.shadowed(brief),
            Ok(_) => Vec::new(),
            Err(error) if matches!(api::kind_of(&error), Kind::Forbidden | Kind::NotFound) => {
                vec![format!("what is shadowed can't be checked: {error:#}")]
            }
            Err(error) => return Err(fault_of(&error)),
        };
        let name = brief(credential.name_or_id());
        said.extend(lines.into_iter().map(|line| match sends.len() {
            1 => line,
            _ => format!("{name}: {line}"),
        }));
    }
    Ok(said)
}

/// True for a request after which a session runs.
fn is_run(request: &Request) -> bool {
    let action = request.path.rsplit('/').next();
    request.method == Method::Post && matches!(action, Some("start" | "trigger"))
}

/// Returns what was done, with what does not follow from it on this server.
fn with_doubt(client: &Client, request: &Request, done: String, answer: &Value) -> String {
    match starting::lacking(client.has_runner(), request, answer) {
        Some(lacking) => format!("{done}; {lacking}"),
        None => done,
    }
}

/// Returns the fault of a request that was refused, with the key that works in its place.
fn refused(request: &Request, error: &Error) -> Fault {
    let fault = fault(error);
    if error.status() != Some(503) || !request.path.ends_with("/interrupt") {
        return fault;
    }
    let text = format!("{} ({CANNOT_INTERRUPT}: t in :sessions)", fault.text);
    Fault { text, ..fault }
}

/// Returns what was done, as the answer tells it: the phase of a session that was started or stopped, and that no run
/// reads a message now.
async fn seen(client: &Client, request: &Request, done: String, answer: &Value) -> String {
    let Some(kind) = api::answered_kind(request) else {
        return done;
    };
    let Ok(record) = Record::decode(kind, answer.clone()) else {
        return done;
    };
    let action = request.path.rsplit('/').next();
    if kind.word == SESSION.word && matches!(action, Some("start" | "stop")) {
        return done + &running::phase_note(&record);
    }
    // Another server tells the run that is active.
    if kind.word != SESSION_MESSAGE.word || client.has_runner().is_none() {
        return done;
    }
    let seq = record.value("seq").and_then(Value::as_i64).unwrap_or(0);
    let session = session_of(&request.path);
    match running::unread(client, session, seq, request.project.as_deref()).await {
        Some(unread) => views::message_unread(&unread),
        None => done,
    }
}

/// Returns the ID in the path of something below a session.
fn session_of(path: &str) -> &str {
    path.split('/').nth_back(1).unwrap_or_default()
}

/// Adds the session that a start has made.
fn started(done: &str, answer: &Value) -> String {
    match answer.pointer("/session/id").and_then(Value::as_str) {
        Some(id) => format!("{done} (session {id})"),
        None => done.to_owned(),
    }
}

/// Refuses to change an object that somebody else has changed since it was read.
async fn check_unchanged(
    client: &Client,
    kind: &'static Resource,
    request: &Request,
    updated_at: &str,
    fields: &Map<String, Value>,
) -> Result<(), Fault> {
    let found = client.fetch(kind, request).await;
    let found = found.map_err(|error| fault(&error))?;
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let is_same = match (time(found.text("updated_at")), time(updated_at)) {
        (Some(now), Some(then)) => now == then,
        _ => {
            let found = found.json();
            fields
                .iter()
                .all(|(name, value)| found.get(name) == Some(value))
        }
    };
    if is_same {
        return Ok(());
    }
    Err(Fault::new(
        "somebody else has changed it meanwhile, so nothing was sent; edit it again",
    ))
}

/// Makes sure that the prompt of a start reaches the session.
async fn deliver(
    client: &Client,
    answer: &Value,
    prompt: &str,
    project: &str,
) -> Result<(), Fault> {
    let delivered = starting::deliver(client, answer, Some(project), prompt).await;
    match delivered.map_err(|error| fault_of(&error))? {
        Delivery::ByServer | Delivery::Sent { .. } => Ok(()),
        Delivery::Nowhere => Err(Fault::new(
            "the agent is started, but the answer names no session, so its prompt was not delivered",
        )),
    }
}
