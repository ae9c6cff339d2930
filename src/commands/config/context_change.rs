//! The parts that the verbs for contexts share: the change of the file, which a dry run only rehearses, and the report.

use super::get_contexts;
use crate::commands::outcome;
use crate::config::{Config, Place, contexts, paths};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::output::Format;

/// Changes the contexts of the configuration file, and returns the file as it is then. A dry run changes a copy.
///
/// # Errors
/// As `change`, or the file can't be read or written.
pub(super) fn apply(
    ctx: &Ctx,
    change: impl FnOnce(&mut Config) -> Result<(), Failure>,
) -> Result<Config, Failure> {
    let path = paths::config_file_to_change()?;
    // The file as a whole is meant, so the context of the run need not exist.
    ctx.config_of_any_context()?;
    let place = Place::current(&path);
    let mut config = if ctx.rehearses() {
        let mut copy = Config::load(&place)?;
        change(&mut copy)?;
        copy
    } else {
        Config::try_update(&place, change)?
    };
    contexts::select_current(&mut config);
    Ok(config)
}

/// Reports the change of a context.
///
/// # Errors
/// Standard output can't be written.
pub(super) fn report(
    ctx: &Ctx,
    config: &Config,
    name: &str,
    format: &Format,
    sentence: &str,
) -> anyhow::Result<()> {
    let found = contexts::list(config);
    let found = found.iter().find(|context| context.name == name);
    let result = found.map(get_contexts::object).unwrap_or_default();
    outcome::said(ctx, format, sentence, &result)
}
