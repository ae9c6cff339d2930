//! The keys of our own JSON objects, frozen: scripts read them, so one may be added here but none may go or move
//! (docs/security.md, R5). The Go tool's objects are held by its recorded runs (`replay.rs`).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::run::credential_create;
use crate::support::{SAMPLE, TestEnv, streams};

const ERROR: &str =
    "error.code error.detail error.exit_code error.hint error.operation_id error.reason";

/// Command lines without `-o json`, and the paths of their values. `[]` stands for every element of an array.
const FROZEN: &[(&[&str], &str)] = &[
    (
        &["credential", "validate", SAMPLE],
        "create.context create.dropped_clusters create.dropped_contexts create.dropped_users create.inlined[] \
         create.kept_contexts file report.accepted report.falls_back_in_cluster report.findings[] \
         report.summary.cluster report.summary.clusters report.summary.contexts report.summary.current report.summary.expires_at report.summary.identity \
         report.summary.name report.summary.namespace report.summary.server report.summary.user \
         report.summary.users valid",
    ),
    (
        &["credential", "validate", "broken.yaml"],
        "file report.accepted report.falls_back_in_cluster report.findings[].code report.findings[].fix \
         report.findings[].gate report.findings[].line report.findings[].message \
         report.findings[].severity report.stage valid",
    ),
    (
        &["--local", "session", "preview", "--credential", "prod"],
        "credentials[].access credentials[].credential credentials[].credential_id credentials[].errors[] credentials[].expires_at credentials[].file.mode \
         credentials[].file.name credentials[].file.path credentials[].file.size \
         credentials[].lifetime.appears credentials[].lifetime.goes credentials[].lifetime.refreshed \
         credentials[].mcp.args[] credentials[].mcp.command credentials[].mcp.name credentials[].mcp.type \
         credentials[].provider credentials[].variables[].kind credentials[].variables[].name \
         credentials[].variables[].size credentials[].variables[].value credentials[].visible \
         credentials[].warnings[] mode session_time.assumed session_time.seconds setup[].kind setup[].name \
         setup[].value",
    ),
    (
        &["--local", "session", "explain", "--project", "team"],
        "candidates[].access candidates[].binding_id candidates[].chosen candidates[].created_at candidates[].credential \
         candidates[].credential_id candidates[].provider candidates[].reason candidates[].role \
         candidates[].tier candidates[].visible server_mode",
    ),
    (
        &[
            "--local",
            "session",
            "probe",
            "--credential",
            "prod",
            "--mcp-command",
            "false",
        ],
        "checks[].check checks[].detail checks[].passed error.class error.code error.detail error.exit_code \
         error.hint error.operation_id error.reason",
    ),
    (
        &["doctor"],
        "checks[].detail checks[].fix checks[].name checks[].status done[] way",
    ),
    (&["--local", "credential", "get", "none"], ERROR),
    (&["credential", "list", "--retries", "0"], ERROR),
    (&["whoami"], ERROR),
    (&["credential", "list", "--unknown"], ERROR),
];

fn paths(value: &Value, place: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let dot = if place.is_empty() { "" } else { "." };
                paths(value, &format!("{place}{dot}{key}"), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for value in items {
                paths(value, &format!("{place}[]"), found);
            }
        }
        Value::Array(_) => {
            found.insert(format!("{place}[]"));
        }
        _ => {
            found.insert(place.to_owned());
        }
    }
}

#[test]
fn the_keys_of_our_own_objects_are_frozen() {
    let env = TestEnv::new();
    env.file("broken.yaml", "contexts: {");
    let bound = [
        credential_create("kubeconfig", "prod", &["--from-file", SAMPLE]),
        vec!["create", "project", "--name", "team"],
        vec!["credential", "bind", "prod", "--project", "team"],
    ];
    for words in bound {
        env.local().args(words).assert().success();
    }
    for (words, frozen) in FROZEN {
        let output = env
            .acpctl()
            .args(*words)
            .args(["-o", "json"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        let value: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| {
            panic!("{words:?}: {error}\n{stdout}{stderr}");
        });
        let mut found = BTreeSet::new();
        paths(&value, "", &mut found);
        let found: Vec<String> = found.into_iter().collect();
        let frozen: Vec<&str> = frozen.split_whitespace().collect();
        assert_eq!(found, frozen, "{words:?}");
    }
}
