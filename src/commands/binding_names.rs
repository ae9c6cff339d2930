//! Names in the table of role bindings, in place of IDs (docs/interface/cli-core.md section 7.9.2).

use std::collections::HashMap;

use crate::api::{Client, ListOptions};
use crate::commands::people;
use crate::lookup::Collection;
use crate::resources::{CREDENTIAL, ROLE, Record, Resource};

/// Replaces the IDs of users, roles and credentials by their names. An ID that can't be looked up stays.
pub(crate) async fn name_targets(client: &Client, bindings: &mut [Record]) {
    if bindings.is_empty() {
        return;
    }
    let roles = names(client, &ROLE).await;
    let any_credential = bindings
        .iter()
        .any(|binding| !binding.text("credential_id").is_empty());
    let credentials = if any_credential {
        names(client, &CREDENTIAL).await
    } else {
        HashMap::new()
    };
    let any_user = bindings
        .iter()
        .any(|binding| !binding.text("user_id").is_empty());
    let users = if any_user {
        people::names(client).await
    } else {
        HashMap::new()
    };
    for binding in bindings {
        for (field, names) in [
            ("user_id", &users),
            ("role_id", &roles),
            ("credential_id", &credentials),
        ] {
            if let Some(name) = names.get(binding.text(field)) {
                binding.replace(field, name);
            }
        }
    }
}

/// Returns the name of each ID in a collection; nothing if the list is not available.
async fn names(client: &Client, resource: &'static Resource) -> HashMap<String, String> {
    let path = Collection::global(resource).path;
    let list = client
        .listed(resource, &path, &ListOptions::default())
        .await;
    list.map(|list| {
        list.items()
            .iter()
            .map(|record| (record.id().to_owned(), record.name().to_owned()))
            .collect()
    })
    .unwrap_or_default()
}
