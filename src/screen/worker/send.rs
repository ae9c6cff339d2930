//! Requests that change something. Each is reported, and success only if it was seen.

use serde_json::{Map, Value};

use super::shared::{Shared, fault, fault_of};
use crate::agent_once;
use crate::api::{self, Body, Client, Method, Request};
use crate::lookup;
use crate::resources::{Record, Resource, SESSION_MESSAGE};
use crate::screen::effect::{After, Send};
use crate::screen::event::{Answer, Fault};
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
    let mut request = Request::new(send.method, send.path);
    request.project = Some(send.project.clone());
    match &send.after {
        After::Role(role) => {
            let role = lookup::role(client, role).await;
            let role = role.map_err(|error| fault_of(&error))?;
            body.set("role_id", role.id());
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
            }
        }
        After::AgentOnce(name) => {
            let same = agent_once::same_before(client, &send.project, name, &body).await;
            if same.map_err(|error| fault_of(&error))?.is_some() {
                return Ok((format!("Agent unchanged: {name}"), None));
            }
        }
        After::Nothing | After::Prompt(_) | After::Echo => {}
    }
    if !is_empty || is_start && send.method == Method::Post {
        request = request.body(body);
    }
    let answer = match client.send(&request).await {
        Ok(answer) => answer,
        Err(error) if send.method == Method::Delete && error.is_not_found() => {
            return Ok(("Already deleted — refreshing".to_owned(), None));
        }
        Err(error) => return Err(fault(&error)),
    };
    let value = match (api::answered_kind(&request), request.method) {
        (Some(kind), _) => {
            let written = client.written(kind, &request, &answer).await;
            written.map_err(|error| fault(&error))?;
            answer.json().unwrap_or_default()
        }
        (None, Method::Post) if is_start => answer.json().map_err(|error| fault(&error))?,
        (None, _) => answer.json().unwrap_or_default(),
    };
    match send.after {
        After::Echo => Ok((send.done, Record::decode(&SESSION_MESSAGE, value).ok())),
        After::Prompt(prompt) => {
            deliver(client, &value, &prompt, &send.project).await?;
            Ok((started(&send.done, &value), None))
        }
        _ => Ok((started(&send.done, &value), None)),
    }
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
