//! The kinds of records: the name, the table and the fields of each.
//!
//! The handlers, the SQL and the `OpenAPI` document all follow these tables. Source of the fields:
//! docs/interface/api.md sections 4, 7.1 and 9.

use super::fields::{
    DefaultValue, DeleteUnknown, Kind, Shape, boolean, int, nested, number, text, time,
};

const MODEL: DefaultValue = DefaultValue::Text("claude-sonnet-4-6");
const TEMPERATURE: DefaultValue = DefaultValue::Number(0.7);
const MAX_TOKENS: DefaultValue = DefaultValue::Int(4000);

pub(super) static PROJECT: Kind = Kind {
    name: "Project",
    table: "projects",
    collection: "projects",
    fields: &[
        text("name").required(),
        text("description"),
        text("prompt"),
        text("labels"),
        text("annotations"),
        text("status"),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

pub(super) static PROJECT_SETTINGS: Kind = Kind {
    name: "ProjectSettings",
    table: "project_settings",
    collection: "project_settings",
    fields: &[
        text("project_id").required(),
        text("group_access"),
        text("repositories"),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

pub(super) static CREDENTIAL: Kind = Kind {
    name: "Credential",
    table: "credentials",
    collection: "credentials",
    fields: &[
        text("name").required(),
        text("provider").required(),
        text("token").secret(),
        text("description"),
        text("url"),
        text("email"),
        text("labels"),
        text("annotations"),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

pub(super) static AGENT: Kind = Kind {
    name: "Agent",
    table: "agents",
    collection: "agents",
    fields: &[
        text("name").required(),
        text("project_id").required().fixed(),
        text("display_name"),
        text("description"),
        text("prompt"),
        text("repo_url"),
        text("workflow_id").fixed(),
        text("parent_agent_id").fixed(),
        text("owner_user_id").fixed().or(DefaultValue::Text("")),
        text("llm_model").or(MODEL),
        number("llm_temperature").or(TEMPERATURE),
        int("llm_max_tokens").or(MAX_TOKENS),
        text("bot_account_name").fixed(),
        text("resource_overrides").fixed(),
        text("environment_variables").fixed(),
        text("labels"),
        text("annotations"),
        text("current_session_id").read_only(),
        text("entrypoint"),
        nested("providers", Shape::Texts),
        nested("payloads", Shape::Objects),
        nested("environment", Shape::TextMap),
        nested("sandbox_template", Shape::Object),
        text("sandbox_policy"),
    ],
    delete_unknown: DeleteUnknown::NotFound,
};

pub(super) static INBOX_MESSAGE: Kind = Kind {
    name: "InboxMessage",
    table: "inbox_messages",
    collection: "inbox_messages",
    fields: &[
        text("agent_id").required().fixed(),
        text("body").required().fixed(),
        text("from_agent_id").fixed(),
        text("from_name").fixed(),
        boolean("read"),
    ],
    delete_unknown: DeleteUnknown::NotFound,
};

pub(super) static SESSION: Kind = Kind {
    name: "Session",
    table: "sessions",
    collection: "sessions",
    fields: &[
        text("name").required(),
        text("prompt"),
        text("project_id").fixed(),
        text("agent_id").fixed(),
        text("repo_url"),
        text("repos"),
        text("workflow_id"),
        text("assigned_user_id"),
        text("parent_session_id"),
        int("timeout"),
        text("llm_model").or(MODEL),
        number("llm_temperature").or(TEMPERATURE),
        int("llm_max_tokens").or(MAX_TOKENS),
        text("bot_account_name"),
        text("resource_overrides"),
        text("environment_variables"),
        text("labels"),
        text("annotations"),
        text("created_by_user_id").read_only(),
        text("phase").read_only(),
        time("start_time").read_only(),
        time("completion_time").read_only(),
        text("sdk_session_id").read_only(),
        int("sdk_restart_count").read_only(),
        text("conditions").read_only(),
        text("reconciled_repos").read_only(),
        text("reconciled_workflow").read_only(),
        text("kube_cr_name").read_only(),
        text("kube_cr_uid").read_only(),
        text("kube_namespace").read_only(),
        boolean("stop_on_run_finished"),
        time("last_activity_at").read_only(),
        text("sandbox_logs_snapshot").read_only(),
        text("sandbox_policy_snapshot").read_only(),
        text("source_scheduled_session_id").read_only(),
        time("scheduled_for").read_only(),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

/// The fields of a session that a control plane reports. It has no table of its own.
pub(super) static SESSION_STATUS: Kind = Kind {
    name: "SessionStatus",
    table: "",
    collection: "",
    fields: &[
        text("phase"),
        time("start_time"),
        time("completion_time"),
        text("sdk_session_id"),
        int("sdk_restart_count"),
        text("conditions"),
        text("reconciled_repos"),
        text("reconciled_workflow"),
        text("kube_cr_uid"),
        text("kube_namespace"),
    ],
    delete_unknown: DeleteUnknown::NotFound,
};

pub(super) static SCHEDULED_SESSION: Kind = Kind {
    name: "ScheduledSession",
    table: "scheduled_sessions",
    collection: "projects/{project_id}/scheduled-sessions",
    fields: &[
        text("name").required(),
        text("schedule").required(),
        text("project_id").read_only().or(DefaultValue::Text("")),
        text("description"),
        text("agent_id"),
        text("timezone").or(DefaultValue::Text("UTC")),
        boolean("enabled").or(DefaultValue::Bool(false)),
        text("session_prompt"),
        int("timeout"),
        int("inactivity_timeout"),
        boolean("stop_on_run_finished"),
        text("runner_type"),
        text("overlap_policy"),
        text("created_by_user_id").read_only(),
        time("last_run_at").read_only(),
        time("next_run_at").read_only(),
    ],
    delete_unknown: DeleteUnknown::NotFound,
};

pub(super) static APPLICATION: Kind = Kind {
    name: "Application",
    table: "applications",
    collection: "applications",
    fields: &[
        text("name").required(),
        text("source_repo_url").required(),
        text("source_path").required(),
        text("destination_project").required(),
        text("source_target_revision"),
        text("destination_ambient_url"),
        text("credential_id"),
        boolean("auto_sync"),
        boolean("auto_prune"),
        boolean("self_heal"),
        text("sync_options"),
        int("retry_limit"),
        text("sync_status"),
        text("health_status"),
        text("sync_revision"),
        text("operation_phase"),
        text("operation_message"),
        text("resource_status"),
        text("conditions"),
        text("labels"),
        text("annotations"),
        time("last_synced_at"),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

/// A provider of a project: a kind of credential, and the secret that holds it.
pub(super) static PROVIDER: Kind = Kind {
    name: "Provider",
    table: "providers",
    collection: "projects/{project_id}/providers",
    fields: &[
        text("name").required(),
        text("project_id").fixed().or(DefaultValue::Text("")),
        text("type"),
        text("secret"),
        text("namespace"),
        text("labels"),
        text("annotations"),
    ],
    delete_unknown: DeleteUnknown::NotFound,
};

/// A policy for sandboxes; `spec` is the text of a JSON object.
pub(super) static POLICY: Kind = Kind {
    name: "Policy",
    table: "policies",
    collection: "projects/{project_id}/policies",
    fields: &[
        text("name").required(),
        text("project_id").fixed().or(DefaultValue::Text("")),
        text("namespace"),
        text("spec"),
        text("labels"),
        text("annotations"),
    ],
    delete_unknown: DeleteUnknown::NotFound,
};

/// A cluster that sessions may be placed on.
pub(super) static CLUSTER: Kind = Kind {
    name: "Cluster",
    table: "clusters",
    collection: "clusters",
    fields: &[
        text("name").required(),
        text("api_server_url").required(),
        text("role").required(),
        text("description"),
        text("credential_id"),
        text("labels"),
        text("annotations"),
        text("status").read_only().or(DefaultValue::Text("Unknown")),
        text("status_message").read_only(),
        text("capacity").read_only(),
        time("last_heartbeat_at").read_only(),
    ],
    delete_unknown: DeleteUnknown::NotFound,
};

pub(super) static USER: Kind = Kind {
    name: "User",
    table: "users",
    collection: "users",
    fields: &[
        text("username").required(),
        text("name").required(),
        text("email"),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

pub(super) static ROLE: Kind = Kind {
    name: "Role",
    table: "roles",
    collection: "roles",
    fields: &[
        text("name").required().fixed(),
        text("display_name"),
        text("description"),
        text("permissions"),
        boolean("built_in").or(DefaultValue::Bool(false)).fixed(),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

pub(super) static ROLE_BINDING: Kind = Kind {
    name: "RoleBinding",
    table: "role_bindings",
    collection: "role_bindings",
    fields: &[
        text("role_id").required(),
        text("scope").required(),
        text("user_id").null_shown(),
        text("project_id").null_shown(),
        text("agent_id").null_shown(),
        text("session_id").null_shown(),
        text("credential_id").null_shown(),
    ],
    delete_unknown: DeleteUnknown::NotFound,
};

/// Returns the fields of an agent that always have a value, each with its default.
#[must_use]
pub fn agent_defaults() -> [(&'static str, serde_json::Value); 3] {
    [
        ("llm_model", MODEL.to_json()),
        ("llm_temperature", TEMPERATURE.to_json()),
        ("llm_max_tokens", MAX_TOKENS.to_json()),
    ]
}
