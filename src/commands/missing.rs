//! What `--ignore-not-found` forgives: that an object does not exist. Its project must exist.
//!
//! Another run may delete an object after it was found: [`delete_found`] tells that from other failures, for every verb
//! that deletes.

use crate::api::{self, Client, Error, Method};
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

/// The end of the deletion of an object that was found.
#[must_use]
pub(crate) enum Deletion {
    Deleted,
    /// Another run has deleted it meanwhile, so the server did not know it any more.
    Gone(Error),
}

impl Deletion {
    /// Returns true if this run has deleted the object, and false if it was gone.
    ///
    /// # Errors
    /// The server's answer if the object was gone, and that is not to be ignored.
    pub(crate) fn or_ignore(self, ignores_missing: bool) -> Result<bool, Error> {
        match self {
            Self::Deleted => Ok(true),
            Self::Gone(_) if ignores_missing => Ok(false),
            Self::Gone(error) => Err(error),
        }
    }
}

/// Deletes an object that was found. If the server answers that it does not know the object, looks again: only an
/// object that a look-up does not find either is gone.
///
/// # Errors
/// The server refuses, or the object is still there.
pub(crate) async fn delete_found(
    client: &Client,
    collection: &Collection,
    id: &str,
) -> anyhow::Result<Deletion> {
    let request = collection.request(Method::Delete, id);
    let Err(error) = client.send(&request).await else {
        return Ok(Deletion::Deleted);
    };
    if error.is_not_found()
        && let Ok(None) = lookup::find_if_any(client, collection, id).await
    {
        return Ok(Deletion::Gone(error));
    }
    Err(error.into())
}
