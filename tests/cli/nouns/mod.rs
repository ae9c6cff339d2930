//! `get`, `create`, `delete`, `describe`, `start`, `stop`, `agent`, `inbox`, `application` and
//! `scheduled-session`, end to end: on the embedded API, and against a script where the wire counts.

mod create;
mod delete;
mod dry_run;
mod embedded;
mod get;
mod habits;
mod newcomer;
mod once;
mod own;
mod quiet;
mod sandbox;
mod several;
mod start;
mod typed;
mod unset;
mod watch;

use serde_json::{Value, json};

use crate::support::{TestEnv, streams};

/// What an application needs besides its name.
const SOURCE: &[&str] = &[
    "--source-repo-url",
    "https://git.test/r",
    "--source-path",
    ".",
    "--destination-project",
    "demo",
];

/// Runs a line on the embedded API, in the project `demo`.
fn local(env: &TestEnv, line: &[&str]) -> String {
    let output = env
        .local()
        .args(["--project", "demo"])
        .args(line)
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{line:?}: {stderr}");
    stdout
}

fn items(env: &TestEnv, line: &[&str]) -> usize {
    let list: Value = serde_json::from_str(&local(env, line)).unwrap();
    list["items"].as_array().unwrap().len()
}

/// A page of so many sessions, from this number on.
fn page(from: usize, count: usize, total: usize) -> Value {
    let items: Vec<Value> = (from..from + count)
        .map(|number| json!({"id": format!("s{number}"), "name": "n", "phase": "Completed"}))
        .collect();
    json!({"kind": "SessionList", "page": 1, "size": count, "total": total, "items": items})
}
