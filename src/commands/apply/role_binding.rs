//! Applies a role binding (docs/interface/cli-resources.md section 8.9).

use anyhow::Context as _;

use super::diff::Change;
use super::document::RoleBinding;
use super::writer::{Outcome, Writer};
use crate::api::{Body, ListOptions};
use crate::commands::people;
use crate::failure::{Failure, Kind};
use crate::lookup::Collection;
use crate::resources::{ROLE, ROLE_BINDING};
use crate::text::quote;

/// The fields that every binding has, all of them given.
struct Given<'a> {
    role: &'a str,
    scope: &'a str,
    /// The name or ID of the object that the scope names.
    scope_id: &'a str,
    /// Empty for a credential that is bound to a project, whose sessions use it: there is no user then.
    user_id: &'a str,
}

pub(super) async fn apply(writer: &Writer<'_>, binding: &RoleBinding) -> anyhow::Result<Outcome> {
    let given = given(binding)?;
    let role = writer.id(&Collection::global(&ROLE), given.role).await?;
    let (key, target) = target(writer, binding, &given).await?;
    let holders = holders(writer, binding).await?;
    let person = match given.user_id {
        "" => None,
        user => Some(people::find(writer.ctx, writer.client, user).await?),
    };
    let is_holder = |user: &str| match &person {
        None => user.is_empty(),
        Some(person) => person.forms.iter().any(|form| form == user),
    };
    let collection = Collection::global(&ROLE_BINDING).path;
    let bindings = writer
        .client
        .list(&ROLE_BINDING, &collection, &ListOptions::default())
        .await
        .context("list role-bindings")?;
    let exists = bindings.items().iter().any(|found| {
        found.text("role_id") == role
            && found.text("scope") == given.scope
            && is_holder(found.text("user_id"))
            && found.text(key) == target
            && holders
                .iter()
                .all(|(key, id)| found.text(key) == id.as_str())
    });
    if exists {
        return Ok(Outcome::Unchanged);
    }
    let mut body = Body::new();
    body.set(key, target);
    body.set("role_id", role);
    body.set("scope", given.scope);
    let holder = person.as_ref().map(|person| person.id.as_str());
    body.set_filled("user_id", holder);
    for (key, id) in &holders {
        body.set_filled(key, Some(id));
    }
    let shown = |_: &Body| shown(writer, binding, &given);
    let created = writer
        .create_shown_as(
            &ROLE_BINDING,
            &collection,
            &binding.result_name,
            body,
            shown,
        )
        .await
        .context("create role-binding")?;
    if let (Some(person), Some(created)) = (&person, &created) {
        people::compare(writer.ctx, writer.client, created, person).await;
    }
    Ok(Outcome::Created)
}

/// Looks up the objects that a binding names. A user that nobody knows is sent as it is.
pub(super) async fn check(writer: &Writer<'_>, binding: &RoleBinding) -> anyhow::Result<()> {
    let given = given(binding)?;
    writer.id(&Collection::global(&ROLE), given.role).await?;
    target(writer, binding, &given).await?;
    holders(writer, binding).await?;
    Ok(())
}

/// How a binding names its object.
pub(super) const NAMES_BY_SCOPE: &str = "a role binding names its object by two keys, for example scope: credential and \
     scope_id: NAME (or its ID)";

/// Returns the required fields.
///
/// # Errors
/// If one of them is missing.
fn given(binding: &RoleBinding) -> Result<Given<'_>, Failure> {
    fn required<'a>(field: &str, text: Option<&'a str>) -> Result<&'a str, Failure> {
        text.ok_or_else(|| {
            Failure::new(Kind::Data, format!("{field} is required")).hint(NAMES_BY_SCOPE)
        })
    }
    let role = required("role", binding.role.as_deref())?;
    let scope = required("scope", binding.scope.as_deref())?;
    let scope_id = required("scope_id", binding.scope_id.as_deref())?;
    let user_id = match binding.user_id.as_deref() {
        None if is_for_project(binding) => "",
        user => required("user_id", user)?,
    };
    Ok(Given {
        role,
        scope,
        scope_id,
        user_id,
    })
}

/// Returns the binding in the manifest's own words, and the project whose sessions may use a credential.
fn shown(writer: &Writer<'_>, binding: &RoleBinding, given: &Given<'_>) -> Vec<Change> {
    let project = match writer.project_or(binding.project.as_deref()) {
        Ok(project) if is_for_project(binding) || given.scope == "agent" => project,
        _ => "",
    };
    [
        ("role", given.role),
        (given.scope, given.scope_id),
        ("user_id", given.user_id),
        ("project", project),
        ("agent", binding.agent.as_deref().unwrap_or_default()),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(field, text)| Change::added(field, text))
    .collect()
}

/// True if a credential is bound for the sessions of a project, or of one of its agents.
fn is_for_project(binding: &RoleBinding) -> bool {
    binding.scope.as_deref() == Some("credential")
        && (binding.project.is_some() || binding.agent.is_some())
}

/// Returns the IDs of the project and the agent whose sessions may use a credential; empty ones if it is bound to a
/// user. Bindings of other scopes have no such fields.
async fn holders(
    writer: &Writer<'_>,
    binding: &RoleBinding,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    if binding.scope.as_deref() != Some("credential") {
        return Ok(Vec::new());
    }
    let (mut project_id, mut agent_id) = (String::new(), String::new());
    if is_for_project(binding) {
        let project = writer.project_or(binding.project.as_deref())?;
        project_id = writer.id(&Collection::projects(), project).await?;
        if let Some(agent) = &binding.agent {
            agent_id = writer.id(&Collection::agents(project), agent).await?;
        }
    }
    Ok(vec![("project_id", project_id), ("agent_id", agent_id)])
}

/// Returns the field in which a binding names its target, and the target's ID.
async fn target(
    writer: &Writer<'_>,
    binding: &RoleBinding,
    given: &Given<'_>,
) -> anyhow::Result<(&'static str, String)> {
    let (key, all) = match given.scope {
        "credential" => ("credential_id", Collection::credentials()),
        "project" => ("project_id", Collection::projects()),
        "agent" => {
            let project = writer.project_or(binding.project.as_deref())?;
            ("agent_id", Collection::agents(project))
        }
        "session" => ("session_id", Collection::sessions()),
        scope => {
            let message = format!("unsupported scope {}", quote(scope));
            return Err(Failure::new(Kind::Data, message).into());
        }
    };
    Ok((key, writer.id(&all, given.scope_id).await?))
}
