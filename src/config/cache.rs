//! Small answers of a server that are kept for a short time, so that the next command need not ask again.
//!
//! Each answer has one file in `$XDG_CACHE_HOME/ambient`, without any secret. A file is stale after its time, and as
//! soon as the configuration changes, because another login may get another answer.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::paths;
use crate::plain_file::{self, Links};
use crate::secret_file;

/// The size of the largest file, in bytes.
const LARGEST: usize = 4 << 20;

/// Answers of one kind.
pub(crate) struct Cache {
    /// The beginning of the files' names.
    pub kind: &'static str,
    /// How long an answer counts.
    pub fresh: Duration,
}

impl Cache {
    /// Returns the answer that is stored under a key, if it is fresh.
    #[must_use]
    pub(crate) fn read(&self, key: &[&str]) -> Option<Zeroizing<Vec<u8>>> {
        let path = self.file(key)?;
        if !self.is_fresh(&path, SystemTime::now()) {
            return None;
        }
        plain_file::read(&path, Links::Refuse, LARGEST).ok()
    }

    /// Stores an answer. If that fails, the next command sends a request again.
    pub(crate) fn write(&self, key: &[&str], content: &[u8]) {
        let Some(path) = self.file(key) else { return };
        if let Some(dir) = path.parent()
            && secret_file::create_dir(dir).is_ok()
        {
            let _ = secret_file::replace(&path, content);
        }
    }

    /// Removes the answers that are no longer fresh. Returns their number.
    pub(crate) fn sweep(&self) -> usize {
        let Some(entries) = paths::cache_dir()
            .ok()
            .and_then(|dir| fs::read_dir(dir).ok())
        else {
            return 0;
        };
        let prefix = format!("{}-", self.kind);
        let is_ours = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(&prefix))
                && path.extension().is_some_and(|end| end == "json")
        };
        let now = SystemTime::now();
        let paths = entries.flatten().map(|entry| entry.path());
        paths
            .filter(|path| is_ours(path) && !self.is_fresh(path, now))
            .filter(|path| fs::remove_file(path).is_ok())
            .count()
    }

    fn file(&self, key: &[&str]) -> Option<PathBuf> {
        let digest = Sha256::digest(key.join("\n").as_bytes());
        let name: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
        let dir = paths::cache_dir().ok()?;
        Some(dir.join(format!("{}-{name}.json", self.kind)))
    }

    fn is_fresh(&self, path: &Path, now: SystemTime) -> bool {
        let Some(written) = modified(path) else {
            return false;
        };
        let configured = paths::config_file().ok().and_then(|path| modified(&path));
        now.duration_since(written)
            .is_ok_and(|age| age <= self.fresh)
            && configured.is_none_or(|configured| configured <= written)
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}
