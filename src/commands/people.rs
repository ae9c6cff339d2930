//! People in role bindings: which text of a person a server's bindings carry.
//!
//! A platform of before July 2026 keeps user names in `user_id`, a later one the ids of users. It stores what it is
//! sent, so a binding with the wrong one is accepted and never gives anybody a right.

use std::collections::HashMap;

use crate::api::{self, Client, ListOptions};
use crate::ctx::Ctx;
use crate::failure::Kind;
use crate::lookup::{self, Collection};
use crate::resources::{ROLE_BINDING, Record, USER};
use crate::text::quote;

/// How many bindings and users are read to learn the form.
const SIZE: i64 = 100;

/// A person as a manifest or a flag names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The text for `user_id` on this server.
    pub id: String,
    /// All texts that mean this person.
    pub forms: Vec<String>,
}

impl Person {
    fn as_given(text: &str) -> Self {
        Self {
            id: text.to_owned(),
            forms: vec![text.to_owned()],
        }
    }
}

/// Finds the person of a user name or ID. A text that can't be looked up stays as it is, with a warning.
///
/// # Errors
/// If the server can't be reached, or if several users have the name.
pub(crate) async fn find(ctx: &Ctx, client: &Client, text: &str) -> anyhow::Result<Person> {
    let Some(user) = known(ctx, client, text).await? else {
        return Ok(Person::as_given(text));
    };
    let name = user.text("username");
    let id = match by_id(client).await {
        // Nothing tells the form: a text that is an ID was meant as one.
        None => text,
        Some(true) => user.id(),
        Some(false) => name,
    };
    let forms = [user.id(), name, text].map(str::to_owned).to_vec();
    Ok(Person {
        id: id.to_owned(),
        forms,
    })
}

/// Returns the user of a name or ID. Warns and returns `None` if there is none, or if users can't be looked up.
///
/// # Errors
/// As [`find`].
pub(crate) async fn known(
    ctx: &Ctx,
    client: &Client,
    text: &str,
) -> anyhow::Result<Option<Record>> {
    let users = Collection::global(&USER);
    match lookup::find_if_any(client, &users, text).await {
        Ok(Some(user)) if !user.id().is_empty() => Ok(Some(user)),
        Ok(_) => {
            ctx.out.warn(&format!(
                "no user has the name or ID {}; it is sent as it is, and the binding counts only if the server knows it",
                quote(text)
            ));
            Ok(None)
        }
        Err(error) if matches!(api::kind_of(&error), Kind::Forbidden | Kind::Server) => {
            ctx.out.warn(&format!(
                "the users can't be looked up, so {} is sent as it is",
                quote(text)
            ));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether the bindings of this server name people by id; `None` if nothing tells.
async fn by_id(client: &Client) -> Option<bool> {
    let options = ListOptions {
        limit: Some(SIZE),
        ..ListOptions::default()
    };
    let bindings = Collection::global(&ROLE_BINDING).path;
    let bindings = client.list(&ROLE_BINDING, &bindings, &options).await.ok()?;
    let users = client
        .list(&USER, &Collection::global(&USER).path, &options)
        .await
        .ok()?;
    let any = |field: &str| {
        bindings.items().iter().any(|binding| {
            let holder = binding.text("user_id");
            !holder.is_empty() && users.items().iter().any(|user| user.text(field) == holder)
        })
    };
    // A platform that was lifted may still hold bindings of the earlier form.
    match (any("id"), any("username")) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

/// Warns if a new binding is not kept with the person that was sent.
pub(crate) async fn compare(ctx: &Ctx, client: &Client, binding: &Record, person: &Person) {
    // A dry run has created nothing.
    if ctx.rehearses() || binding.id().is_empty() {
        return;
    }
    let path = Collection::global(&ROLE_BINDING).item(binding.id(), &[]);
    let Ok(kept) = client.get(&ROLE_BINDING, &path).await else {
        return;
    };
    if !person.forms.iter().any(|form| form == kept.text("user_id")) {
        ctx.out.warn(&format!(
            "the server keeps the binding for {} instead of {}",
            quote(kept.text("user_id")),
            quote(&person.id)
        ));
    }
}

/// Returns the user name of each ID; nothing if users can't be listed.
pub(crate) async fn names(client: &Client) -> HashMap<String, String> {
    let path = Collection::global(&USER).path;
    let list = client.listed(&USER, &path, &ListOptions::default()).await;
    list.map(|list| {
        let users = list.items().iter();
        users
            .map(|user| (user.id().to_owned(), user.text("username").to_owned()))
            .collect()
    })
    .unwrap_or_default()
}
