//! The store that the verbs work on, and a context for the verbs that use the API.

use crate::api::local::key_policy;
use crate::config::paths;
use crate::ctx::Ctx;
use crate::globals::Globals;
use crate::server::{AppState, Options};

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
pub(super) fn open() -> anyhow::Result<AppState> {
    let directory = paths::data_dir()?;
    let options = Options {
        key: key_policy()?,
        ..Options::default()
    };
    Ok(AppState::open(&directory, options)?)
}
