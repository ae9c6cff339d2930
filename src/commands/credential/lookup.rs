//! From what the user typed to one credential: an id first, else an exact name
//! (contract field.md rows 25 and 31).

use crate::api::{Client, Error, ListOptions, equals, path};
use crate::compat::quote::quote;
use crate::exit::{Failure, Kind};
use crate::resources::{CREDENTIAL, Record};

/// How many namesakes are read; one more than one is already too many.
const NAMESAKES: i64 = 100;

/// The path of a credential.
pub fn path_of(id: &str) -> String {
    path(&["credentials", id])
}

/// Refuses what can be no identifier: a request for it would reach the collection, or climb the path.
pub fn check_identifier(id: &str) -> Result<(), Failure> {
    match id {
        "" => Err(Failure::usage("credential name or ID is required")),
        "." | ".." => Err(Failure::usage(format!(
            "{} is no credential name or ID",
            quote(id)
        ))),
        _ => Ok(()),
    }
}

/// True for a text that looks like an id that the server made: 27 letters and digits, and some
/// tolerance for other servers. Names with such a look are found by their id route first, too.
pub fn looks_like_id(text: &str) -> bool {
    (20..=36).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_uppercase())
}

/// All credentials of exactly this name that the caller can see.
pub async fn by_name(client: &Client, name: &str, size: i64) -> Result<Vec<Record>, Error> {
    let options = ListOptions {
        search: Some(equals("name", name)),
        limit: Some(size),
        project: None,
    };
    let list = client.list(&CREDENTIAL, "/credentials", &options).await?;
    Ok(list
        .items
        .unwrap_or_default()
        .into_iter()
        .filter(|record| record.name() == name)
        .collect())
}

/// Does something with a credential by its id, and where the server knows no such id, by the id of
/// the one credential of that name. The server's first answer stands where there is none.
pub async fn by_id_or_name<T>(
    client: &Client,
    given: &str,
    action: impl AsyncFn(&str) -> Result<T, Error>,
) -> anyhow::Result<T> {
    match action(given).await {
        Err(error) if error.is_not_found() && !looks_like_id(given) => {
            // A look-up that fails tells nothing more than the answer already at hand.
            let found = by_name(client, given, NAMESAKES).await.unwrap_or_default();
            match one(given, &found)? {
                Some(record) => Ok(action(record.id()).await?),
                None => Err(error.into()),
            }
        }
        other => Ok(other?),
    }
}

/// The id to use in a request that does not tell an unknown id from a known one: the server answers
/// 204 to the deletion of anything (contract api.md section 6).
pub async fn resolve_id(client: &Client, given: &str) -> anyhow::Result<String> {
    if looks_like_id(given) {
        return Ok(given.to_owned());
    }
    let found = by_name(client, given, NAMESAKES).await.unwrap_or_default();
    Ok(one(given, &found)?.map_or(given, Record::id).to_owned())
}

/// The only match; several are an error that lists them.
pub fn one<'r>(name: &str, found: &'r [Record]) -> Result<Option<&'r Record>, Failure> {
    match found {
        [] => Ok(None),
        [record] => Ok(Some(record)),
        several => {
            let ids: Vec<&str> = several.iter().map(Record::id).collect();
            Err(Failure::new(
                Kind::Conflict,
                format!(
                    "multiple credentials named {} found ({}); use the credential ID instead",
                    quote(name),
                    ids.join(", ")
                ),
            ))
        }
    }
}
