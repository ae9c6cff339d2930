//! Clusters that the platform places sessions on.

use super::description::{AGE, Resource, Scope, Type, column, field, required, text};

pub(crate) static CLUSTER: Resource = Resource {
    word: "cluster",
    aliases: &["clusters", "cl"],
    kind: "Cluster",
    collection: "clusters",
    scope: Scope::Global,
    name_field: Some("name"),
    fields: &[
        text("annotations"),
        required("api_server_url"),
        text("capacity"),
        text("credential_id"),
        text("description"),
        text("labels"),
        field("last_heartbeat_at", Type::Time),
        required("name"),
        required("role"),
        text("status"),
        text("status_message"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("NAME", 24, "name"),
        column("ROLE", 10, "role"),
        column("API SERVER", 40, "api_server_url"),
        column("STATUS", 12, "status"),
        AGE,
    ],
    wide: &[
        column("MESSAGE", 40, "status_message"),
        column("CREDENTIAL", 27, "credential_id"),
    ],
    screen: &[
        column("NAME", 24, "name"),
        column("ROLE", 10, "role"),
        column("STATUS", 12, "status"),
        column("API SERVER", 40, "api_server_url"),
        AGE,
    ],
    spare: &["AGE"],
};

/// The roles of a cluster.
pub(crate) const CLUSTER_ROLES: &[&str] = &["workload", "gateway", "hybrid"];
