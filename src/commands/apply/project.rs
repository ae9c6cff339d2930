//! Applies a project (docs/interface/cli-resources.md section 8.6). Its ID is the name that it was created with, so a
//! 404 proves that there is no such project (docs/interface/api.md section 9.1).

use super::document::Project;
use super::writer::{Outcome, Writer, set_changed, set_pairs};
use crate::api::{Body, Error};
use crate::commands::project::STAYS_TAKEN;
use crate::failure::Failure;
use crate::lookup::Collection;
use crate::resources::{PROJECT, check_project_name};

pub(super) async fn apply(writer: &Writer<'_>, project: &Project) -> anyhow::Result<Outcome> {
    let name = project.head.required_name()?;
    let path = Collection::projects().item(name, &[]);
    let found = match writer.client.get(&PROJECT, &path).await {
        Err(error) if error.is_not_found() => return create(writer, project, name, &path).await,
        other => other?,
    };
    let mut body = Body::new();
    set_changed(
        &mut body,
        "description",
        project.description.as_deref(),
        &found,
    );
    set_changed(&mut body, "prompt", project.prompt.as_deref(), &found);
    set_pairs(&mut body, &project.head, Some(&found));
    writer.patch(&PROJECT, &path, body, Some(&found)).await
}

/// Refuses a name with which no project can be created, unless there is a project of this name.
///
/// # Errors
/// As said; or the look-up fails.
pub(super) async fn check_name(writer: &Writer<'_>, project: &Project) -> anyhow::Result<()> {
    let Some(name) = project.head.name.as_deref() else {
        return Ok(());
    };
    let Err(failure) = check_project_name(name, &[]) else {
        return Ok(());
    };
    let path = Collection::projects().item(name, &[]);
    match writer.client.get(&PROJECT, &path).await {
        Err(error) if error.is_not_found() => Err(project.head.invalid(&failure.message).into()),
        found => Ok(found.map(drop)?),
    }
}

/// Creates the project, then sets its labels and annotations in a second request, as the Go tool does.
async fn create(
    writer: &Writer<'_>,
    project: &Project,
    name: &str,
    path: &str,
) -> anyhow::Result<Outcome> {
    let mut body = Body::new();
    body.set_filled("description", project.description.as_deref());
    body.set("name", name);
    body.set_filled("prompt", project.prompt.as_deref());
    let path_of_all = Collection::projects().path;
    let created = writer.create(&PROJECT, &path_of_all, name, body).await;
    created.map_err(with_advice)?;
    let mut pairs = Body::new();
    set_pairs(&mut pairs, &project.head, None);
    writer.patch(&PROJECT, path, pairs, None).await?;
    Ok(Outcome::Created)
}

/// Adds what to do about a name that is taken although no project was found: its project was deleted.
fn with_advice(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<Error>() {
        Some(refusal) if refusal.status() == Some(409) => {
            Failure::from(refusal).hint(STAYS_TAKEN).into()
        }
        _ => error,
    }
}
