//! Projects (docs/interface/cli-core.md sections 4.5 and 7.9.2).

use super::description::{Resource, Scope, column, required, text};

pub(crate) static PROJECT: Resource = Resource {
    word: "project",
    aliases: &["projects", "proj"],
    kind: "Project",
    collection: "projects",
    scope: Scope::Global,
    name_field: Some("name"),
    fields: &[
        text("annotations"),
        text("description"),
        text("gateway_error"),
        text("gateway_status"),
        text("labels"),
        required("name"),
        text("prompt"),
        text("runtime_backend"),
        text("status"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("NAME", 30, "name"),
        column("STATUS", 10, "status"),
    ],
    wide: &[
        column("DESCRIPTION", 50, "description"),
        super::description::AGE,
    ],
    screen: &[
        column("NAME", 30, "name"),
        column("STATUS", 10, "status"),
        column("DESCRIPTION", 50, "description"),
        super::description::AGE,
    ],
    spare: &["AGE"],
};
