//! The configuration file, and the effective settings that flags, environment and file result in.

mod cache;
mod context;
pub(crate) mod contexts;
mod failed;
pub mod file;
pub(crate) mod keys;
pub(crate) mod paths;
pub(crate) mod server_url;
pub(crate) mod settings;

pub(crate) use cache::Cache;
pub(crate) use context::LOCAL_CONTEXT;
pub use file::{Config, Place};

use crate::env;
use settings::Origin;
pub(crate) use settings::{Setting, Settings, Verbosity};

/// Returns the pager that the user names, with its origin.
#[must_use]
pub(crate) fn pager_in(config: &Config) -> Setting<Option<String>> {
    let named = [
        (env::ACPCTL_PAGER.get(), Origin::Environment),
        (config.text(file::PAGER).map(str::to_owned), Origin::File),
        (env::PAGER.get(), Origin::Environment),
    ];
    let named = named.into_iter().find(|(value, _)| value.is_some());
    let (value, origin) = named.unwrap_or((None, Origin::Default));
    Setting { value, origin }
}

/// Returns the pager that the user names. A file that can't be read names none.
#[must_use]
pub(crate) fn pager() -> Option<String> {
    pager_in(&Config::of_user().unwrap_or_else(|_| Config::none())).value
}
