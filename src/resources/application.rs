//! `GitOps` applications (contract cli-resources.md section 7).

use super::{AGE, Place, Resource, Type, column, field, required, text};

pub static APPLICATION: Resource = Resource {
    word: "application",
    aliases: &["applications", "app", "apps"],
    kind: "Application",
    collection: "applications",
    place: Place::Global,
    fields: &[
        text("annotations"),
        field("auto_prune", Type::Bool),
        field("auto_sync", Type::Bool),
        text("conditions"),
        text("credential_id"),
        text("destination_ambient_url"),
        required("destination_project"),
        text("health_status"),
        text("labels"),
        field("last_synced_at", Type::Time),
        required("name"),
        text("operation_message"),
        text("operation_phase"),
        text("resource_status"),
        field("retry_limit", Type::Int),
        field("self_heal", Type::Bool),
        required("source_path"),
        required("source_repo_url"),
        text("source_target_revision"),
        text("sync_options"),
        text("sync_revision"),
        text("sync_status"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("NAME", 24, "name"),
        column("REPO", 36, "source_repo_url"),
        column("PROJECT", 18, "destination_project"),
        column("SYNC", 10, "sync_status"),
        column("HEALTH", 10, "health_status"),
        AGE,
    ],
    wide: &[
        column("PATH", 30, "source_path"),
        column("REVISION", 20, "source_target_revision"),
    ],
};
