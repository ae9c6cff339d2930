//! Names in the table of role bindings, in place of IDs (docs/interface/cli-core.md section 7.9.2).

use std::collections::{BTreeSet, HashMap};

use crate::api::{Client, ListOptions};
use crate::commands::people;
use crate::lookup::{Collection, can_be_id};
use crate::resources::{AGENT, CREDENTIAL, ROLE, Record, Resource};

/// The most projects whose agents are looked up for a table.
const PROJECTS: usize = 20;

/// Replaces the IDs of agents by their names, for a table on a terminal. An ID that can't be looked up stays.
pub(crate) async fn name_agents(client: &Client, bindings: &mut [Record]) {
    let is_of_agent = |binding: &&Record| !binding.text("agent_id").is_empty();
    let projects = bindings.iter().filter(is_of_agent);
    let projects: BTreeSet<String> = projects
        .map(|binding| binding.text("project_id").to_owned())
        .filter(|project| can_be_id(project))
        .collect();
    let mut agents = HashMap::new();
    for project in projects.into_iter().take(PROJECTS) {
        let options = ListOptions {
            project: Some(project.clone()),
            ..ListOptions::default()
        };
        let path = Collection::agents(&project).path;
        if let Ok(list) = client.listed(&AGENT, &path, &options).await {
            agents.extend(ids_with_names(list.items()));
        }
    }
    for binding in bindings {
        if let Some(name) = agents.get(binding.text("agent_id")) {
            binding.replace("agent_id", name);
        }
    }
}

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
    list.map(|list| ids_with_names(list.items()).collect())
        .unwrap_or_default()
}

fn ids_with_names(records: &[Record]) -> impl Iterator<Item = (String, String)> {
    let pair = |record: &Record| (record.id().to_owned(), record.name().to_owned());
    records.iter().map(pair)
}
