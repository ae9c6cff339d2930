//! What the user typed and the server does not have: it was refused, could not be sent, or was left with Esc. The next
//! form, edit or message for the same purpose begins with it. It never holds a secret.

use serde_json::Value;

use super::scope::Scope;

/// What something is typed for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Purpose {
    /// The context and the address: nothing that was typed for one server comes back on another one.
    pub server: (String, String),
    /// The title of the form or of the edit.
    pub title: String,
    /// The scope of the page, if it is for no row.
    pub scope: Scope,
    /// The IDs of the rows.
    pub rows: Vec<String>,
}

/// Something that was typed.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// Of several for one purpose, the one that was begun first comes back first.
    pub number: u64,
    pub purpose: Purpose,
    /// The key that brings it back.
    pub key: String,
    /// The values by the names of the fields.
    pub values: Vec<(&'static str, Value)>,
}

impl Draft {
    /// Returns the text of a field.
    #[must_use]
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        let found = self.values.iter().find(|(name, _)| *name == field);
        found.and_then(|(_, value)| value.as_str())
    }
}

/// All that was typed and is not stored.
#[derive(Default)]
pub(super) struct Drafts(Vec<Draft>);

impl Drafts {
    /// Keeps something, in the order in which it was begun.
    pub(super) fn keep(&mut self, draft: Draft) {
        let place = self.0.partition_point(|it| it.number < draft.number);
        self.0.insert(place, draft);
    }

    /// Takes the first of what was typed for a purpose, and tells how many more there are.
    pub(super) fn take(&mut self, purpose: &Purpose) -> Option<(Draft, usize)> {
        let place = self.0.iter().position(|it| it.purpose == *purpose)?;
        let draft = self.0.remove(place);
        let more = self.0.iter().filter(|it| it.purpose == *purpose).count();
        Some((draft, more))
    }
}
