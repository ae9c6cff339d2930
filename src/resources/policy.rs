//! Policies of a project: each says what a sandbox may reach. The server keeps `spec` as the text of a JSON object.

use serde_json::Value;

use super::description::{AGE, Cell, Column, Resource, Scope, Values, column, required, text};

pub(crate) static POLICY: Resource = Resource {
    word: "policy",
    aliases: &["policies"],
    kind: "Policy",
    collection: "policies",
    scope: Scope::Project,
    name_field: Some("name"),
    fields: &[
        text("annotations"),
        text("labels"),
        required("name"),
        text("namespace"),
        text("project_id"),
        text("spec"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("NAME", 24, "name"),
        column("NAMESPACE", 20, "namespace"),
        AGE,
    ],
    wide: &[
        Column {
            title: "SECTIONS",
            width: 32,
            cell: Cell::Derived(sections),
        },
        column("UPDATED", 20, "updated_at"),
    ],
    screen: &[
        column("NAME", 24, "name"),
        Column {
            title: "SECTIONS",
            width: 32,
            cell: Cell::Derived(sections),
        },
        column("NAMESPACE", 20, "namespace"),
        AGE,
    ],
    spare: &["NAMESPACE", "AGE"],
};

/// Returns the names of the sections of a policy, in order.
fn sections(policy: &Values) -> String {
    let spec: Value = serde_json::from_str(policy.text("spec")).unwrap_or_default();
    let mut names: Vec<&str> = spec
        .as_object()
        .map(|map| map.keys().map(String::as_str).collect())
        .unwrap_or_default();
    names.sort_unstable();
    names.join(", ")
}
