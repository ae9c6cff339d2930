//! Windows. What a file's mode says elsewhere is up to the access list that the file inherits from its folder; the
//! folders of a user's profile admit that user and the administrators.

#![allow(
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    reason = "the functions have the form of those of the other systems"
)]

pub(crate) mod files;
pub(crate) mod process;
pub(crate) mod removal;
pub(crate) mod signals;
pub(crate) mod stdio;
pub(crate) mod terminal;

use std::ffi::OsString;

use super::kinds::{Browser, ConfigBase};

/// The variable that names the home directory.
pub(crate) const HOME: &str = "USERPROFILE";
pub(crate) const CONFIG_BASE: ConfigBase = ConfigBase::AppData;
/// The folder of data and that of the cache, in the home directory.
pub(crate) const DATA_IN_HOME: &str = r"AppData\Local";
pub(crate) const CACHE_IN_HOME: &str = r"AppData\Local\cache";
pub(crate) const HAS_KEYRING: bool = true;
pub(crate) const BROWSER: Browser = Browser {
    opener: &["rundll32", "url.dll,FileProtocolHandler"],
    has_display: true,
    // Only the same user and administrators can read a command line.
    is_overheard: false,
};
/// Whether secrets can be handed to a command and surely taken back: here, processes that the command leaves behind
/// could keep their files.
pub(crate) const RUNS_SESSIONS: bool = false;

/// Returns bytes of a word of the command line as a word. A word that is not Unicode loses what is not.
#[must_use]
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
