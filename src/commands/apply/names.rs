//! Looks up the names in documents before the first write, so that a missing one leaves nothing half done.

use std::cell::Cell;

use super::document::Document;
use super::writer::Writer;
use super::{agent, part, role_binding};
use crate::resources::{AGENT, CREDENTIAL, PROJECT, Resource};

/// The names of the objects that the documents of a run make, and how far their names have been looked up.
#[derive(Default)]
pub(super) struct Made {
    /// The word of the kind, and the name, in the order of the documents.
    names: Vec<Option<(&'static str, String)>>,
    /// The document whose names are being looked up.
    at: Cell<Option<usize>>,
}

impl Made {
    pub(super) fn by(documents: &[Document]) -> Self {
        let made = |document: &Document| {
            let resource = match document {
                Document::Project(_) => &PROJECT,
                Document::Agent(_) => &AGENT,
                Document::Credential(_) => &CREDENTIAL,
                Document::RoleBinding(_) | Document::Part(_) => return None,
            };
            Some((resource.word, document.name()?.to_owned()))
        };
        Self {
            names: documents.iter().map(made).collect(),
            at: Cell::new(None),
        }
    }

    fn look_at(&self, document: Option<usize>) {
        self.at.set(document);
    }

    /// True if a document before the present one makes the object.
    pub(super) fn before(&self, resource: &Resource, name: &str) -> bool {
        let at = self.at.get().unwrap_or_default();
        holds(&self.names[..at], resource, name)
    }

    /// True if a document after the present one makes the object.
    pub(super) fn after(&self, resource: &Resource, name: &str) -> bool {
        let at = self.at.get().unwrap_or(self.names.len());
        holds(&self.names[at..], resource, name)
    }
}

fn holds(made: &[Option<(&str, String)>], resource: &Resource, name: &str) -> bool {
    let mut made = made.iter().flatten();
    made.any(|(word, made)| *word == resource.word && made == name)
}

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
            Document::Project(_) | Document::Credential(_) => Ok(()),
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

/// True if a document names an object in its own words. The project of the run is not one of these.
pub(super) fn has_names(document: &Document) -> bool {
    match document {
        Document::RoleBinding(_) => true,
        Document::Agent(agent) => agent.project.is_some(),
        Document::Part(part) => part.names_another(),
        Document::Project(_) | Document::Credential(_) => false,
    }
}
