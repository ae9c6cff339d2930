//! The resources that users name by a word, and the search for the one that a word means.

use super::agent::AGENT;
use super::application::APPLICATION;
use super::cluster::CLUSTER;
use super::credential::CREDENTIAL;
use super::description::Resource;
use super::policy::POLICY;
use super::project::PROJECT;
use super::provider::PROVIDER;
use super::role::{ROLE, ROLE_BINDING};
use super::session::SESSION;
use super::user::{PROJECT_SETTINGS, USER};
use crate::compat::grammar;
use crate::failure::Failure;
use crate::text::acpctl;

/// The resources that `get`, `describe` and `delete` know, in the order in which their messages list them.
pub(crate) static NAMED: &[&Resource] = &[
    &SESSION,
    &PROJECT,
    &AGENT,
    &PROJECT_SETTINGS,
    &USER,
    &ROLE,
    &ROLE_BINDING,
    &CREDENTIAL,
    &APPLICATION,
    &PROVIDER,
    &POLICY,
    &CLUSTER,
];

/// The Go tool's second word for agents, with its other forms. Some commands have rules of their own for it.
pub(crate) const PROJECT_AGENT: &[&str] = &["project-agent", "project-agents", "pa"];

/// Finds a resource by the word that a user typed, in any case.
#[must_use]
pub(crate) fn find(word: &str) -> Option<&'static Resource> {
    let word = word.to_lowercase();
    let mut named = NAMED.iter();
    named.find(|resource| resource.is_called(&word)).copied()
}

/// Finds a resource by a word, as [`find`] does, and also the agents by `project-agent`.
#[must_use]
pub(crate) fn find_or_project_agent(word: &str) -> Option<&'static Resource> {
    if is_project_agent(word) {
        Some(&AGENT)
    } else {
        find(word)
    }
}

/// True for `project-agent` and its other forms, in any case.
#[must_use]
pub(crate) fn is_project_agent(word: &str) -> bool {
    PROJECT_AGENT.contains(&word.to_lowercase().as_str())
}

/// Words for kinds that have commands of their own alone, with the command that lists them.
const ELSEWHERE: [(&[&str], &[&str]); 2] = [
    (
        &[
            "scheduled-session",
            "scheduled-sessions",
            "scheduledsessions",
        ],
        &["scheduled-session", "list"],
    ),
    (&["inbox", "inboxes"], &["inbox", "list"]),
];

/// The refusal of a word that is not a kind, in the Go tool's words. `valid` are the kinds, separated by commas.
#[must_use]
pub(crate) fn unknown(word: &str, valid: &str) -> Failure {
    let failure = Failure::usage(format!(
        "unknown resource type: {word}\nValid types: {valid}"
    ));
    if let Some((_, list)) = ELSEWHERE.iter().find(|(words, _)| words.contains(&word)) {
        return failure.hint(acpctl(list));
    }
    match grammar::nearest(word, valid.split(", ")).filter(|_| !word.is_empty()) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure,
    }
}

/// The refusal of a word that is not a kind, where any kind with a name is expected.
#[must_use]
pub(crate) fn unknown_kind(word: &str) -> Failure {
    let kinds: Vec<&str> = NAMED.iter().map(|resource| resource.word).collect();
    unknown(word, &kinds.join(", "))
}
