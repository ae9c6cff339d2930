//! Sessions (docs/interface/cli-core.md sections 4.5 and 7.9.2).

use super::description::{AGE, Column, Resource, Scope, Type, column, field, required, text};
use super::record::Record;
use crate::text::quote;

pub(crate) static SESSION: Resource = Resource {
    word: "session",
    aliases: &["sessions", "sess"],
    kind: "Session",
    collection: "sessions",
    scope: Scope::Global,
    name_field: Some("name"),
    fields: &[
        text("agent_id"),
        text("annotations"),
        text("assigned_user_id"),
        text("bot_account_name"),
        field("completion_time", Type::Time),
        text("conditions"),
        text("created_by_user_id"),
        text("environment_variables"),
        text("kube_cr_name"),
        text("kube_cr_uid"),
        text("kube_namespace"),
        text("labels"),
        field("last_activity_at", Type::Time),
        field("llm_max_tokens", Type::Int),
        text("llm_model"),
        field("llm_temperature", Type::Float),
        required("name"),
        text("parent_session_id"),
        text("phase"),
        text("project_id"),
        text("prompt"),
        text("reconciled_repos"),
        text("reconciled_workflow"),
        text("repo_url"),
        text("repos"),
        text("resource_overrides"),
        text("runtime_backend"),
        text("runtime_error"),
        text("runtime_status"),
        text("sandbox_logs_snapshot"),
        text("sandbox_policy_snapshot"),
        field("scheduled_for", Type::Time),
        field("sdk_restart_count", Type::Int),
        text("sdk_session_id"),
        text("source_scheduled_session_id"),
        field("start_time", Type::Time),
        field("stop_on_run_finished", Type::Bool),
        field("timeout", Type::Int),
        text("workflow_id"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("NAME", 30, "name"),
        column("PROJECT", 20, "project_id"),
        column("PHASE", 12, "phase"),
        column("MODEL", 16, "llm_model"),
        AGE,
    ],
    wide: &[
        column("AGENT", 27, "agent_id"),
        column("STARTED", 20, "start_time"),
        column("COMPLETED", 20, "completion_time"),
    ],
    screen: &[
        column("NAME", 30, "name"),
        column("PROJECT", 20, "project_id"),
        column("PHASE", 12, "phase"),
        column("MODEL", 16, "llm_model"),
        AGE,
    ],
    spare: &["MODEL", "ID", "AGE"],
};

/// The phases of a session, in the order in which it passes through them.
pub(crate) const PHASES: &[&str] = &[
    "Pending",
    "Creating",
    "Running",
    "Stopping",
    "Stopped",
    "Completed",
    "Failed",
];
/// The phases in which a session is about to run, or runs.
pub(crate) const ACTIVE_PHASES: &[&str] = &["Pending", "Creating", "Running"];
/// The phases that a session leaves only if it is started again.
pub(crate) const FINAL_PHASES: &[&str] = &["Stopped", "Completed", "Failed"];

/// The columns of the sessions of one agent or scheduled session, whose project and model are known.
pub(crate) static RUN_COLUMNS: &[Column] = &[
    column("ID", 27, "id"),
    column("NAME", 32, "name"),
    column("PHASE", 12, "phase"),
    AGE,
];
/// The same on a terminal.
pub(crate) static RUN_SCREEN: &[Column] = &[
    column("NAME", 32, "name"),
    column("PHASE", 12, "phase"),
    column("ID", 27, "id"),
    AGE,
];

/// Refuses a session that names another project or another agent than these. An empty ID is one that is not known.
///
/// # Errors
/// The sentence that says which other one it names.
pub(crate) fn check_owner(session: &Record, project: &str, agent: &str) -> Result<(), String> {
    for (field, meant) in [("project_id", project), ("agent_id", agent)] {
        let named = session.text(field);
        if !named.is_empty() && !meant.is_empty() && named != meant {
            return Err(format!(
                "session {} belongs to something else: its {field} is {}, not {}",
                quote(session.id()),
                quote(named),
                quote(meant)
            ));
        }
    }
    Ok(())
}
