//! Applying a role binding (contract cli-resources.md section 8.9).

use anyhow::Context as _;

use crate::api::{Body, ListOptions};
use crate::compat::quote::quote;
use crate::failure::{Failure, Kind};
use crate::lookup::Collection;
use crate::resources::{AGENT, CREDENTIAL, PROJECT, ROLE, ROLE_BINDING, SESSION};

use super::diff::Change;
use super::document::Document;
use super::run::{Outcome, Run};

pub async fn apply(run: &Run<'_>, document: &Document) -> anyhow::Result<Outcome> {
    for (field, value) in [
        ("role", &document.role),
        ("scope", &document.scope),
        ("scope_id", &document.scope_id),
        ("user_id", &document.user_id),
    ] {
        // What a project's sessions use is bound to the project; there is no user then.
        let is_optional = field == "user_id" && is_for_project(document);
        if value.is_empty() && !is_optional {
            return Err(Failure::new(Kind::Data, format!("{field} is required")).into());
        }
    }
    let role = run.id(&Collection::global(&ROLE), &document.role).await?;
    let (key, target) = target(run, document).await?;
    let users = users(run, document).await?;
    let bindings = run
        .client
        .list(&ROLE_BINDING, "/role_bindings", &ListOptions::default())
        .await
        .context("list role-bindings")?;
    let there = bindings.items().iter().any(|binding| {
        binding.text("role_id") == role
            && binding.text("scope") == document.scope
            && binding.text("user_id") == document.user_id
            && binding.text(key) == target
            && users
                .iter()
                .all(|(key, id)| binding.text(key) == id.as_str())
    });
    if there {
        return Ok(Outcome::Unchanged);
    }
    let mut body = Body::new();
    body.set(key, target);
    body.set("role_id", role);
    body.set("scope", document.scope.as_str());
    body.set_filled("user_id", Some(&document.user_id));
    for (key, id) in &users {
        body.set_filled(key, Some(id));
    }
    let name = document.binding_name();
    let shown = shown(run, document);
    run.create_as(&ROLE_BINDING, "/role_bindings", &name, body, shown)
        .await
        .context("create role-binding")?;
    Ok(Outcome::Created)
}

/// A binding as its manifest has it, with names, and with the project that decides whose sessions use a credential.
fn shown(run: &Run<'_>, document: &Document) -> Vec<Change> {
    let project = match run.project_of(document) {
        Ok(project) if is_for_project(document) || document.scope == "agent" => project,
        _ => "",
    };
    [
        ("role", document.role.as_str()),
        (document.scope.as_str(), document.scope_id.as_str()),
        ("user_id", document.user_id.as_str()),
        ("project", project),
        ("agent", document.agent.as_str()),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(field, text)| Change::added(field, text))
    .collect()
}

/// True where a credential is bound for the sessions of a project or of one of its agents.
fn is_for_project(document: &Document) -> bool {
    document.scope == "credential" && !(document.project.is_empty() && document.agent.is_empty())
}

/// Whose sessions a credential is bound for: ids of the project and the agent, empty for none.
async fn users(run: &Run<'_>, document: &Document) -> anyhow::Result<Vec<(&'static str, String)>> {
    if document.scope != "credential" {
        return Ok(Vec::new());
    }
    let (mut project, mut agent) = (String::new(), String::new());
    if is_for_project(document) {
        let place = run.project_of(document)?;
        project = run.id(&Collection::global(&PROJECT), place).await?;
        if !document.agent.is_empty() {
            let agents = Collection::of_project(&AGENT, place);
            agent = run.id(&agents, &document.agent).await?;
        }
    }
    Ok(vec![("project_id", project), ("agent_id", agent)])
}

/// The key and the id that a binding names its target with.
async fn target(run: &Run<'_>, document: &Document) -> anyhow::Result<(&'static str, String)> {
    let given = document.scope_id.as_str();
    let (key, all) = match document.scope.as_str() {
        "credential" => ("credential_id", Collection::global(&CREDENTIAL)),
        "project" => ("project_id", Collection::global(&PROJECT)),
        "agent" => {
            let project = run.project_of(document)?;
            ("agent_id", Collection::of_project(&AGENT, project))
        }
        "session" => ("session_id", Collection::global(&SESSION)),
        scope => {
            return Err(
                Failure::new(Kind::Data, format!("unsupported scope {}", quote(scope))).into(),
            );
        }
    };
    Ok((key, run.id(&all, given).await?))
}
