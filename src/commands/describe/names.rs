//! Names beside the IDs on the page of a session or an agent.

use crate::api::Client;
use crate::lookup::{Collection, can_be_id};
use crate::resources::{AGENT, PROJECT, Record, Resource, SCHEDULED_SESSION, SESSION, Scope, USER};

/// The fields that name another object by its ID.
const REFERENCES: &[(&str, &Resource)] = &[
    ("agent_id", &AGENT),
    ("assigned_user_id", &USER),
    ("created_by_user_id", &USER),
    ("current_session_id", &SESSION),
    ("owner_user_id", &USER),
    ("parent_agent_id", &AGENT),
    ("parent_session_id", &SESSION),
    ("project_id", &PROJECT),
    ("source_scheduled_session_id", &SCHEDULED_SESSION),
];

/// Returns the record with `NAME (ID)` in place of each ID. One that can't be looked up stays as it is.
pub(super) async fn beside_ids(client: &Client, record: &Record) -> Record {
    let mut named = record.clone();
    let project = record.text("project_id");
    for (field, resource) in REFERENCES {
        let id = record.text(field);
        let Some(collection) = collection(resource, project).filter(|_| can_be_id(id)) else {
            continue;
        };
        if let Ok(found) = client.get(resource, &collection.item(id, &[])).await
            && !["", id].contains(&found.name())
        {
            named.replace(field, &format!("{} ({id})", found.name()));
        }
    }
    named
}

/// Returns the objects among which an ID is looked up; `None` if their project is not known.
fn collection(resource: &'static Resource, project: &str) -> Option<Collection> {
    match resource.scope {
        Scope::Global => Some(Collection::global(resource)),
        _ if can_be_id(project) => Some(Collection::of_project(resource, project)),
        _ => None,
    }
}
