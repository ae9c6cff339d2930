//! The command or flag that a misspelled word was meant for, found as the Go tool finds it.

use crate::compat::near::distance;

/// The most changes between a word and the name that it may have been meant for.
const MAX_CHANGES: usize = 2;

/// Words that other tools use, and the names that mean the same here.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("rotate", &["update", "renew"]),
    ("remove", &["delete"]),
    ("replace", &["update"]),
    ("import", &["create"]),
];

/// Returns the names that another tool's word may have been meant for.
pub(super) fn synonyms(word: &str) -> Vec<&'static str> {
    let found = SYNONYMS.iter().find(|(other, _)| *other == word);
    found.map_or_else(Vec::new, |(_, names)| names.to_vec())
}

/// Returns the name that a word was most likely meant for, if one is near.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .filter(|name| is_near(word, name))
        .min_by_key(|name| distance(word, name))
}

fn is_near(word: &str, name: &str) -> bool {
    let (word, name) = (word.to_lowercase(), name.to_lowercase());
    name.starts_with(&word) || distance(&word, &name) <= MAX_CHANGES
}
