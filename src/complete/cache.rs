//! Keeps the names for a minute, so that pressing Tab twice sends one request. They are stored with their descriptions
//! and without any secret.

use std::time::Duration;

use super::answer::Candidate;
use crate::config::Cache;

const CACHE: Cache = Cache {
    kind: "complete",
    fresh: Duration::from_secs(60),
};

/// Returns the names that are stored under a key, if they are fresh.
#[must_use]
pub(super) fn read(key: &[&str]) -> Option<Vec<Candidate>> {
    let stored: Vec<(String, String)> = serde_json::from_slice(&CACHE.read(key)?).ok()?;
    Some(
        stored
            .into_iter()
            .map(|(text, help)| Candidate { text, help })
            .collect(),
    )
}

/// Stores the names.
pub(super) fn write(key: &[&str], names: &[Candidate]) {
    let stored: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.text.as_str(), name.help.as_str()))
        .collect();
    if let Ok(content) = serde_json::to_vec(&stored) {
        CACHE.write(key, &content);
    }
}

/// Removes the lists that are no longer fresh. Returns their number.
pub(super) fn sweep() -> usize {
    CACHE.sweep()
}
