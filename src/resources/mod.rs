//! One description of each resource: its fields, its columns, its names, and where it lives on the server.
//!
//! The descriptions drive decoding, JSON output, tables, completion and help. A new resource takes one file here. The
//! fields are listed in docs/interface/cli-core.md section 4.5 and docs/interface/cli-resources.md section 1.6, the
//! columns in docs/interface/cli-core.md section 7.9.2.

mod agent;
mod application;
mod candidates;
mod cluster;
mod credential;
mod description;
mod inbox_message;
mod name;
mod named;
mod policy;
mod project;
mod provider;
pub(crate) mod quick;
mod record;
mod role;
mod scheduled_session;
mod session;
mod session_event;
mod session_message;
mod user;

pub(crate) use agent::AGENT;
pub(crate) use application::APPLICATION;
pub(crate) use candidates::Candidates;
pub(crate) use cluster::{CLUSTER, CLUSTER_ROLES};
pub(crate) use credential::{
    CONTEXT, CREDENTIAL, CREDENTIAL_TOKEN, DIGEST, EXPIRES_AT, GRADE, GRADED_AT, KUBECONFIG,
    MINT_ANCHOR, MINT_ID, MINT_NAMESPACE, MINT_ROLE, MINT_TOKEN, MINT_TTL, OF_GATEWAYS,
    OWN_ANNOTATIONS, PROVIDERS, SERVER, StoredGrade, USED_BY, annotation, expires_at, grade,
    is_minted, is_of_gateways, remove_own_annotations, remove_those_of_gateways,
    take_own_annotations,
};
pub(crate) use description::{
    AGE, Cell, Column, Field, PRIVATE, Resource, Scope, Type, column, shown_text,
};
pub(crate) use inbox_message::INBOX_MESSAGE;
pub(crate) use name::{
    LONGEST_OF_PROJECT, can_be_id, can_name_project, check, check_id, check_project_name,
    has_form_of_id, is_label, is_usable_id,
};
pub(crate) use named::{
    NAMED, PROJECT_AGENT, find, find_or_project_agent, is_project_agent, unknown, unknown_kind,
};
pub(crate) use policy::POLICY;
pub(crate) use project::PROJECT;
pub(crate) use provider::PROVIDER;
pub(crate) use record::{List, Record, WrongType};
pub(crate) use role::{ROLE, ROLE_BINDING};
pub(crate) use scheduled_session::SCHEDULED_SESSION;
pub(crate) use session::{
    ACTIVE_PHASES, FINAL_PHASES, PHASES, RUN_COLUMNS, RUN_SCREEN, SESSION, check_owner,
};
pub(crate) use session_event::SESSION_EVENT;
pub(crate) use session_message::SESSION_MESSAGE;
pub(crate) use user::{PROJECT_SETTINGS, USER};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_schemas_have_the_fields_of_the_resources() {
        let others = [
            &SCHEDULED_SESSION,
            &INBOX_MESSAGE,
            &SESSION_MESSAGE,
            &CREDENTIAL_TOKEN,
        ];
        for resource in NAMED.iter().copied().chain(others) {
            let file = format!(
                "{}/docs/schema/{}.json",
                env!("CARGO_MANIFEST_DIR"),
                resource.word
            );
            let text = std::fs::read_to_string(&file).unwrap();
            let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
            let published: Vec<&String> =
                schema["properties"].as_object().unwrap().keys().collect();
            let fields: Vec<&str> = resource.all_fields().map(|field| field.name).collect();
            assert_eq!(published, fields, "{file}");
        }
    }

    #[test]
    fn the_first_column_on_a_terminal_names_the_object() {
        for resource in NAMED {
            let first = resource.screen.first().map(|column| column.cell);
            let is_name = |field: &str| resource.name_field.is_none_or(|name| field == name);
            assert!(
                // An object without a name shows what it is about.
                matches!(first, Some(Cell::Field(field)) if is_name(field))
                    || resource.name_field.is_none() && first.is_some(),
                "{}",
                resource.word
            );
        }
    }
}
