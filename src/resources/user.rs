//! Users and project settings (docs/interface/cli-core.md sections 4.5 and 7.9.2).

use super::description::{AGE, Resource, Scope, column, required, text};

pub(crate) static USER: Resource = Resource {
    word: "user",
    aliases: &["users", "usr"],
    kind: "User",
    collection: "users",
    scope: Scope::Global,
    name_field: Some("username"),
    fields: &[text("email"), required("name"), required("username")],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("USERNAME", 30, "username"),
        column("NAME", 30, "name"),
        column("EMAIL", 40, "email"),
    ],
    wide: &[AGE],
    screen: &[
        column("USERNAME", 30, "username"),
        column("NAME", 30, "name"),
        column("EMAIL", 40, "email"),
        AGE,
    ],
    spare: &["AGE"],
};

pub(crate) static PROJECT_SETTINGS: Resource = Resource {
    word: "project-settings",
    aliases: &[
        "project-settings",
        "projectsettings",
        "project-setting",
        "ps",
    ],
    kind: "ProjectSettings",
    collection: "project_settings",
    scope: Scope::Global,
    name_field: Some("project_id"),
    fields: &[
        text("group_access"),
        required("project_id"),
        text("repositories"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("PROJECT ID", 27, "project_id"),
        AGE,
    ],
    wide: &[],
    screen: &[column("PROJECT ID", 27, "project_id"), AGE],
    spare: &[],
};
