//! Scheduled sessions (docs/interface/cli-resources.md section 5).

use super::description::{
    Cell, Column, Resource, Scope, Type, Values, column, field, required, text,
};

pub(crate) static SCHEDULED_SESSION: Resource = Resource {
    word: "scheduled-session",
    aliases: &["scheduled-sessions"],
    kind: "ScheduledSession",
    collection: "scheduled-sessions",
    scope: Scope::Project,
    name_field: Some("name"),
    fields: &[
        text("agent_id"),
        text("created_by_user_id"),
        text("description"),
        field("enabled", Type::Bool),
        field("inactivity_timeout", Type::Int),
        field("last_run_at", Type::Time),
        required("name"),
        field("next_run_at", Type::Time),
        text("overlap_policy"),
        required("project_id"),
        text("runner_type"),
        required("schedule"),
        text("session_prompt"),
        field("stop_on_run_finished", Type::Bool),
        field("timeout", Type::Int),
        text("timezone"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("NAME", 24, "name"),
        column("SCHEDULE", 20, "schedule"),
        column("TIMEZONE", 20, "timezone"),
        column("ENABLED", 8, "enabled"),
        Column {
            title: "NEXT RUN",
            width: 20,
            cell: Cell::Derived(next_run),
        },
    ],
    wide: &[
        column("AGENT", 27, "agent_id"),
        column("LAST RUN", 20, "last_run_at"),
        column("DESCRIPTION", 40, "description"),
    ],
    screen: &[
        column("NAME", 24, "name"),
        column("SCHEDULE", 20, "schedule"),
        column("TIMEZONE", 20, "timezone"),
        column("ENABLED", 8, "enabled"),
        Column {
            title: "NEXT RUN",
            width: 20,
            cell: Cell::Derived(next_run),
        },
    ],
    spare: &["TIMEZONE"],
};

/// Returns the time of the next run in UTC, to the second: an offset would not fit into the column.
fn next_run(record: &Values) -> String {
    record
        .text("next_run_at")
        .parse::<jiff::Timestamp>()
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}
