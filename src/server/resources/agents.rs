//! Agents of a project, and their start (contract api.md section 9.2).

use rusqlite::Connection;
use serde_json::json;

use super::inbox::INBOX_MESSAGE;
use super::messages;
use super::projects::PROJECT;
use super::role_bindings::ROLE_BINDING;
use super::sessions::{self, SESSION};
use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::Failure;
use crate::server::fields::{Default, DeleteUnknown, Kind, int, number, text};
use crate::server::record::{Record, Value};
use crate::server::reply::Reply;
use crate::server::store::records::{self, Condition};
use crate::server::{Manners, USER, ids, list as lists, time};

pub static AGENT: Kind = Kind {
    name: "Agent",
    table: "agents",
    collection: "agents",
    fields: &[
        text("name").required(),
        text("project_id").required().fixed(),
        text("display_name"),
        text("description"),
        text("prompt"),
        text("repo_url"),
        text("workflow_id").fixed(),
        text("parent_agent_id").fixed(),
        text("owner_user_id").fixed().or(Default::Text("")),
        text("llm_model").or(sessions::MODEL),
        number("llm_temperature").or(sessions::TEMPERATURE),
        int("llm_max_tokens").or(sessions::MAX_TOKENS),
        text("bot_account_name").fixed(),
        text("resource_overrides").fixed(),
        text("environment_variables").fixed(),
        text("labels"),
        text("annotations"),
        text("current_session_id").read_only(),
    ],
    delete_unknown: DeleteUnknown::NotFound,
};

/// GET: the agents of the path's project.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    crud::list_within(call, Condition::equal("project_id", call.part("project")))
}

/// POST: the project of the path wins over that of the body.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    crud::create_with(call, |_, record| {
        record.set_text("project_id", call.part("project"));
        Ok(())
    })
}

pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    call.state
        .store()
        .read(|transaction| Ok(Reply::ok(find(transaction, call)?.to_json())))
}

pub fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let values = body::patch(&AGENT, &call.body)?;
    crud::change(call, |_, record| {
        belongs(record, call)?;
        body::apply(record, values);
        Ok(())
    })
}

pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    call.state.store().write(|transaction| {
        let agent = find(transaction, call)?;
        crud::remove(transaction, &AGENT, &agent.id, call.manners())
    })
}

/// The agent of the path, in the project of the path.
fn find(connection: &Connection, call: &Call<'_>) -> Result<Record, Failure> {
    named(connection, call, "id")
}

/// The agent that a part of the path names, in the project of the path.
///
/// # Errors
/// 404 for an unknown one, 403 for one of another project.
pub fn named(connection: &Connection, call: &Call<'_>, part: &str) -> Result<Record, Failure> {
    let agent = crud::find(connection, &AGENT, call.part(part))?;
    belongs(&agent, call)?;
    Ok(agent)
}

fn belongs(agent: &Record, call: &Call<'_>) -> Result<(), Failure> {
    if agent.text("project_id") == call.part("project") {
        Ok(())
    } else {
        Err(Failure::forbidden("agent does not belong to this project"))
    }
}

/// GET …/sessions: those of the agent.
pub fn sessions(call: &Call<'_>) -> Result<Reply, Failure> {
    call.state.store().read(|transaction| {
        let agent = find(transaction, call)?;
        let within = Condition::equal("agent_id", agent.id);
        lists::list(transaction, &SESSION, within, &call.query, call.manners()).map(Reply::ok)
    })
}

/// GET `…/role_bindings`: those of the agent; on the platform the query is broken.
pub fn role_bindings(call: &Call<'_>) -> Result<Reply, Failure> {
    call.state.store().read(|transaction| {
        if call.manners() == Manners::Recorded {
            return Err(Failure::general(
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
            call.manners(),
        )
        .map(Reply::ok)
    })
}

/// GET …/start: the prompt that a start would give.
pub fn preview(call: &Call<'_>) -> Result<Reply, Failure> {
    // The platform asks for a JSON body here, which no client sends with a GET.
    if call.manners() == Manners::Recorded || !call.body.is_empty() {
        body::any_json(&call.body)?;
    }
    call.state.store().read(|transaction| {
        let agent = find(transaction, call)?;
        let unread = unread(transaction, &agent)?;
        Ok(Reply::Text(prompt(transaction, &agent, &unread, "")?))
    })
}

/// POST …/start: a new session with a prompt, or the one that is under way.
pub fn start(call: &Call<'_>) -> Result<Reply, Failure> {
    let reply = call.state.store().write(|transaction| {
        let mut agent = find(transaction, call)?;
        if let Some(active) = active_session(transaction, &agent)? {
            return Ok(Reply::ok(
                json!({"session": active.to_json(), "starting_prompt": ""}),
            ));
        }
        let task = match call.manners() {
            // The platform reads the body and drops what it says.
            Manners::Recorded => {
                body::any_json(&call.body)?;
                String::new()
            }
            Manners::Corrected if call.body.is_empty() => String::new(),
            Manners::Corrected => {
                let object = body::object(&call.body, "StartRequest", &["prompt"])?;
                body::text_of(&object, "prompt", "StartRequest")?
            }
        };
        let unread = unread(transaction, &agent)?;
        let prompt = prompt(transaction, &agent, &unread, &task)?;
        let session = new_session(&agent);
        crud::insert(transaction, &session, call.manners())?;
        messages::push(transaction, &session.id, "user", &prompt)?;
        for mut message in unread {
            message.set("read", Value::Bool(true));
            crud::save(transaction, &mut message, call.manners())?;
        }
        agent.set_text("current_session_id", session.id.clone());
        crud::save(transaction, &mut agent, call.manners())?;
        let mut started = session.clone();
        started.set_text("phase", "Pending");
        crud::save(transaction, &mut started, call.manners())?;
        Ok::<_, Failure>(Reply::created(json!({
            "session": session.to_json(),
            "starting_prompt": prompt,
        })))
    })?;
    call.state.announce_messages();
    call.state.announce_sessions();
    Ok(reply)
}

fn active_session(connection: &Connection, agent: &Record) -> Result<Option<Record>, Failure> {
    let condition = Condition::equal("agent_id", agent.id.clone()).and(Condition {
        sql: "phase IN ('Pending', 'Creating', 'Running')".to_owned(),
        values: Vec::new(),
    });
    Ok(records::all(connection, &SESSION, &condition)?.pop())
}

/// Named after the agent and the second of its start.
fn new_session(agent: &Record) -> Record {
    let mut session = Record::new(&SESSION, ids::fresh());
    let name = format!("{}-{}", agent.text("name"), time::now().as_second());
    session.set_text("name", name);
    session.set("prompt", agent.get("prompt").clone());
    session.set("project_id", agent.get("project_id").clone());
    session.set_text("agent_id", agent.id.clone());
    session.set_text("created_by_user_id", USER);
    sessions::with_resource_name(session)
}

fn unread(connection: &Connection, agent: &Record) -> Result<Vec<Record>, Failure> {
    let condition = Condition::equal("agent_id", agent.id.clone()).and(Condition {
        sql: "read IS NULL OR read = 0".to_owned(),
        values: Vec::new(),
    });
    Ok(records::all(connection, &INBOX_MESSAGE, &condition)?)
}

/// The prompt of a start, in the platform's layout.
fn prompt(
    connection: &Connection,
    agent: &Record,
    unread: &[Record],
    task: &str,
) -> Result<String, Failure> {
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

/// A table of the other agents; empty if there are none.
fn peers(connection: &Connection, agent: &Record) -> Result<String, Failure> {
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

fn line_of(message: &Record) -> String {
    let sender = ["from_name", "from_agent_id"]
        .iter()
        .map(|key| message.text(key))
        .find(|text| !text.is_empty())
        .unwrap_or("system");
    format!("**From {sender}:** {}", message.text("body"))
}
