//! Applying a role binding (contract cli-resources.md section 8.9).

use anyhow::Context as _;

use crate::api::{Body, ListOptions, equals, path};
use crate::compat::quote::quote;
use crate::exit::{Failure, Kind};
use crate::resources::{AGENT, CREDENTIAL, PROJECT, ROLE, ROLE_BINDING, Record, Resource, SESSION};

use super::document::Document;
use super::run::{Outcome, Run};

pub async fn apply(run: &Run<'_>, document: &Document) -> anyhow::Result<Outcome> {
    for (field, value) in [
        ("role", &document.role),
        ("scope", &document.scope),
        ("scope_id", &document.scope_id),
        ("user_id", &document.user_id),
    ] {
        if value.is_empty() {
            return Err(Failure::new(Kind::Data, format!("{field} is required")).into());
        }
    }
    let role = role_id(run, &document.role).await?;
    let (key, target) = target(run, document).await?;
    let target = target.as_str();
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
    });
    if there {
        return Ok(Outcome::Unchanged);
    }
    let mut body = Body::new();
    body.set(key, target);
    body.set("role_id", role);
    body.set("scope", document.scope.as_str());
    body.set("user_id", document.user_id.as_str());
    let name = document.binding_name();
    run.create(&ROLE_BINDING, "/role_bindings", &name, body)
        .await
        .context("create role-binding")?;
    Ok(Outcome::Created)
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
        "project" => {
            let project = run.client.get(&PROJECT, &path(&["projects", given])).await;
            let id = match project {
                Err(error) if error.is_not_found() && run.is_planned(&PROJECT, given) => {
                    given.to_owned()
                }
                project => project
                    .with_context(|| format!("resolve project {}", quote(given)))?
                    .id()
                    .to_owned(),
            };
            Ok(("project_id", id))
        }
        "agent" => {
            let agents = path(&["projects", run.project()?, "agents"]);
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
