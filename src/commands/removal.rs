//! Deleting one object that was found: asked about, deleted, said. The platform answers 204 to the deletion of
//! most things that do not exist, so nothing is deleted that was not seen before.

use anyhow::Context as _;

use super::confirm::{self, ConfirmArgs};
use super::outcome;
use crate::api::Method;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::Format;
use crate::resources::{CREDENTIAL, Record};

/// Deletes an object; `given` is what the user called it, `doing` begins the server's refusals.
///
/// # Errors
/// Where nobody agreed or could be asked, and where the server refuses.
pub fn remove(
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
        let message = format!("{doing}: the server's answer names no object");
        return Err(Failure::new(Kind::Server, message).into());
    }
    let shown = if id == given {
        match found.name() {
            "" => format!("{word}/{given}"),
            name if name == given => format!("{word}/{given}"),
            name => format!("{word}/{given} ({name})"),
        }
    } else {
        format!("{word}/{given} ({id})")
    };
    if !confirm.agreed(ctx, &confirm::question(collection.resource, &shown))? {
        return Ok(());
    }
    let client = ctx.client()?;
    ctx.block_on(async {
        let request = collection.request(Method::Delete, id);
        client.send(&request).await.context(doing.to_owned())
    })?;
    let mut gone = found.clone();
    if collection.resource.word == CREDENTIAL.word {
        gone.remove("token");
    }
    outcome::done(ctx, &gone, format, &format!("{word}/{given} deleted"))
}
