//! Applies a provider, a policy or a cluster.

use anyhow::Context as _;
use serde_json::Value;

use super::document::Part;
use super::kind::DocumentKind;
use super::writer::{Outcome, Writer, set_fields, set_pairs};
use crate::api::Body;
use crate::compat::json;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::{CLUSTER, CLUSTER_ROLES, POLICY, PROJECT, PROVIDER, Record, Resource};

pub(super) async fn apply(writer: &Writer<'_>, part: &Part) -> anyhow::Result<Outcome> {
    let name = part.head.required_name()?;
    let resource = resource(part.kind);
    let (collection, exists) = collection(writer, part, resource).await?;
    let found = if exists {
        find(writer, &collection, name).await?
    } else {
        None
    };
    let fields = fields(writer, part, found.as_ref()).await?;
    let mut body = Body::new();
    set_fields(&mut body, &fields, found.as_ref());
    set_pairs(&mut body, &part.head, found.as_ref());
    if let Some(found) = found {
        let path = collection.item(found.id(), &[]);
        return writer.patch(resource, &path, body, Some(&found)).await;
    }
    body.set("name", name);
    if let Some(project) = &collection.project {
        body.set("project_id", project.as_str());
    }
    writer
        .create(resource, &collection.path, name, body)
        .await?;
    Ok(Outcome::Created)
}

/// Looks up the project and the credential that a document names.
pub(super) async fn check_names(writer: &Writer<'_>, part: &Part) -> anyhow::Result<()> {
    writer.check_project(part.project.as_deref()).await?;
    match part.credential() {
        Some(name) => writer.id(&Collection::credentials(), name).await.map(drop),
        None => Ok(()),
    }
}

/// Returns the resource of a kind that this module applies.
pub(super) fn resource(kind: DocumentKind) -> &'static Resource {
    match kind {
        DocumentKind::Policy => &POLICY,
        DocumentKind::Cluster => &CLUSTER,
        _ => &PROVIDER,
    }
}

/// Refuses the role of a cluster that no cluster has.
///
/// # Errors
/// [`Kind::Data`].
pub(super) fn check(part: &Part) -> Result<(), Failure> {
    let bad = |message: String| Err(Failure::new(Kind::Data, message));
    if part.kind != DocumentKind::Cluster {
        return Ok(());
    }
    let text = |field: &str| {
        let found = part.fields.iter().find(|(name, _)| *name == field);
        found.and_then(|(_, value)| value.as_str())
    };
    match text("role") {
        Some(role) if !CLUSTER_ROLES.contains(&role) => {
            bad(format!("role is not one of {}", CLUSTER_ROLES.join(", ")))
        }
        _ => Ok(()),
    }
}

/// Returns the collection of the object; also whether it exists on the server, which it does not if its project is only
/// planned.
async fn collection(
    writer: &Writer<'_>,
    part: &Part,
    resource: &'static Resource,
) -> anyhow::Result<(Collection, bool)> {
    if part.kind == DocumentKind::Cluster {
        return Ok((Collection::global(resource), true));
    }
    let named = writer.project_or(part.project.as_deref())?;
    let is_planned = writer.is_planned(&PROJECT, named);
    Ok(match writer.project_id(named, is_planned).await? {
        Some(project) => (Collection::of_project(resource, &project), true),
        None => (Collection::of_project(resource, named), false),
    })
}

/// Finds the only object of this name.
async fn find(
    writer: &Writer<'_>,
    collection: &Collection,
    name: &str,
) -> anyhow::Result<Option<Record>> {
    let plural = collection.resource.plural();
    let list = lookup::by_name(writer.client, collection, name).await;
    let found = list.with_context(|| format!("listing {plural}"))?;
    Ok(lookup::one(collection.resource, name, found)?)
}

/// Returns the fields as the server keeps them: a policy's sections as a text, a cluster's credential by its ID.
async fn fields(
    writer: &Writer<'_>,
    part: &Part,
    found: Option<&Record>,
) -> anyhow::Result<Vec<(&'static str, Value)>> {
    let mut fields = Vec::new();
    for (field, value) in &part.fields {
        let value = match (*field, value) {
            ("spec", spec) => {
                let present = found.map(|found| found.text("spec")).unwrap_or_default();
                // Sections in another order or with other spacing count as unchanged.
                match serde_json::from_str::<Value>(present) {
                    Ok(kept) if kept == *spec => continue,
                    _ => Value::from(json::compact(spec)),
                }
            }
            ("credential_id", Value::String(name)) => {
                Value::from(writer.id(&Collection::credentials(), name).await?)
            }
            (_, value) => value.clone(),
        };
        fields.push((*field, value));
    }
    Ok(fields)
}
