//! Looks before an object gets a new name: the platform accepts the name of another object, which makes both unusable
//! by their name.

use anyhow::Context as _;

use crate::api::Client;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::{PROJECT, SESSION};
use crate::text::quote;

/// Refuses a new name that another object of the collection has. `given` is the ID or the name of the object that is
/// renamed. Names of sessions may repeat, and the server itself keeps the names of projects apart.
///
/// # Errors
/// [`Kind::Conflict`] if the name is taken; those of the look-up.
pub(crate) async fn refuse_taken(
    client: &Client,
    collection: &Collection,
    given: &str,
    name: Option<&str>,
) -> anyhow::Result<()> {
    let word = collection.resource.word;
    let may_repeat = [PROJECT.word, SESSION.word].contains(&word);
    let Some(name) = name.filter(|name| !may_repeat && !name.is_empty() && *name != given) else {
        return Ok(());
    };
    let found = lookup::by_name(client, collection, name).await;
    let found = found.with_context(|| format!("look up {word} {}", quote(name)))?;
    match found.iter().find(|other| other.id() != given) {
        None => Ok(()),
        Some(other) => {
            let message = format!("{word} {} already exists ({})", quote(name), other.id());
            let failure = Failure::new(Kind::Conflict, message);
            Err(failure.hint("nothing was sent; choose another name").into())
        }
    }
}
