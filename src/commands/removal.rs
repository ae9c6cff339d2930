//! Deletes one object: asks for consent, deletes it, and reports that. The platform answers 204 to the deletion of most
//! objects that do not exist, so the caller must have found the object.

use anyhow::Context as _;

use super::confirm::{self, ConfirmArgs};
use super::outcome;
use crate::api::Method;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::Format;
use crate::resources::{CREDENTIAL, Record};

/// Deletes the object that was found under the name or ID `given`. `doing` precedes the server's errors.
///
/// # Errors
/// If the user can't be asked for consent, or if the server refuses.
pub(crate) fn remove(
    ctx: &Ctx,
    confirm: &ConfirmArgs,
    collection: &Collection,
    found: &Record,
    given: &str,
    format: &Format,
    doing: &str,
) -> anyhow::Result<()> {
    let word = collection.resource.word;
    let id = found.id();
    if !lookup::can_be_id(id) {
        return Err(outcome::nameless(doing).into());
    }
    let question = confirm::question(collection.resource, &label(found, given));
    if !confirm.agreed(ctx, &question)? {
        return Ok(());
    }
    let client = ctx.client()?;
    ctx.block_on(async {
        let request = collection.request(Method::Delete, id);
        client.send(&request).await.context(doing.to_owned())
    })?;
    let mut deleted = found.clone();
    if collection.resource.word == CREDENTIAL.word {
        deleted.remove("token");
    }
    outcome::done(ctx, &deleted, format, &format!("{word}/{given} deleted"))
}

/// Returns `agent/lead (2abc…)`: the object as the user named it, with its ID or its name added if that differs.
fn label(found: &Record, given: &str) -> String {
    let label = format!("{}/{given}", found.resource.word);
    let other = if found.id() == given {
        found.name()
    } else {
        found.id()
    };
    if other.is_empty() || other == given {
        return label;
    }
    format!("{label} ({other})")
}
