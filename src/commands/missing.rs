//! What `--ignore-not-found` forgives: that an object does not exist. Its project must exist.

use crate::api;
use crate::ctx::Ctx;
use crate::failure::Kind;
use crate::lookup::{self, Collection};
use crate::resources::SESSION;

/// Forgives that an object does not exist, and says so on standard error.
///
/// # Errors
/// The given error if it says anything else; [`Kind::NotFound`] if the project of the object does not exist.
pub(crate) fn forgive(
    ctx: &Ctx,
    collection: &Collection,
    label: &str,
    error: anyhow::Error,
) -> anyhow::Result<()> {
    forgive_silently(ctx, collection, error)?;
    let is_session = collection.resource.word == SESSION.word;
    let more = if is_session && ctx.client()?.project().is_none() {
        "; to name a session by its agent, add --project NAME"
    } else {
        ""
    };
    ctx.out.aside(&format!("{label} does not exist{more}"));
    Ok(())
}

/// Forgives that an object does not exist, for a caller whose output shows it.
///
/// # Errors
/// As [`forgive`].
pub(crate) fn forgive_silently(
    ctx: &Ctx,
    collection: &Collection,
    error: anyhow::Error,
) -> anyhow::Result<()> {
    if api::kind_of(&error) != Kind::NotFound {
        return Err(error);
    }
    let (client, settings) = (ctx.client()?, ctx.settings()?);
    ctx.block_on(lookup::doubt_absence(client, collection, settings))
}
