//! Linux and macOS.

pub(crate) mod files;
pub(crate) mod process;
pub(crate) mod removal;
pub(crate) mod signals;
pub(crate) mod stdio;
pub(crate) mod terminal;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use super::kinds::{Browser, ConfigBase};

/// The variable that names the home directory.
pub(crate) const HOME: &str = "HOME";
pub(crate) const CONFIG_BASE: ConfigBase = if cfg!(target_os = "macos") {
    ConfigBase::InHome("Library/Application Support")
} else {
    ConfigBase::Xdg
};
/// The folder of data and that of the cache, in the home directory.
pub(crate) const DATA_IN_HOME: &str = ".local/share";
pub(crate) const CACHE_IN_HOME: &str = ".cache";
/// Whether there always is a keyring. Elsewhere it needs a session bus, which servers and containers do not have.
pub(crate) const HAS_KEYRING: bool = cfg!(target_os = "macos");
pub(crate) const BROWSER: Browser = Browser {
    opener: if cfg!(target_os = "macos") {
        &["open"]
    } else {
        &["xdg-open"]
    },
    has_display: cfg!(target_os = "macos"),
    // macOS opens pages with their editor.
    is_overheard: cfg!(target_os = "linux"),
};
/// Whether secrets can be handed to a command and surely taken back: private folders, signals, process groups.
pub(crate) const RUNS_SESSIONS: bool = true;

/// Returns bytes of a word of the command line as a word.
#[must_use]
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}
