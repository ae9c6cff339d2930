//! Sessions (docs/interface/api.md section 9.4). No cluster runs them here: this is their life cycle.
//! `runs` is for the process that runs them.

use rusqlite::Transaction;
use serde_json::{Value as Json, json};

use crate::server::body::{self, Object};
use crate::server::call::Call;
use crate::server::crud::{self, Reference};
use crate::server::error::ServerFailure;
use crate::server::fields::Field;
use crate::server::ids;
use crate::server::kinds::{SESSION, SESSION_STATUS};
use crate::server::names::USER;
use crate::server::record::{FieldValue, ServerRecord};
use crate::server::reply::Reply;
use crate::server::runs::{self, End};
use crate::server::state::Fidelity;
use crate::server::store::messages;
use crate::server::store::records::Condition;
use crate::server::time;

const PHASES: [&str; 7] = [
    "Pending",
    "Creating",
    "Running",
    "Stopping",
    "Stopped",
    "Completed",
    "Failed",
];

/// The session that a session continues.
const PARENT: Reference = Reference {
    field: "parent_session_id",
    kind: &SESSION,
    unknown: "the parent session does not exist",
};

/// The fields that a copy takes from the original.
const COPIED: [&str; 15] = [
    "repo_url",
    "assigned_user_id",
    "workflow_id",
    "repos",
    "timeout",
    "llm_model",
    "llm_temperature",
    "llm_max_tokens",
    "bot_account_name",
    "resource_overrides",
    "environment_variables",
    "labels",
    "annotations",
    "project_id",
    "agent_id",
];

/// Returns the condition for the project that the query names or, without one, the header.
pub(crate) fn within_project(call: &Call<'_>) -> Result<Condition, ServerFailure> {
    let asked = call
        .query
        .get("project_id")
        .filter(|project| !project.is_empty());
    let Some(project) = asked.or(call.project_header.as_deref()) else {
        return Ok(Condition::default());
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@:-".contains(&byte);
    if project.bytes().all(fits) {
        Ok(Condition::equal("project_id", project))
    } else {
        Err(ServerFailure::invalid("invalid project_id format"))
    }
}

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::list_within(call, within_project(call)?)
}

/// POST: creates a session. The header may name the project; the prompt becomes the first message.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let session = crud::parse_body(call)?.into_record(&SESSION, ids::fresh());
    let mut session = with_resource_name(session);
    session.set_text("created_by_user_id", USER);
    if session.get("project_id") == &FieldValue::Null
        && let Some(project) = &call.project_header
    {
        session.set_text("project_id", project.clone());
    }
    call.state.store().write(|transaction| {
        crud::refuse_unknown(transaction, &session, &PARENT, "create", call.fidelity())?;
        crud::insert(transaction, &session, call.fidelity())?;
        if !session.text("prompt").is_empty() {
            messages::push(transaction, &session.id, "user", session.text("prompt"))?;
        }
        Ok::<_, ServerFailure>(())
    })?;
    call.state.announce_messages();
    Ok(Reply::created(session.to_json()))
}

/// Sets the session's name in the cluster, which is its id.
pub(crate) fn with_resource_name(mut session: ServerRecord) -> ServerRecord {
    session.set_text("kube_cr_name", session.id.clone());
    session
}

pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&SESSION, &call.body)?;
    crud::change(call, |transaction, record| {
        body::apply(record, values);
        crud::refuse_unknown(transaction, record, &PARENT, "update", call.fidelity())
    })
}

/// PATCH …/status: stores the status that a control plane reports.
pub(crate) fn status(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&SESSION_STATUS, &call.body)?;
    if values.is_empty() {
        let names: Vec<&str> = SESSION_STATUS
            .fields
            .iter()
            .map(|field| field.name)
            .collect();
        return Err(ServerFailure::invalid(format!(
            "status patch body must set at least one field: {}",
            names.join(", ")
        )));
    }
    crud::change(call, |_, session| {
        refuse_unknown_phase(&values)?;
        body::apply(session, values);
        Ok(())
    })
}

fn refuse_unknown_phase(values: &[(&'static Field, FieldValue)]) -> Result<(), ServerFailure> {
    let phase = values.iter().rev().find(|(field, _)| field.name == "phase");
    match phase {
        Some((_, FieldValue::Text(phase))) if !PHASES.contains(&phase.as_str()) => {
            Err(ServerFailure::invalid(format!(
                "invalid phase {phase:?}; must be one of: {}",
                PHASES.join(", ")
            )))
        }
        _ => Ok(()),
    }
}

/// Changes the phase and wakes the process that runs sessions.
fn announced(
    call: &Call<'_>,
    change: impl FnOnce(&Transaction<'_>, &mut ServerRecord) -> Result<(), ServerFailure>,
) -> Result<Reply, ServerFailure> {
    let reply = crud::change(call, change)?;
    call.state.announce_sessions();
    Ok(reply)
}

/// DELETE: deletes a session; if it is running, its run ends.
pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let reply = crud::delete(call)?;
    call.state.announce_sessions();
    Ok(reply)
}

pub(crate) fn start(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    announced(call, |_, session| {
        let phase = session.text("phase");
        if !["", "Stopped", "Failed", "Completed"].contains(&phase) {
            return Err(ServerFailure::conflict(format!(
                "cannot start session in phase {phase:?}; must be empty, Stopped, Failed, or Completed"
            )));
        }
        session.set_text("phase", "Pending");
        Ok(())
    })
}

/// POST …/stop: asks the process that runs the session to end it. A session that waits for nobody ends at once.
pub(crate) fn stop(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let reply = announced(call, |transaction, session| {
        let phase = session.text("phase");
        if !["Running", "Creating", "Pending"].contains(&phase) {
            return Err(ServerFailure::conflict(format!(
                "cannot stop session in phase {phase:?}; must be Running, Creating, or Pending"
            )));
        }
        if phase == "Pending" && !call.state.are_sessions_run() {
            return Ok(runs::note_end(transaction, session, &End::UNSTARTED)?);
        }
        session.set_text("phase", "Stopping");
        Ok(())
    })?;
    call.state.announce_messages();
    Ok(reply)
}

/// POST …/clone: creates a copy whose parent is the original.
pub(crate) fn clone(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let copy = call.state.store().write(|transaction| {
        let source = crud::find(transaction, &SESSION, call.part("id"))?;
        let mut copy = ServerRecord::new(&SESSION, ids::fresh());
        for name in COPIED {
            copy.set(name, source.get(name).clone());
        }
        copy.set_text("name", format!("{}-clone", source.text("name")));
        copy.set_text("parent_session_id", source.id);
        // The platform does not set the owner of a copy.
        if call.fidelity() == Fidelity::Corrected {
            copy.set_text("created_by_user_id", USER);
        }
        let copy = with_resource_name(copy);
        crud::insert(transaction, &copy, call.fidelity())?;
        Ok::<_, ServerFailure>(copy)
    })?;
    Ok(Reply::created(copy.to_json()))
}

/// Returns the text of a key that is required.
fn needed(object: &Object, key: &str, holder: &str) -> Result<String, ServerFailure> {
    let value = body::text_of(object, key, holder)?;
    if value.is_empty() {
        return Err(ServerFailure::invalid(format!("{key} is required")));
    }
    Ok(value)
}

fn branch(object: &Object, holder: &str) -> Result<String, ServerFailure> {
    let branch = body::text_of(object, "branch", holder)?;
    Ok(if branch.is_empty() {
        "main".to_owned()
    } else {
        branch
    })
}

/// Returns the repositories of a session; none if the stored text is not a list.
fn repos(session: &ServerRecord) -> Vec<Json> {
    serde_json::from_str(session.text("repos")).unwrap_or_default()
}

pub(crate) fn add_repo(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let object = body::object(&call.body, "AddRepoRequest", &["url", "branch"])?;
    let url = needed(&object, "url", "AddRepoRequest")?;
    let branch = branch(&object, "AddRepoRequest")?;
    let name = url.trim_end_matches(".git").trim_end_matches('/');
    let name = name.rsplit('/').next().unwrap_or(name).to_owned();
    crud::change(call, |_, session| {
        let mut repos = repos(session);
        repos.push(json!({"url": url, "branch": branch, "name": name}));
        session.set_text("repos", Json::Array(repos).to_string());
        Ok(())
    })
}

pub(crate) fn remove_repo(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::change(call, |_, session| {
        let mut repos = repos(session);
        repos.retain(|repo| repo.get("name").and_then(Json::as_str) != Some(call.part("name")));
        session.set_text("repos", Json::Array(repos).to_string());
        Ok(())
    })
}

pub(crate) fn set_workflow(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let object = body::object(
        &call.body,
        "SetWorkflowRequest",
        &["git_url", "branch", "path"],
    )?;
    let url = needed(&object, "git_url", "SetWorkflowRequest")?;
    let mut workflow = json!({"git_url": url, "branch": branch(&object, "SetWorkflowRequest")?});
    let path = body::text_of(&object, "path", "SetWorkflowRequest")?;
    if !path.is_empty()
        && let Some(workflow) = workflow.as_object_mut()
    {
        workflow.insert("path".to_owned(), Json::String(path));
    }
    crud::change(call, |_, session| {
        session.set_text("workflow_id", workflow.to_string());
        Ok(())
    })
}

/// GET …/workflow/metadata: returns the workflow as an object or, if it is not one, its text.
pub(crate) fn workflow(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        let session = crud::find(transaction, &SESSION, call.part("id"))?;
        let text = session.text("workflow_id");
        Ok(Reply::ok(match serde_json::from_str::<Object>(text) {
            Ok(mut workflow) => {
                workflow.sort_keys();
                json!({"workflow": workflow})
            }
            Err(_) if text.is_empty() => json!({"workflow": null}),
            Err(_) => json!({"raw": text, "workflow": null}),
        }))
    })
}

pub(crate) fn set_model(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let object = body::object(&call.body, "SetModelRequest", &["model"])?;
    let model = needed(&object, "model", "SetModelRequest")?;
    crud::change(call, |_, session| {
        session.set_text("llm_model", model);
        Ok(())
    })
}

/// PATCH …/displayname: changes the name.
pub(crate) fn rename(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let object = body::object(&call.body, "DisplayNameRequest", &["name"])?;
    let name = needed(&object, "name", "DisplayNameRequest")?;
    crud::change(call, |_, session| {
        session.set_text("name", name);
        Ok(())
    })
}

pub(crate) fn export(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        let session = crud::find(transaction, &SESSION, call.part("id"))?;
        Ok(Reply::ok(json!({
            "export_at": time::format(time::now()),
            "session": session.to_json(),
            "version": "1",
        })))
    })
}
