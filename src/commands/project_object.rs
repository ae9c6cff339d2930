//! Shared by the verbs of providers and policies, which are simple objects of a project.

use anyhow::Context as _;

use super::outcome::{self, WriteArgs};
use super::project_args::ProjectArgs;
use super::removal::DeleteArgs;
use super::{required, several};
use crate::api::{Body, Method, Request};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs};
use crate::resources::{Record, Resource};
use crate::text::{acpctl_for, quote};
use crate::yaml;

/// The text that names one object, and its project.
pub(crate) struct Target<'a> {
    pub resource: &'static Resource,
    pub given: &'a str,
    pub project: &'a ProjectArgs,
}

impl Target<'_> {
    /// Returns the collection of the object, after checking the text that names it.
    fn collection(&self, ctx: &Ctx) -> Result<Collection, Failure> {
        let collection = Collection::of_project(self.resource, &self.project.project(ctx)?);
        collection.check(self.given)?;
        Ok(collection)
    }

    /// Finds the object.
    ///
    /// # Errors
    /// If there is no such object, or if the look-up fails.
    pub(crate) fn find(&self, ctx: &Ctx) -> anyhow::Result<Record> {
        let collection = self.collection(ctx)?;
        self.find_in(ctx, &collection)
            .with_context(|| format!("get {} {}", self.resource.word, quote(self.given)))
    }

    fn find_in(&self, ctx: &Ctx, collection: &Collection) -> anyhow::Result<Record> {
        let client = ctx.client()?;
        ctx.block_on(async {
            match lookup::find_if_any(client, collection, self.given).await? {
                Some(found) => Ok(found),
                None => Err(lookup::not_found(client, collection, self.given)
                    .await
                    .into()),
            }
        })
    }

    /// Changes the fields of the object.
    ///
    /// # Errors
    /// If the body is empty; `flags` then names the flags that fill it.
    pub(crate) fn update(
        &self,
        ctx: &Ctx,
        body: &Body,
        flags: &str,
        output: &WriteArgs,
    ) -> anyhow::Result<()> {
        let format = output.format(ctx)?;
        let collection = self.collection(ctx)?;
        if body.is_empty() {
            let message = format!("nothing to update: give at least one of {flags}");
            return Err(Failure::usage(message).into());
        }
        let client = ctx.client()?;
        let word = self.resource.word;
        let record = ctx.block_on(async {
            lookup::act(client, &collection, self.given, async |id| {
                let request = collection.request(Method::Patch, id).body(body.clone());
                client.fetch(self.resource, &request).await
            })
            .await
            .with_context(|| format!("update {word}"))
        })?;
        let fields = body.fields().find(|(field, _)| *field == "name");
        let new = fields.and_then(|(_, name)| name.as_str());
        outcome::updated(ctx, &record, (self.given, new), &format)
    }
}

/// Shows objects.
///
/// # Errors
/// If one is not found, or if the look-up fails.
pub(crate) fn show(
    ctx: &Ctx,
    resource: &'static Resource,
    names: &[String],
    project: &ProjectArgs,
    output: &OutputArgs,
) -> anyhow::Result<()> {
    let format = output.format()?;
    several::show(ctx, resource, names, &format, |given| {
        let target = Target {
            resource,
            given,
            project,
        };
        target.find(ctx)
    })
}

/// Deletes objects.
///
/// # Errors
/// As [`DeleteArgs::delete`].
pub(crate) fn delete(
    ctx: &Ctx,
    resource: &'static Resource,
    names: &[String],
    project: &ProjectArgs,
    delete: &DeleteArgs,
) -> anyhow::Result<()> {
    let collection = Collection::of_project(resource, &project.project(ctx)?);
    let doing = format!("delete {}", resource.word);
    let find = |given: &str| {
        let target = Target {
            resource,
            given,
            project,
        };
        let found = target.find_in(ctx, &collection);
        found.with_context(|| doing.clone())
    };
    delete.delete(ctx, &collection, names, &doing, &find)
}

/// Creates an object that has a name of its own in the project. The platform would accept a second one.
///
/// # Errors
/// If the name is missing; [`Kind::Conflict`] if an object of this name exists.
pub(crate) fn create(
    ctx: &Ctx,
    resource: &'static Resource,
    project: &ProjectArgs,
    name: Option<&str>,
    body: impl FnOnce() -> anyhow::Result<Body>,
    output: &WriteArgs,
) -> anyhow::Result<()> {
    let project = project.project(ctx)?;
    let format = output.format(ctx)?;
    let name = required::value(ctx, "name", "Name", name)?;
    let name = name.as_str();
    let mut body = body()?;
    body.set("name", name);
    body.set("project_id", project.as_str());
    let collection = Collection::of_project(resource, &project);
    let client = ctx.client()?;
    let word = resource.word;
    let record = ctx.block_on(async {
        let present = lookup::before_creation(client, &collection, &project, name)
            .await
            .with_context(|| format!("create {word}"))?;
        if !present.is_empty() {
            let update = acpctl_for(&[word, "update"], name, &[]);
            let failure = Failure::new(
                Kind::Conflict,
                format!("{word} {} already exists", quote(name)),
            );
            return Err(failure.hint(format!("to change it: {update}")).into());
        }
        let request = Request::new(Method::Post, collection.path.clone())
            .body(body)
            .project(&project);
        let record = client.fetch(resource, &request).await;
        record.with_context(|| format!("create {word}"))
    })?;
    outcome::created(ctx, &record, &format)
}

/// Prints an object as the Kubernetes `ConfigMap` from which a `GitOps` tool creates it: as YAML, unless `-o` asks for
/// something else. A value that is a list or an object is written as JSON, since the values of a `ConfigMap` are texts.
pub(crate) fn export(
    ctx: &Ctx,
    record: &Record,
    namespace: Option<&str>,
    data: serde_json::Map<String, serde_json::Value>,
    format: &Format,
) -> anyhow::Result<()> {
    let kind = record.resource.word;
    let mut metadata = serde_json::json!({"name": record.name()});
    if let Some(namespace) = namespace.filter(|namespace| !namespace.is_empty()) {
        metadata["namespace"] = namespace.into();
    }
    metadata["labels"] = serde_json::json!({"ambient.ai/kind": kind});
    let texts: serde_json::Map<String, serde_json::Value> = data
        .into_iter()
        .map(|(key, value)| match value {
            serde_json::Value::String(_) => (key, value),
            other => (key, other.to_string().into()),
        })
        .collect();
    let map = serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": texts,
    });
    match format {
        Format::Table | Format::Wide | Format::Name => {
            ctx.out.data(yaml::to_string(&map)?.as_bytes())
        }
        format => ctx.out.value(&map, format),
    }
}
