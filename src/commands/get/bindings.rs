//! Names in the table of role bindings, in place of ids (contract cli-core.md section 7.9.2).

use std::collections::HashMap;

use crate::api::{Client, ListOptions};
use crate::resources::{CREDENTIAL, ROLE, Record, Resource};

/// Puts the names of roles and credentials in the place of their ids. What can't be looked up stays an id.
pub async fn name_targets(client: &Client, bindings: &mut [Record]) {
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
    for binding in bindings {
        for (field, names) in [("role_id", &roles), ("credential_id", &credentials)] {
            if let Some(name) = names.get(binding.text(field)) {
                binding.replace(field, name);
            }
        }
    }
}

async fn names(client: &Client, resource: &'static Resource) -> HashMap<String, String> {
    let path = format!("/{}", resource.collection);
    let list = client.list(resource, &path, &ListOptions::default()).await;
    list.map(|list| {
        list.items()
            .iter()
            .map(|record| (record.id().to_owned(), record.name().to_owned()))
            .collect()
    })
    .unwrap_or_default()
}
