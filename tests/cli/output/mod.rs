//! What a user sees, whole: the page of a command, beside the command. [`crate::support::snapshot`] tells how to accept
//! a change.

mod apply;
mod choices;
mod credential;
mod errors;
mod findings;
mod help;
mod screens;
mod session;
mod settings;
mod tables;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::platform::{Platform, State};
use crate::support::pty;
use crate::support::server::Scripted;
use crate::support::snapshot::masked;
use crate::support::{ID, TestEnv};

/// The moment three days and two hours ago.
fn three_days_ago() -> String {
    (Timestamp::now() - SignedDuration::from_hours(74)).to_string()
}

/// A platform with an object of every kind.
fn world() -> Scripted {
    let made = three_days_ago();
    let state: Vec<(&str, Value)> = vec![
        (
            "/credentials",
            json!([
                {"id": ID, "name": "prod", "provider": "kubeconfig", "description": "The cluster of team A", "created_at": made,
                 "annotations": "{\"acpctl/context\":\"team-a\",\"acpctl/server\":\"https://api.example.com:6443\",\"acpctl/expires-at\":\"2099-01-01T00:00:00Z\"}"},
                {"id": "c2", "name": "bot", "provider": "github", "created_at": made},
            ]),
        ),
        (
            "/projects",
            json!([
                {"id": "demo", "name": "demo", "status": "active", "description": "For demonstrations", "created_at": made},
                {"id": "web", "name": "web", "created_at": made},
            ]),
        ),
        (
            "/projects/demo/agents",
            json!([
                {"id": "a1", "name": "lead", "project_id": "demo", "prompt": "Lead the team.", "current_session_id": "s1", "created_at": made},
                {"id": "a2", "name": "dev", "project_id": "demo", "llm_model": "claude-sonnet", "created_at": made},
            ]),
        ),
        (
            "/sessions",
            json!([
                {"id": "s1", "name": "fix-the-build", "project_id": "demo", "phase": "Running", "llm_model": "claude-sonnet",
                 "agent_id": "a1", "start_time": "2001-02-03T04:05:06Z", "created_at": made},
                {"id": "s2", "name": "日本語のセッション", "project_id": "demo", "phase": "Failed", "created_at": made},
            ]),
        ),
        ("/roles", json!([])),
        (
            "/role_bindings",
            json!([
                {"id": "b1", "user_id": "dev-user", "role_id": "R1", "scope": "credential", "credential_id": ID, "created_at": made},
                {"id": "b0", "user_id": "ada", "role_id": "R0", "scope": "credential", "credential_id": "c2", "created_at": made},
                {"id": "b2", "role_id": "R1", "scope": "credential", "credential_id": "c2", "project_id": "demo", "created_at": made},
                {"id": "b3", "role_id": "R1", "scope": "credential", "credential_id": "c2", "project_id": "web", "agent_id": "a9", "created_at": made},
            ]),
        ),
        (
            "/applications",
            json!([
                {"id": "app1", "name": "shop", "source_repo_url": "https://git.example.com/shop.git", "source_path": "deploy",
                 "destination_project": "demo", "sync_status": "Synced", "health_status": "Healthy", "created_at": made},
            ]),
        ),
        (
            "/projects/demo/scheduled-sessions",
            json!([
                {"id": "ss1", "name": "nightly", "project_id": "demo", "schedule": "0 2 * * *", "timezone": "UTC", "enabled": true,
                 "next_run_at": "2099-01-01T02:00:00Z", "created_at": made},
            ]),
        ),
        (
            "/projects/demo/providers",
            json!([
                {"id": "pr1", "name": "github", "project_id": "demo", "type": "github", "secret": "gh-token", "namespace": "demo", "created_at": made},
            ]),
        ),
        (
            "/projects/demo/policies",
            json!([
                {"id": "po1", "name": "tight", "project_id": "demo", "spec": "{\"network\":{},\"filesystem\":{}}", "created_at": made},
            ]),
        ),
        (
            "/clusters",
            json!([
                {"id": "cl1", "name": "east", "role": "worker", "api_server_url": "https://east.example.com:6443", "status": "Ready", "created_at": made},
            ]),
        ),
        (
            "/users",
            json!([
                {"id": "u1", "username": "ada", "name": "Ada Lovelace", "email": "ada@example.com", "created_at": made},
            ]),
        ),
        (
            "/projects/demo/agents/a1/inbox",
            json!([
                {"id": "m1", "agent_id": "a1", "from_name": "ci", "body": "The build has been red since this morning; please look at it.",
                 "read": false, "created_at": made},
            ]),
        ),
    ];
    let state: State = state
        .into_iter()
        .map(|(collection, objects)| (collection.to_owned(), objects.as_array().unwrap().clone()))
        .collect();
    Platform::serve(state)
}

/// The ages in a table of what the test itself has made: on a busy machine some seconds pass.
fn just_made(table: &str) -> String {
    (1..60).fold(table.to_owned(), |table, seconds| {
        let age = format!("  {seconds}s ");
        table.replace(&age, &format!("{:width$}", "  0s ", width = age.len()))
    })
}

/// The screen of a terminal with so many columns, once the command has ended.
fn screen(env: &TestEnv, url: &str, line: &str, columns: u16) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let variables = [("AMBIENT_PROJECT", "demo"), ("NO_COLOR", "1")];
    let terminal = pty::start_with(env, url, &variables, "\"$@\"", &words, (120, columns));
    let screen = terminal.wait_until("the end of the command", |screen| {
        screen.lines().any(|line| line.starts_with("status "))
    });
    masked(screen.trim_end())
}
