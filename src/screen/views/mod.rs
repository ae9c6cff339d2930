//! The views: a file for each kind of object or group of kinds, all of them data.

mod agents;
mod common;
mod credentials;
mod inbox;
mod others;
mod overview;
mod projects;
mod schedules;
mod sessions;

pub(in crate::screen) use sessions::{
    MESSAGE, active, message_sent, message_unread, phase_in_words,
};

use super::scope::Kind;
use super::view::View;

/// All views, in the order in which help lists them.
static VIEWS: &[&View] = &[
    &projects::VIEW,
    &agents::VIEW,
    &sessions::VIEW,
    &inbox::VIEW,
    &schedules::VIEW,
    &sessions::RUNS,
    &credentials::VIEW,
    &credentials::BINDINGS,
    &credentials::PREVIEW,
    &others::ROLES,
    &others::ROLE_BINDINGS,
    &others::APPLICATIONS,
    &others::SETTINGS,
    &others::PROVIDERS,
    &others::POLICIES,
    &others::USERS,
    &others::CLUSTERS,
    &overview::CONTEXTS,
    &overview::PULSES,
    &overview::TREE,
];

/// Returns all views.
pub(super) fn all() -> impl Iterator<Item = &'static View> {
    VIEWS.iter().copied()
}

/// Returns the view of a kind.
#[must_use]
pub(super) fn of(kind: Kind) -> &'static View {
    let found = all().find(|view| view.kind == kind);
    found.unwrap_or(&projects::VIEW)
}

/// Returns the view that a word of a command means.
#[must_use]
pub(super) fn named(word: &str) -> Option<&'static View> {
    all().find(|view| view.name == word || view.aliases.contains(&word))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_kind_has_one_view_and_each_word_means_one() {
        let kinds: BTreeSet<Kind> = all().map(|view| view.kind).collect();
        assert_eq!(kinds.len(), VIEWS.len());
        let words: Vec<&str> = all()
            .flat_map(|view| view.aliases.iter().copied().chain([view.name]))
            .collect();
        let unique: BTreeSet<&str> = words.iter().copied().collect();
        assert_eq!(unique.len(), words.len());
    }

    #[test]
    fn each_question_names_the_whole_id() {
        use super::super::scope::Scope;
        use super::super::view::Run;
        use crate::resources::{Record, SESSION};

        let row = serde_json::json!({"id": "2whole0id", "name": "dup", "project_id": "web"});
        let row = Record::decode(&SESSION, row).unwrap();
        let mut count = 0;
        for action in all().flat_map(|view| view.actions) {
            let question = match &action.run {
                Run::Call(call) => call.question.map(|ask| ask(&Scope::default(), &row)),
                Run::Outside(what) => what.question.map(|ask| ask(&row)),
                _ => None,
            };
            let Some(question) = question else { continue };
            assert!(question.contains("2whole0id"), "{question}");
            count += 1;
        }
        assert!(count > 10, "{count}");
    }

    #[test]
    fn each_key_of_a_view_does_one_thing() {
        for view in all() {
            let keys: BTreeSet<String> = view
                .actions
                .iter()
                .map(super::super::view::Action::keys)
                .collect();
            assert_eq!(keys.len(), view.actions.len(), "{}", view.name);
            let sorted = view
                .columns
                .iter()
                .any(|column| column.title == view.order.0);
            assert!(sorted || view.order.0.is_empty(), "{}", view.name);
        }
    }
}
