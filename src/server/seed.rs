//! The content of a new store: the built-in roles and the one user.

use rusqlite::{Connection, Transaction};

use super::kinds;
use super::names::USER;
use super::record::{FieldValue, ServerRecord};
use super::store::StoreError;
use super::store::records::{self, Condition};
use super::{ids, time};

/// A built-in role (docs/interface/api.md section 8.2).
pub(super) struct Role {
    pub name: &'static str,
    display_name: &'static str,
    description: &'static str,
    permissions: &'static [&'static str],
    /// A lower number is a higher level. A role without a level can't be granted.
    pub level: Option<u8>,
    /// Whether only an administrator may grant the role.
    pub internal: bool,
}

const fn role(
    name: &'static str,
    display_name: &'static str,
    description: &'static str,
    level: u8,
    permissions: &'static [&'static str],
) -> Role {
    Role {
        name,
        display_name,
        description,
        permissions,
        level: Some(level),
        internal: false,
    }
}

/// The built-in roles of the platform that runs sessions in pods.
pub(super) const ROLES: [Role; 14] = [
    role(
        "platform:admin",
        "Platform Admin",
        "Full access to all platform resources",
        0,
        &["*:*"],
    ),
    role(
        "platform:viewer",
        "Platform Viewer",
        "Read-only access to all platform resources",
        2,
        &[
            "project:read",
            "project:list",
            "session:read",
            "session:list",
            "agent:read",
            "agent:list",
        ],
    ),
    role(
        "project:owner",
        "Project Owner",
        "Full access to a specific project",
        1,
        &[
            "project:read",
            "project:update",
            "project:delete",
            "agent:*",
            "session:*",
            "session_message:*",
            "project_document:*",
            "blackboard:*",
            "role_binding:*",
        ],
    ),
    role(
        "project:editor",
        "Project Editor",
        "Create and manage sessions and agents in a project",
        2,
        &[
            "project:read",
            "agent:create",
            "agent:read",
            "agent:update",
            "agent:list",
            "agent:start",
            "session:create",
            "session:read",
            "session:update",
            "session:list",
            "session_message:*",
            "project_document:read",
            "project_document:create",
            "project_document:update",
            "project_document:list",
            "blackboard:read",
            "blackboard:watch",
            "role_binding:delete",
        ],
    ),
    role(
        "project:viewer",
        "Project Viewer",
        "Read-only access to a specific project",
        3,
        &[
            "project:read",
            "agent:read",
            "agent:list",
            "session:read",
            "session:list",
            "session_message:read",
            "session_message:list",
            "project_document:read",
            "project_document:list",
            "blackboard:read",
        ],
    ),
    role(
        "agent:operator",
        "Agent Operator",
        "Manage and start agents",
        2,
        &[
            "agent:read",
            "agent:update",
            "agent:start",
            "agent:list",
            "session:read",
            "session:list",
        ],
    ),
    role(
        "agent:editor",
        "Agent Editor",
        "Update prompt and metadata on a specific agent",
        2,
        &["agent:read", "agent:update"],
    ),
    role(
        "agent:observer",
        "Agent Observer",
        "Read agent and session state",
        3,
        &[
            "agent:read",
            "agent:list",
            "session:read",
            "session:list",
            "blackboard:read",
            "blackboard:watch",
        ],
    ),
    Role {
        level: None,
        internal: true,
        ..role(
            "agent:runner",
            "Agent Runner",
            "Runtime identity for agent pods",
            0,
            &[
                "session:read",
                "session_message:*",
                "blackboard:read",
                "blackboard:watch",
            ],
        )
    },
    role(
        "credential:owner",
        "Credential Owner",
        "Full CRUD on owned credentials and bind to projects",
        1,
        &[
            "credential:create",
            "credential:read",
            "credential:update",
            "credential:delete",
            "credential:list",
            "credential:fetch_token",
            "role_binding:create",
            "role_binding:delete",
        ],
    ),
    role(
        "credential:viewer",
        "Credential Viewer",
        "View and use credentials bound to a project or agent",
        2,
        &["credential:read", "credential:list"],
    ),
    Role {
        internal: true,
        ..role(
            "credential:token-reader",
            "Credential Token Reader",
            "Retrieve the raw token value for a credential",
            2,
            &["credential:fetch_token"],
        )
    },
    role(
        "gitops:admin",
        "GitOps Admin",
        "Full CRUD on applications (GitOps continuous sync)",
        1,
        &[
            "application:create",
            "application:read",
            "application:update",
            "application:delete",
            "application:list",
        ],
    ),
    role(
        "gitops:viewer",
        "GitOps Viewer",
        "Read-only access to applications",
        3,
        &["application:read", "application:list"],
    ),
];

/// The roles that the platform with sandboxes has besides.
const LATER_ROLES: [Role; 2] = [
    role(
        "cluster:admin",
        "Cluster Admin",
        "Full access to clusters",
        1,
        &["cluster:*"],
    ),
    role(
        "cluster:viewer",
        "Cluster Viewer",
        "Read-only access to clusters",
        3,
        &["cluster:read", "cluster:list"],
    ),
];

/// The permissions that built-in roles have besides on the platform with sandboxes.
const LATER_PERMISSIONS: [(&str, &[&str]); 4] = [
    (
        "platform:viewer",
        &[
            "cluster:read",
            "cluster:list",
            "provider:read",
            "provider:list",
            "policy:read",
            "policy:list",
        ],
    ),
    ("project:owner", &["provider:*", "policy:*"]),
    (
        "project:editor",
        &[
            "provider:create",
            "provider:read",
            "provider:update",
            "provider:list",
            "policy:create",
            "policy:read",
            "policy:update",
            "policy:list",
            "role_binding:create",
        ],
    ),
    (
        "project:viewer",
        &[
            "provider:read",
            "provider:list",
            "policy:read",
            "policy:list",
            "role_binding:read",
            "role_binding:list",
        ],
    ),
];

/// Returns the built-in role of this name.
pub(super) fn built_in(name: &str) -> Option<&'static Role> {
    let mut roles = const { &ROLES }.iter().chain(const { &LATER_ROLES });
    roles.find(|role| role.name == name)
}

/// Adds the roles and permissions of the platform with sandboxes. Does nothing if they are there already, or if someone
/// has deleted the role.
pub(super) fn lift(connection: &Transaction<'_>) -> Result<(), StoreError> {
    for role in &LATER_ROLES {
        let known: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM roles WHERE name = ?1)",
            [role.name],
            |row| row.get(0),
        )?;
        if !known {
            records::insert(connection, &role.to_record())?;
        }
    }
    for (name, more) in LATER_PERMISSIONS {
        let found = records::all(connection, &kinds::ROLE, &Condition::equal("name", name))?;
        for mut record in found {
            let permissions: Vec<String> =
                serde_json::from_str(record.text("permissions")).unwrap_or_default();
            let missing = more
                .iter()
                .map(|permission| (*permission).to_owned())
                .filter(|permission| !permissions.contains(permission));
            let missing: Vec<String> = missing.collect();
            if !missing.is_empty() {
                let all = [permissions, missing].concat();
                record.set_text("permissions", serde_json::json!(all).to_string());
                records::update(connection, &record)?;
            }
        }
    }
    Ok(())
}

impl Role {
    fn to_record(&self) -> ServerRecord {
        let mut record = ServerRecord::new(&kinds::ROLE, ids::fresh());
        record.created_at = time::from_micros(time::ZERO);
        record.updated_at = record.created_at;
        record.set_text("name", self.name);
        record.set_text("display_name", self.display_name);
        record.set_text("description", self.description);
        record.set_text(
            "permissions",
            serde_json::json!(self.permissions).to_string(),
        );
        record.set("built_in", FieldValue::Bool(true));
        record
    }
}

/// Fills a new store.
pub(super) fn fill(connection: &Connection) -> Result<(), StoreError> {
    for role in &ROLES {
        records::insert(connection, &role.to_record())?;
    }
    let mut user = ServerRecord::new(&kinds::USER, ids::fresh());
    user.set_text("username", USER);
    user.set_text("name", USER);
    records::insert(connection, &user)?;
    Ok(())
}
