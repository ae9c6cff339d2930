//! Agents of a project, and the sessions that they start (docs/interface/api.md section 9.2).

use rusqlite::Connection;
use serde_json::json;

use super::sessions;
use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::ids;
use crate::server::kinds::{AGENT, INBOX_MESSAGE, PROJECT, ROLE_BINDING, SESSION};
use crate::server::list as lists;
use crate::server::names::USER;
use crate::server::record::{FieldValue, ServerRecord};
use crate::server::reply::Reply;
use crate::server::state::Fidelity;
use crate::server::store::messages;
use crate::server::store::records::{self, Condition};
use crate::server::time;

/// GET: lists the agents of the path's project.
pub(crate) fn list(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::list_within(call, Condition::equal("project_id", call.part("project")))
}

/// POST: creates an agent. The project in the path overrides the one in the body.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::create_with(call, |_, record| {
        record.set_text("project_id", call.part("project"));
        Ok(())
    })
}

pub(crate) fn get(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state
        .store()
        .read(|transaction| Ok(Reply::ok(find(transaction, call)?.to_json())))
}

pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&AGENT, &call.body)?;
    crud::change(call, |_, record| {
        belongs(record, call)?;
        body::apply(record, values);
        Ok(())
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().write(|transaction| {
        let agent = find(transaction, call)?;
        crud::remove(transaction, &AGENT, &agent.id, call.fidelity())
    })
}

/// Returns the agent that the path names, within its project.
fn find(connection: &Connection, call: &Call<'_>) -> Result<ServerRecord, ServerFailure> {
    named(connection, call, "id")
}

/// Returns the agent that this part of the path names, within the path's project.
///
/// # Errors
/// 404 for an unknown agent, 403 for an agent of another project.
pub(crate) fn named(
    connection: &Connection,
    call: &Call<'_>,
    part: &str,
) -> Result<ServerRecord, ServerFailure> {
    let agent = crud::find(connection, &AGENT, call.part(part))?;
    belongs(&agent, call)?;
    Ok(agent)
}

fn belongs(agent: &ServerRecord, call: &Call<'_>) -> Result<(), ServerFailure> {
    if agent.text("project_id") == call.part("project") {
        Ok(())
    } else {
        Err(ServerFailure::forbidden(
            "agent does not belong to this project",
        ))
    }
}

/// GET …/sessions: lists the sessions of the agent.
pub(crate) fn sessions(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        let agent = find(transaction, call)?;
        let within = Condition::equal("agent_id", agent.id);
        lists::list(transaction, &SESSION, within, &call.query, call.fidelity())
    })
}

/// GET `…/role_bindings`: lists the role bindings of the agent. On the platform this query always fails.
pub(crate) fn role_bindings(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        if call.fidelity() == Fidelity::Recorded {
            return Err(ServerFailure::general(
                "Unable to list resources: pq: column role_bindings.scope_id does not exist",
            ));
        }
        let agent = find(transaction, call)?;
        let within = Condition::equal("agent_id", agent.id);
        lists::list(
            transaction,
            &ROLE_BINDING,
            within,
            &call.query,
            call.fidelity(),
        )
    })
}

/// GET …/start: shows the prompt that a start would use.
pub(crate) fn preview(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    // The platform requires a JSON body here, which no client sends with a GET.
    if call.fidelity() == Fidelity::Recorded || !call.body.is_empty() {
        body::any_json(&call.body)?;
    }
    call.state.store().read(|transaction| {
        let agent = find(transaction, call)?;
        let unread = unread(transaction, &agent)?;
        Ok(Reply::Text(prompt(transaction, &agent, &unread, "")?))
    })
}

/// POST …/start: starts a session with a prompt, or returns the session that is already active.
pub(crate) fn start(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let reply = call.state.store().write(|transaction| {
        let mut agent = find(transaction, call)?;
        if let Some(active) = active_session(transaction, &agent)? {
            return Ok(Reply::ok(
                json!({"session": active.to_json(), "starting_prompt": ""}),
            ));
        }
        let task = task(call)?;
        let unread = unread(transaction, &agent)?;
        let prompt = prompt(transaction, &agent, &unread, &task)?;
        let session = new_session(&agent);
        crud::insert(transaction, &session, call.fidelity())?;
        messages::push(transaction, &session.id, "user", &prompt)?;
        for mut message in unread {
            message.set("read", FieldValue::Bool(true));
            crud::save(transaction, &mut message, call.fidelity())?;
        }
        agent.set_text("current_session_id", session.id.clone());
        crud::save(transaction, &mut agent, call.fidelity())?;
        let mut started = session.clone();
        started.set_text("phase", "Pending");
        crud::save(transaction, &mut started, call.fidelity())?;
        Ok::<_, ServerFailure>(Reply::created(json!({
            "session": session.to_json(),
            "starting_prompt": prompt,
        })))
    })?;
    call.state.announce_messages();
    call.state.announce_sessions();
    Ok(reply)
}

/// Returns the task in the body of a start.
fn task(call: &Call<'_>) -> Result<String, ServerFailure> {
    // The platform reads the body and ignores its content, so clients send the task as a message. Where sessions are
    // run from this store, the command could begin before the message arrives and would never see the task.
    if call.fidelity() == Fidelity::Recorded {
        body::any_json(&call.body)?;
        if !call.state.are_sessions_run() {
            return Ok(String::new());
        }
    } else if call.body.is_empty() {
        return Ok(String::new());
    }
    let object = body::object(&call.body, "StartRequest", &["prompt"])?;
    body::text_of(&object, "prompt", "StartRequest")
}

fn active_session(
    connection: &Connection,
    agent: &ServerRecord,
) -> Result<Option<ServerRecord>, ServerFailure> {
    let condition = Condition::equal("agent_id", agent.id.clone()).and(Condition {
        sql: "phase IN ('Pending', 'Creating', 'Running')".to_owned(),
        values: Vec::new(),
    });
    Ok(records::all(connection, &SESSION, &condition)?.pop())
}

/// Creates a session named after the agent and the second of the start.
fn new_session(agent: &ServerRecord) -> ServerRecord {
    let mut session = ServerRecord::new(&SESSION, ids::fresh());
    let name = format!("{}-{}", agent.text("name"), time::now().as_second());
    session.set_text("name", name);
    session.set("prompt", agent.get("prompt").clone());
    session.set("project_id", agent.get("project_id").clone());
    session.set_text("agent_id", agent.id.clone());
    session.set_text("created_by_user_id", USER);
    sessions::with_resource_name(session)
}

fn unread(
    connection: &Connection,
    agent: &ServerRecord,
) -> Result<Vec<ServerRecord>, ServerFailure> {
    let condition = Condition::equal("agent_id", agent.id.clone()).and(Condition {
        sql: "read IS NULL OR read = 0".to_owned(),
        values: Vec::new(),
    });
    Ok(records::all(connection, &INBOX_MESSAGE, &condition)?)
}

/// Returns the prompt of a start, in the platform's layout.
fn prompt(
    connection: &Connection,
    agent: &ServerRecord,
    unread: &[ServerRecord],
    task: &str,
) -> Result<String, ServerFailure> {
    let (name, project) = (agent.text("name"), agent.text("project_id"));
    let mut prompt = format!(
        "# Agent Start: {name}\n\nYou are **{name}**, working in project **{project}**.\n\n"
    );
    let mut section = |title: &str, text: &str| {
        if !text.is_empty() {
            prompt.push_str(&format!("## {title}\n\n{text}\n\n"));
        }
    };
    let workspace = records::get(connection, &PROJECT, project)?;
    let workspace = workspace
        .as_ref()
        .map_or("", |project| project.text("prompt"));
    section("Workspace Context", workspace);
    section("Standing Instructions", agent.text("prompt"));
    section("Peer Agents in this Project", &peers(connection, agent)?);
    let received: Vec<String> = unread.iter().map(line_of).collect();
    section("Inbox Messages (unread at start)", &received.join("\n\n"));
    section("Task for this Run", task);
    Ok(prompt)
}

/// Returns a table of the other agents; empty if there are none.
fn peers(connection: &Connection, agent: &ServerRecord) -> Result<String, ServerFailure> {
    let condition = Condition::equal("project_id", agent.text("project_id"));
    let rows: Vec<String> = records::all(connection, &AGENT, &condition)?
        .iter()
        .filter(|peer| peer.id != agent.id)
        .map(|peer| format!("| {} | — |", peer.text("name")))
        .collect();
    if rows.is_empty() {
        return Ok(String::new());
    }
    Ok(format!(
        "| Agent | Description |\n| ----- | ----------- |\n{}",
        rows.join("\n")
    ))
}

fn line_of(message: &ServerRecord) -> String {
    let sender = ["from_name", "from_agent_id"]
        .iter()
        .map(|key| message.text(key))
        .find(|text| !text.is_empty())
        .unwrap_or("system");
    format!("**From {sender}:** {}", message.text("body"))
}
