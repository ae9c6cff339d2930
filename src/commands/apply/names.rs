//! Looks up the names in documents before the first write, so that a missing one leaves nothing half done.

use super::document::Document;
use super::writer::Writer;
use super::{agent, part, project, role_binding};
use crate::commands::people;
use crate::failure::Failure;
use crate::resources::can_name_project;

/// Looks up the names that documents give to other objects.
///
/// # Errors
/// An object exists neither on the server nor in a document before, or a look-up fails.
pub(super) async fn check(writer: &Writer<'_>, documents: &[Document]) -> anyhow::Result<()> {
    for (n, document) in documents.iter().enumerate() {
        writer.made.look_at(Some(n));
        let checked = match document {
            Document::RoleBinding(binding) => role_binding::check(writer, binding).await,
            Document::Agent(agent) => agent::check(writer, agent).await,
            Document::Part(part) => part::check_names(writer, part).await,
            Document::Project(project) => project::check_name(writer, project).await,
            Document::Credential(_) => Ok(()),
        };
        checked.map_err(|error| {
            error
                .context(format!("apply {}", document.label()))
                .context("nothing was applied")
        })?;
    }
    writer.made.look_at(None);
    Ok(())
}

/// True if a document is a project whose name the server refuses, unless the project exists.
pub(super) fn is_doubtful_project(document: &Document) -> bool {
    matches!(document, Document::Project(_))
        && document.name().is_some_and(|name| !can_name_project(name))
}

/// True if a document names an object in its own words. The project of the run is not one of these.
pub(super) fn has_names(document: &Document) -> bool {
    match document {
        Document::RoleBinding(_) => true,
        Document::Agent(agent) => agent.project.is_some(),
        Document::Part(part) => part.names_another(),
        Document::Project(_) | Document::Credential(_) => false,
    }
}

/// Warns of users in role bindings that nobody knows. A run warns of them when it applies the bindings.
///
/// # Errors
/// A look-up fails.
pub(super) async fn doubt_people(
    writer: &Writer<'_>,
    documents: &[Document],
) -> anyhow::Result<()> {
    for document in documents {
        if let Document::RoleBinding(binding) = document
            && let Some(user) = &binding.user_id
        {
            people::known(writer.ctx, writer.client, user).await?;
        }
    }
    Ok(())
}

/// Returns the failure of a document that names no project, where the run has none either.
pub(super) fn no_project(document: &Document, all: &[Document]) -> Failure {
    let made = all.iter().find_map(|document| match document {
        Document::Project(_) => document.name(),
        _ => None,
    });
    let project = made.unwrap_or("NAME");
    Failure::usage("project is required").hint(format!(
        "{} names no project: add project: {project} to the document, or --project {project} to the command",
        document.label()
    ))
}
