//! The store that the verbs work on, the ways out if it lacks its key, and a context for the verbs that use the API.

use std::path::Path;

use crate::api::local::key_policy;
use crate::config::paths;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::globals::Globals;
use crate::server::{AppState, Options, StoreError};
use crate::text::command::shell_word;

/// Returns a context whose API is the embedded one.
pub(super) fn embedded(ctx: &Ctx) -> Ctx {
    Ctx::new(Globals {
        local: true,
        ..ctx.globals.clone()
    })
}

/// Opens the store of this user if there is one, for a dry run, which creates none.
pub(super) fn check_existing() -> anyhow::Result<()> {
    if paths::data_dir()?.exists() {
        open()?;
    }
    Ok(())
}

/// Opens the store of this user.
pub(crate) fn open() -> anyhow::Result<AppState> {
    let directory = paths::data_dir()?;
    let options = Options {
        key: key_policy()?,
        ..Options::default()
    };
    Ok(AppState::open(&directory, options)?)
}

/// Returns the way out for a store whose tokens can't be read for want of their key; `None` for another error.
#[must_use]
pub(crate) fn way_to_key(error: &StoreError, directory: &Path) -> Option<String> {
    let back = match error {
        StoreError::KeyMissing { place } if Path::new(place).is_absolute() => {
            format!("copy the key back to {}", shell_word(place))
        }
        StoreError::KeyMissing { place } => format!("bring the key back to {place}"),
        StoreError::KeyWrong { place } => {
            format!("put the key that belongs to the store in the place of {place}")
        }
        StoreError::KeyUnusable { .. } => {
            return Some("bring the key back to its place; the store is whole".to_owned());
        }
        _ => return None,
    };
    let (old, aside) = (directory.display(), format!("{}.old", directory.display()));
    Some(format!(
        "{back}; if nobody has it, the secrets are lost, and a new store begins with: mv {} {}",
        shell_word(&old.to_string()),
        shell_word(&aside)
    ))
}

/// Returns the failure of a verb of the store.
pub(super) fn failed(what: &str, error: StoreError) -> anyhow::Error {
    let directory = paths::data_dir().ok();
    let way = directory.and_then(|directory| way_to_key(&error, &directory));
    match way {
        Some(way) => Failure::new(Kind::Other, format!("{what}: {error}"))
            .hint(way)
            .into(),
        None => anyhow::Error::new(error).context(what.to_owned()),
    }
}
