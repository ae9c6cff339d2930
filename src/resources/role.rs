//! Roles and role bindings (docs/interface/cli-core.md sections 4.5 and 7.9.2).

use super::description::{
    Cell, Column, Resource, Scope, Type, Values, column, field, nullable, required, text,
};

pub(crate) static ROLE: Resource = Resource {
    word: "role",
    aliases: &["roles"],
    kind: "Role",
    collection: "roles",
    scope: Scope::Global,
    name_field: Some("name"),
    fields: &[
        field("built_in", Type::Bool),
        text("description"),
        text("display_name"),
        required("name"),
        text("permissions"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("NAME", 30, "name"),
        column("DISPLAY NAME", 30, "display_name"),
        column("BUILT-IN", 9, "built_in"),
    ],
    wide: &[column("DESCRIPTION", 40, "description")],
    screen: &[
        column("NAME", 30, "name"),
        column("BUILT-IN", 9, "built_in"),
        column("DESCRIPTION", 40, "description"),
    ],
    spare: &[],
};

pub(crate) static ROLE_BINDING: Resource = Resource {
    word: "role-binding",
    aliases: &["role-bindings", "rolebinding", "rolebindings", "rb"],
    kind: "RoleBinding",
    collection: "role_bindings",
    scope: Scope::Global,
    name_field: None,
    fields: &[
        nullable("agent_id"),
        nullable("credential_id"),
        nullable("project_id"),
        required("role_id"),
        required("scope"),
        nullable("session_id"),
        nullable("user_id"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("USER", 27, "user_id"),
        column("ROLE", 30, "role_id"),
        column("SCOPE", 10, "scope"),
        Column {
            title: "TARGET",
            width: 27,
            cell: Cell::Derived(target),
        },
    ],
    wide: &[super::description::AGE],
    screen: &[
        Column {
            title: "TARGET",
            width: 27,
            cell: Cell::Derived(target),
        },
        column("ROLE", 30, "role_id"),
        Column {
            title: "HOLDER",
            width: 27,
            cell: Cell::Derived(holder),
        },
        super::description::AGE,
    ],
    spare: &["AGE"],
};

/// Returns the id of the object that a binding grants its role on: the id that fits the scope, or else the first id
/// that is set.
fn target(binding: &Values) -> String {
    let by_scope = format!("{}_id", binding.text("scope"));
    let fields = [
        by_scope.as_str(),
        "project_id",
        "agent_id",
        "session_id",
        "credential_id",
    ];
    fields
        .iter()
        .map(|field| binding.text(field))
        .find(|id| !id.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// Returns who a binding grants its role to: a user, or for a credential the agent or the project that may use it.
fn holder(binding: &Values) -> String {
    let (user, agent) = (binding.text("user_id"), binding.text("agent_id"));
    if !user.is_empty() || binding.text("scope") != "credential" {
        user.to_owned()
    } else if !agent.is_empty() {
        format!("agent {agent}")
    } else {
        match binding.text("project_id") {
            "" => "all projects".to_owned(),
            project => project.to_owned(),
        }
    }
}
