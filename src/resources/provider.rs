//! Providers of a project: each names a kind of credential, and the secret that holds it.

use super::description::{AGE, Resource, Scope, column, required, text};

pub(crate) static PROVIDER: Resource = Resource {
    word: "provider",
    aliases: &["providers"],
    kind: "Provider",
    collection: "providers",
    scope: Scope::Project,
    name_field: Some("name"),
    fields: &[
        text("annotations"),
        text("labels"),
        required("name"),
        text("namespace"),
        text("project_id"),
        text("secret"),
        text("type"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("NAME", 24, "name"),
        column("TYPE", 12, "type"),
        column("SECRET", 20, "secret"),
        column("NAMESPACE", 20, "namespace"),
        AGE,
    ],
    wide: &[column("UPDATED", 20, "updated_at")],
    screen: &[
        column("NAME", 24, "name"),
        column("TYPE", 12, "type"),
        column("SECRET", 20, "secret"),
        column("NAMESPACE", 20, "namespace"),
        AGE,
    ],
    spare: &["NAMESPACE", "AGE"],
};
