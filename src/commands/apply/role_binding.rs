//! Applying a role binding (contract cli-resources.md section 8.9).

use anyhow::Context as _;

use crate::api::{Body, ListOptions, equals, path};
use crate::compat::quote::quote;
use crate::exit::{Failure, Kind};
use crate::resources::{AGENT, CREDENTIAL, PROJECT, ROLE, ROLE_BINDING, Record, Resource, SESSION};

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
    let role = role_id(run, &document.role).await?;
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
        project = project_id(run, place).await?;
        if !document.agent.is_empty() {
            let agents = path(&["projects", place, "agents"]);
            agent = named(run, &AGENT, &agents, &document.agent).await?;
        }
    }
    Ok(vec![("project_id", project), ("agent_id", agent)])
}

/// The id of a project; the name of one that is only planned.
async fn project_id(run: &Run<'_>, given: &str) -> anyhow::Result<String> {
    let project = run.client.get(&PROJECT, &path(&["projects", given])).await;
    match project {
        Err(error) if error.is_not_found() && run.is_planned(&PROJECT, given) => {
            Ok(given.to_owned())
        }
        project => Ok(project
            .with_context(|| format!("resolve project {}", quote(given)))?
            .id()
            .to_owned()),
    }
}

async fn role_id(run: &Run<'_>, name: &str) -> anyhow::Result<String> {
    let options = ListOptions {
        search: Some(equals("name", name)),
        limit: Some(100),
        project: None,
    };
    let roles = run
        .client
        .list(&ROLE, "/roles", &options)
        .await
        .with_context(|| format!("search roles for {}", quote(name)))?;
    let found = roles
        .items()
        .iter()
        .find(|role| role.name() == name)
        .map(|role| role.id().to_owned());
    found.ok_or_else(|| {
        Failure::new(Kind::NotFound, format!("role {} not found", quote(name))).into()
    })
}

/// The key and the id that a binding names its target with.
async fn target(run: &Run<'_>, document: &Document) -> anyhow::Result<(&'static str, String)> {
    let given = document.scope_id.as_str();
    match document.scope.as_str() {
        "credential" => Ok((
            "credential_id",
            named(run, &CREDENTIAL, "/credentials", given).await?,
        )),
        "project" => Ok(("project_id", project_id(run, given).await?)),
        "agent" => {
            let agents = path(&["projects", run.project_of(document)?, "agents"]);
            Ok(("agent_id", named(run, &AGENT, &agents, given).await?))
        }
        "session" => Ok((
            "session_id",
            named(run, &SESSION, "/sessions", given).await?,
        )),
        scope => {
            Err(Failure::new(Kind::Data, format!("unsupported scope {}", quote(scope))).into())
        }
    }
}

/// The id of an object given by id or exact name; the name of one that is only planned.
async fn named(
    run: &Run<'_>,
    resource: &'static Resource,
    collection: &str,
    given: &str,
) -> anyhow::Result<String> {
    let place = format!("{collection}{}", path(&[given]));
    match run.client.get(resource, &place).await {
        Err(error) if error.is_not_found() => {}
        found => {
            let found =
                found.with_context(|| format!("resolve {} {}", resource.word, quote(given)))?;
            return Ok(found.id().to_owned());
        }
    }
    let options = ListOptions {
        search: Some(equals("name", given)),
        limit: Some(100),
        project: None,
    };
    let list = run.client.list(resource, collection, &options).await;
    let list =
        list.with_context(|| format!("search {} for {}", resource.plural(), quote(given)))?;
    let mut found = list.items.unwrap_or_default();
    found.retain(|record| record.name() == given);
    match found.as_slice() {
        [] if run.is_planned(resource, given) => Ok(given.to_owned()),
        [] => Err(Failure::new(
            Kind::NotFound,
            format!("{} {} not found", resource.word, quote(given)),
        )
        .into()),
        [one] => Ok(one.id().to_owned()),
        several => {
            let ids: Vec<&str> = several.iter().map(Record::id).collect();
            Err(Failure::new(
                Kind::Conflict,
                format!(
                    "multiple {} named {} found ({}); use the {} ID instead",
                    resource.plural(),
                    quote(given),
                    ids.join(", "),
                    resource.word
                ),
            )
            .into())
        }
    }
}
