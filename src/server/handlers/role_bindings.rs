//! Role bindings, and the rules about who may create which (docs/interface/api.md section 8.4).
//!
//! The caller is always [`USER`], who owns everything that was created here. A binding names a person by the user name
//! or, as on the platform with sandboxes, by the id of the user; both are understood, whatever the platform.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::server::body::{self, Draft};
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::ids;
use crate::server::kinds::{AGENT, ROLE, ROLE_BINDING, USER as USER_KIND};
use crate::server::names::USER;
use crate::server::record::{FieldValue, ServerRecord};
use crate::server::reply::Reply;
use crate::server::seed;
use crate::server::state::Fidelity;
use crate::server::store::records::{self, Condition};

const SCOPES: [&str; 5] = ["global", "project", "agent", "session", "credential"];

/// Adds a binding that makes the caller the owner of a new project or credential.
pub(crate) fn own(
    connection: &Connection,
    scope: &str,
    id: &str,
    call: &Call<'_>,
) -> Result<(), ServerFailure> {
    let role = records::all(
        connection,
        &ROLE,
        &Condition::equal("name", format!("{scope}:owner")),
    )?;
    // If the role was deleted, no owner binding is added.
    let Some(role) = role.first() else {
        return Ok(());
    };
    let mut binding = ServerRecord::new(&ROLE_BINDING, ids::fresh());
    binding.set_text("role_id", role.id.clone());
    binding.set_text("scope", scope);
    let user = if call.is_sandbox() {
        own_id(connection)?.unwrap_or_else(|| USER.to_owned())
    } else {
        USER.to_owned()
    };
    binding.set_text("user_id", user);
    binding.set_text(&format!("{scope}_id"), id);
    crud::insert(connection, &binding, call.fidelity())
}

/// Returns the id of the caller's record; `None` if someone deleted it.
fn own_id(connection: &Connection) -> Result<Option<String>, ServerFailure> {
    let named = Condition::equal("username", USER);
    let found = records::all(connection, &USER_KIND, &named)?.pop();
    Ok(found.map(|user| user.id))
}

/// Returns the condition that a binding is the caller's.
fn is_own(connection: &Connection) -> Result<Condition, ServerFailure> {
    let id = own_id(connection)?.unwrap_or_else(|| USER.to_owned());
    Ok(Condition {
        sql: "user_id IN (?, ?)".to_owned(),
        values: vec![USER.to_owned().into(), id.into()],
    })
}

/// Refuses `created_at` without `updated_at`, which breaks the connection on the platform (section 11, row 6).
pub(crate) fn refuse_half_times(draft: &Draft) -> Result<(), ServerFailure> {
    if draft.created_at.is_some() && draft.updated_at.is_none() {
        return Err(ServerFailure::invalid("created_at needs updated_at"));
    }
    Ok(())
}

/// GET `…/role_bindings`: lists the role bindings of a user, a project, a session or a credential.
pub(crate) fn of(call: &Call<'_>, column: &'static str) -> Result<Reply, ServerFailure> {
    crud::list_within(call, Condition::equal(column, call.part("id")))
}

pub(crate) fn of_user(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    of(call, "user_id")
}

pub(crate) fn of_project(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    of(call, "project_id")
}

pub(crate) fn of_session(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    of(call, "session_id")
}

pub(crate) fn of_credential(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    of(call, "credential_id")
}

/// Makes another user the owner of a project in place of the caller, who becomes an editor.
pub(crate) fn transfer(
    connection: &Connection,
    call: &Call<'_>,
    project: &str,
    target: &str,
) -> Result<(), ServerFailure> {
    let target = records::get(connection, &USER_KIND, target)?
        .ok_or_else(|| ServerFailure::missing("target user not found"))?;
    let role = |name: &'static str| -> Result<String, ServerFailure> {
        let found = records::all(connection, &ROLE, &Condition::equal("name", name))?;
        let found = found.first().map(|role| role.id.clone());
        found.ok_or_else(|| ServerFailure::forbidden("target role not found"))
    };
    let (owner, editor) = (role("project:owner")?, role("project:editor")?);
    let owners =
        Condition::equal("role_id", owner.clone()).and(Condition::equal("project_id", project));
    let all = records::all(connection, &ROLE_BINDING, &owners)?;
    let is_target = |binding: &ServerRecord| {
        [target.id.as_str(), target.text("username")].contains(&binding.text("user_id"))
    };
    if all.iter().any(is_target) {
        return Err(ServerFailure::conflict(
            "target user is already project owner",
        ));
    }
    let own = records::all(connection, &ROLE_BINDING, &owners.and(is_own(connection)?))?;
    let Some(mut own) = own.into_iter().next() else {
        return Err(ServerFailure::forbidden("Forbidden"));
    };
    let mut new = ServerRecord::new(&ROLE_BINDING, ids::fresh());
    new.set_text("role_id", owner);
    new.set_text("scope", "project");
    new.set_text("project_id", project);
    let user = if call.is_sandbox() {
        target.id.clone()
    } else {
        target.text("username").to_owned()
    };
    new.set_text("user_id", user);
    crud::insert(connection, &new, call.fidelity())?;
    own.set_text("role_id", editor);
    crud::save(connection, &mut own, call.fidelity())
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let nulls = body::null_keys(&ROLE_BINDING, &call.body);
    let draft = crud::parse_body(call)?;
    refuse_half_times(&draft)?;
    let record = draft.into_record(&ROLE_BINDING, ids::fresh());
    call.state.store().write(|transaction| {
        let caller = Caller::load(transaction)?;
        may_grant(transaction, &caller, &record, call.is_sandbox())?;
        let needed = format!("{}_id", record.text("scope"));
        if nulls.iter().any(|key| key.eq_ignore_ascii_case(&needed)) {
            return Err(ServerFailure::bad_request(format!(
                "{needed} must not be null"
            )));
        }
        crud::insert(transaction, &record, call.fidelity())
    })?;
    Ok(Reply::created(record.to_json()))
}

/// PATCH: changes one of the caller's own bindings, but never its scope. A new role or target is checked like a new
/// binding.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&ROLE_BINDING, &call.body)?;
    crud::change(call, |transaction, record| {
        let user = record.text("user_id");
        if user != USER && Some(user) != own_id(transaction)?.as_deref() {
            return Err(ServerFailure::forbidden(match call.fidelity() {
                Fidelity::Recorded => "Forbidden",
                Fidelity::Corrected => "callers can only update their own bindings",
            }));
        }
        let before = record.clone();
        body::apply(record, values);
        if record.text("scope") != before.text("scope") {
            return Err(ServerFailure::forbidden(
                "the scope of a binding can't be changed",
            ));
        }
        if record.values == before.values {
            return Ok(());
        }
        let caller = Caller::load(transaction)?;
        may_grant(transaction, &caller, record, call.is_sandbox())
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let id = call.part("id");
    call.state.store().write(|transaction| {
        let binding = crud::find(transaction, &ROLE_BINDING, id)?;
        refuse_last_owner(transaction, &binding)?;
        if binding.text("scope") == "credential" {
            let caller = Caller::load(transaction)?;
            match binding.optional_text("project_id") {
                _ if caller.is_admin() => {}
                Some(project) if caller.edits(project) => {}
                Some(_) => {
                    return Err(ServerFailure::forbidden(
                        "caller must be project editor or higher to unbind credentials from a project",
                    ));
                }
                None => {
                    return Err(ServerFailure::forbidden(
                        "only platform admins can delete global credential bindings",
                    ));
                }
            }
        }
        crud::remove(transaction, &ROLE_BINDING, id, call.fidelity())
    })
}

/// Refuses to remove the last owner of a project or credential.
fn refuse_last_owner(connection: &Connection, binding: &ServerRecord) -> Result<(), ServerFailure> {
    let role = records::get(connection, &ROLE, binding.text("role_id"))?;
    let target = match role.as_ref().map(|role| role.text("name")) {
        Some("credential:owner") => "credential_id",
        Some("project:owner") => "project_id",
        _ => return Ok(()),
    };
    let same = Condition::equal("role_id", binding.text("role_id"))
        .and(Condition::equal(target, binding.text(target)));
    if records::count(connection, &ROLE_BINDING, &same)? > 1 {
        return Ok(());
    }
    Err(ServerFailure::conflict(
        "cannot delete the last owner binding",
    ))
}

/// Checks a new binding, in the platform's order.
fn may_grant(
    connection: &Connection,
    caller: &Caller,
    binding: &ServerRecord,
    is_sandbox: bool,
) -> Result<(), ServerFailure> {
    let scope = binding.text("scope");
    if !SCOPES.contains(&scope) {
        return Err(ServerFailure::bad_request("invalid scope"));
    }
    let role = records::get(connection, &ROLE, binding.text("role_id"))?
        .ok_or_else(|| ServerFailure::forbidden("target role not found"))?;
    let role = seed::built_in(role.text("name"));
    // On the platform with sandboxes an owner may let other people read the token.
    let is_internal = |role: &seed::Role| {
        role.internal && !(is_sandbox && role.name == "credential:token-reader")
    };
    if role.is_some_and(is_internal) && !caller.is_admin() {
        return Err(ServerFailure::forbidden("cannot assign internal role"));
    }
    let own = caller.level(scope, binding.optional_text(&format!("{scope}_id")));
    let enough = match (role.and_then(|role| role.level), own) {
        (Some(_), Some(0)) => true,
        (Some(wanted), Some(own)) => own < wanted,
        _ => false,
    };
    if !enough {
        return Err(ServerFailure::forbidden(
            "insufficient privileges to grant this role",
        ));
    }
    match scope {
        "global" if !caller.is_admin() => Err(ServerFailure::forbidden(
            "only platform admins can create global bindings",
        )),
        "project"
            if !caller.is_admin() && !caller.has_any("project_id", binding.text("project_id")) =>
        {
            Err(ServerFailure::forbidden(
                "caller has no access to this project",
            ))
        }
        "credential" => may_bind_credential(connection, caller, binding),
        _ => Ok(()),
    }
}

fn may_bind_credential(
    connection: &Connection,
    caller: &Caller,
    binding: &ServerRecord,
) -> Result<(), ServerFailure> {
    for key in ["project_id", "agent_id"] {
        if binding.optional_text(key) == Some("") {
            return Err(ServerFailure::bad_request(format!(
                "{key} must not be empty"
            )));
        }
    }
    let project = binding.optional_text("project_id");
    if let Some(agent) = binding.optional_text("agent_id") {
        let Some(project) = project else {
            return Err(ServerFailure::bad_request(
                "agent-scoped credential bindings require a project_id",
            ));
        };
        let agent = records::get(connection, &AGENT, agent)?
            .ok_or_else(|| ServerFailure::bad_request("agent not found"))?;
        if agent.text("project_id") != project {
            return Err(ServerFailure::bad_request(
                "agent does not belong to the specified project",
            ));
        }
    }
    if !caller.holds(
        "credential:owner",
        "credential_id",
        binding.text("credential_id"),
    ) {
        return Err(ServerFailure::forbidden(
            "caller must be credential owner to grant credential-scoped bindings",
        ));
    }
    match project {
        _ if caller.is_admin() => Ok(()),
        Some(project) if caller.edits(project) => Ok(()),
        Some(_) => Err(ServerFailure::forbidden(
            "caller must be project editor or higher to bind credentials to a project",
        )),
        None => Err(ServerFailure::forbidden(
            "only platform admins can create global credential bindings",
        )),
    }
}

/// The caller's bindings, each with the name of its role.
struct Caller(Vec<(String, ServerRecord)>);

impl Caller {
    fn load(connection: &Connection) -> Result<Self, ServerFailure> {
        let bindings = records::all(connection, &ROLE_BINDING, &is_own(connection)?)?;
        let roles: HashMap<String, String> =
            records::all(connection, &ROLE, &Condition::default())?
                .into_iter()
                .map(|role| (role.id.clone(), role.text("name").to_owned()))
                .collect();
        let named = bindings
            .into_iter()
            .filter_map(|binding| Some((roles.get(binding.text("role_id"))?.clone(), binding)))
            .collect();
        Ok(Self(named))
    }

    fn is_admin(&self) -> bool {
        self.level("global", None) == Some(0)
    }

    /// Returns the highest level (the lowest number) among the global bindings and those of a target.
    fn level(&self, scope: &str, target: Option<&str>) -> Option<u8> {
        let key = format!("{scope}_id");
        self.0
            .iter()
            .filter(|(_, binding)| {
                binding.text("scope") == "global"
                    || (binding.text("scope") == scope
                        && target.is_some()
                        && binding.optional_text(&key) == target)
            })
            .filter_map(|(role, _)| seed::built_in(role)?.level)
            .min()
    }

    fn has_any(&self, key: &str, target: &str) -> bool {
        self.0
            .iter()
            .any(|(_, binding)| binding.optional_text(key) == Some(target))
    }

    fn holds(&self, role: &str, key: &str, target: &str) -> bool {
        self.0.iter().any(|(name, binding)| {
            name == role && binding.get(key) == &FieldValue::Text(target.to_owned())
        })
    }

    fn edits(&self, project: &str) -> bool {
        ["project:owner", "project:editor"]
            .iter()
            .any(|role| self.holds(role, "project_id", project))
    }
}
