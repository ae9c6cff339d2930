//! What the documents of a run make, for look-ups before the first write.

use std::cell::Cell;

use super::document::Document;
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

    /// Says whose names are looked up from now on; `None` if those of all documents have been.
    pub(super) fn look_at(&self, document: Option<usize>) {
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
