//! Keeps the names for a minute, so that pressing Tab twice sends one request.
//!
//! Each list has one file in `$XDG_CACHE_HOME/ambient` with names and descriptions but no secret. A file is stale after
//! [`FRESH`], and as soon as the configuration changes, because another login sees other names.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::answer::Candidate;
use crate::config::paths;
use crate::plain_file::{self, Links};
use crate::secret_file;

const FRESH: Duration = Duration::from_secs(60);
/// The size of the largest file, in bytes.
const LARGEST: usize = 4 << 20;

/// Returns the names that are stored under a key, if they are fresh.
#[must_use]
pub(super) fn read(key: &[&str]) -> Option<Vec<Candidate>> {
    let path = file(key)?;
    if !is_fresh(&path, SystemTime::now()) {
        return None;
    }
    let stored: Vec<(String, String)> =
        serde_json::from_slice(&plain_file::read(&path, Links::Refuse, LARGEST).ok()?).ok()?;
    Some(
        stored
            .into_iter()
            .map(|(text, help)| Candidate { text, help })
            .collect(),
    )
}

/// Stores the names. If that fails, the next Tab sends a request again.
pub(super) fn write(key: &[&str], names: &[Candidate]) {
    let Some(path) = file(key) else { return };
    let stored: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.text.as_str(), name.help.as_str()))
        .collect();
    let Ok(content) = serde_json::to_vec(&stored) else {
        return;
    };
    if let Some(dir) = path.parent()
        && secret_file::create_dir(dir).is_ok()
    {
        let _ = secret_file::replace(&path, &content);
    }
}

/// Removes the lists that are no longer fresh. Returns their number.
pub(super) fn sweep() -> usize {
    let Some(entries) = paths::cache_dir()
        .ok()
        .and_then(|dir| fs::read_dir(dir).ok())
    else {
        return 0;
    };
    let is_list = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.strip_prefix("complete-"))
            .is_some_and(|rest| rest.strip_suffix(".json").is_some())
    };
    let (now, paths) = (
        SystemTime::now(),
        entries.flatten().map(|entry| entry.path()),
    );
    paths
        .filter(|path| is_list(path) && !is_fresh(path, now) && fs::remove_file(path).is_ok())
        .count()
}

fn file(key: &[&str]) -> Option<PathBuf> {
    let digest = Sha256::digest(key.join("\n").as_bytes());
    let name: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
    Some(
        paths::cache_dir()
            .ok()?
            .join(format!("complete-{name}.json")),
    )
}

fn is_fresh(path: &Path, now: SystemTime) -> bool {
    let Some(written) = modified(path) else {
        return false;
    };
    let configured = paths::config_file().ok().and_then(|path| modified(&path));
    now.duration_since(written).is_ok_and(|age| age <= FRESH)
        && configured.is_none_or(|configured| configured <= written)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}
