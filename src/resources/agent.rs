//! Agents (docs/interface/cli-resources.md section 4).

use super::description::{
    AGE, Cell, Column, Resource, Scope, Type, Values, column, field, required, text,
};

pub(crate) static AGENT: Resource = Resource {
    word: "agent",
    aliases: &["agents"],
    kind: "Agent",
    collection: "agents",
    scope: Scope::Project,
    name_field: Some("name"),
    fields: &[
        text("annotations"),
        text("bot_account_name"),
        text("current_session_id"),
        text("description"),
        text("display_name"),
        text("entrypoint"),
        field("environment", Type::Nested),
        text("environment_variables"),
        text("labels"),
        field("llm_max_tokens", Type::Int),
        text("llm_model"),
        field("llm_temperature", Type::Float),
        required("name"),
        text("owner_user_id"),
        text("parent_agent_id"),
        field("payloads", Type::Nested),
        required("project_id"),
        text("prompt"),
        field("providers", Type::Nested),
        text("repo_url"),
        text("resource_overrides"),
        text("sandbox_policy"),
        field("sandbox_template", Type::Nested),
        text("workflow_id"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("NAME", 24, "name"),
        column("PROJECT", 27, "project_id"),
        column("SESSION", 27, "current_session_id"),
        AGE,
    ],
    wide: &[
        column("MODEL", 24, "llm_model"),
        column("DESCRIPTION", 40, "description"),
        Column {
            title: "PROVIDERS",
            width: 24,
            cell: Cell::Derived(providers),
        },
        column("POLICY", 16, "sandbox_policy"),
    ],
    screen: &[
        column("NAME", 24, "name"),
        column("PROJECT", 27, "project_id"),
        column("MODEL", 24, "llm_model"),
        column("DESCRIPTION", 40, "description"),
        AGE,
    ],
    spare: &["MODEL", "AGE"],
};

/// Returns the names of an agent's providers.
fn providers(agent: &Values) -> String {
    let list = agent.get("providers").and_then(serde_json::Value::as_array);
    let names = list
        .into_iter()
        .flatten()
        .filter_map(serde_json::Value::as_str);
    names.collect::<Vec<_>>().join(", ")
}
