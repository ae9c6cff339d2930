//! `credential bind` and `credential unbind`: repeated, for agents, and where something is missing.

use serde_json::{Value, json};

use crate::support::server::{Reply, Scripted, error, json as answer};
use crate::support::{TestEnv, streams};

/// A store with the projects `demo` and `other`, the agent `lead`, and two credentials.
fn store() -> TestEnv {
    let env = TestEnv::new();
    for line in [
        "create project --name demo",
        "create project --name other",
        "agent create --name lead --project-id demo",
        "credential create --provider github --name git --token t",
        "credential create --provider jira --name issues --token t",
    ] {
        let (code, _, stderr) = run(&env, line);
        assert_eq!(code, 0, "{line}: {stderr}");
    }
    env
}

fn run(env: &TestEnv, line: &str) -> (i32, String, String) {
    let output = env.local().args(line.split(' ')).output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code().unwrap(), stdout, stderr)
}

/// Credential and agent of each binding for the sessions of a project.
fn bound(env: &TestEnv) -> Vec<(String, String)> {
    let (_, stdout, _) = run(env, "get role-bindings -o json");
    let list: Value = serde_json::from_str(&stdout).unwrap();
    let text = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
    let items = list["items"].as_array().unwrap().iter();
    items
        .filter(|item| item["scope"] == "credential" && item["user_id"].is_null())
        .map(|item| (text(item, "project_id"), text(item, "agent_id")))
        .collect()
}

#[test]
fn binding_twice_is_binding_once() {
    let env = store();
    let bind = "credential bind git --project demo";
    let (code, stdout, stderr) = run(&env, bind);
    assert_eq!(
        (code, stdout.as_str()),
        (0, "credential/git bound to project/demo\n"),
        "{stderr}"
    );
    let (code, stdout, stderr) = run(&env, bind);
    assert_eq!(
        (code, stdout.as_str()),
        (0, "credential/git already bound to project/demo\n"),
        "{stderr}"
    );
    let binding = |line: &str| -> Value { serde_json::from_str(&run(&env, line).1).unwrap() };
    let first = binding("credential bind git --project demo -o json");
    assert_eq!(first["kind"], "RoleBinding");
    assert_eq!(bound(&env), [("demo".to_owned(), String::new())]);
    // For one agent it is another binding.
    let (code, stdout, _) = run(&env, "credential bind git --project demo --agent lead");
    assert_eq!(
        (code, stdout.as_str()),
        (0, "credential/git bound to agent/lead of project/demo\n")
    );
    assert_eq!(bound(&env).len(), 2);
}

#[test]
fn unbinding_takes_away_what_was_bound_and_nothing_else() {
    let env = store();
    for line in [
        "credential bind git --project demo",
        "credential bind git --project other",
        "credential bind git --project demo --agent lead",
        "credential bind issues --project demo",
    ] {
        assert_eq!(run(&env, line).0, 0, "{line}");
    }
    let (code, stdout, stderr) = run(&env, "credential unbind git --project demo");
    assert_eq!(
        (code, stdout.as_str()),
        (0, "credential/git unbound from project/demo\n"),
        "{stderr}"
    );
    assert_eq!(bound(&env).len(), 3);
    let (code, stdout, stderr) = run(&env, "credential unbind git --project demo");
    assert_eq!((code, stdout.as_str()), (3, ""));
    assert!(
        stderr.contains("credential \"git\" is not bound to project \"demo\""),
        "{stderr}"
    );
    assert_eq!(bound(&env).len(), 3);
    let (code, _, stderr) = run(
        &env,
        "credential unbind git --project demo --agent lead -o name",
    );
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(bound(&env).len(), 2);
    // The credential itself, and its owner, stay.
    assert_eq!(run(&env, "credential get git").0, 0);
    assert_eq!(run(&env, "credential bind git --project demo").0, 0);
}

#[test]
fn nothing_is_bound_to_what_is_not_there() {
    let env = store();
    for (line, missing) in [
        ("credential bind none --project demo", "\"none\""),
        ("credential bind git --project none", "\"none\""),
        (
            "credential bind git --project demo --agent none",
            "agent \"none\" not found",
        ),
        (
            "credential bind git --project other --agent lead",
            "agent \"lead\" not found",
        ),
        ("credential unbind none --project demo", "\"none\""),
        ("credential unbind git --project none", "\"none\""),
    ] {
        let (code, stdout, stderr) = run(&env, line);
        assert_eq!((code, stdout.as_str()), (3, ""), "{line}: {stderr}");
        assert!(stderr.contains(missing), "{line}: {stderr}");
    }
    assert!(bound(&env).is_empty());
    for line in ["credential bind git", "credential unbind git"] {
        let (code, _, stderr) = run(&env, line);
        assert_eq!(code, 2);
        assert!(stderr.contains("--project is required"), "{stderr}");
    }
}

/// `already bound` is said of what was seen, not of a refusal alone.
#[test]
fn a_conflict_without_a_binding_is_a_conflict() {
    let env = TestEnv::new();
    let refuses = |bindings: fn() -> Reply| {
        Scripted::with(move |request| {
            let target = request.target.trim_start_matches("/api/ambient/v1");
            let list = |items: Value| {
                answer(
                    200,
                    &json!({"items": items, "total": 1, "size": 1, "page": 1}),
                )
            };
            match (request.method.as_str(), target.split('?').next().unwrap()) {
                ("GET", "/credentials/c1") => answer(200, &json!({"id": "c1", "name": "git"})),
                ("GET", "/projects/demo") => answer(200, &json!({"id": "demo", "name": "demo"})),
                ("GET", "/roles") => list(json!([{"id": "r1", "name": "credential:viewer"}])),
                ("POST", "/role_bindings") => error(
                    409,
                    "ambient-api-server-6",
                    "This RoleBinding already exists",
                ),
                ("GET", "/role_bindings") => bindings(),
                _ => error(404, "ambient-api-server-7", "not found"),
            }
        })
    };
    let others = || {
        answer(
            200,
            &json!({"total": 2, "size": 2, "page": 1, "items": [
                {"id": "b1", "scope": "credential", "role_id": "r1", "credential_id": "c1", "project_id": "elsewhere"},
                {"id": "b2", "scope": "credential", "role_id": "r2", "credential_id": "c1", "project_id": "demo"},
            ]}),
        )
    };
    let forbidden = || error(403, "ambient-api-server-4", "no");
    for bindings in [others as fn() -> Reply, forbidden] {
        let server = refuses(bindings);
        let output = env
            .connected(server.url())
            .args(["credential", "bind", "c1", "--project", "demo"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!((output.status.code(), stdout.as_str()), (Some(6), ""));
        assert!(
            stderr.contains("This RoleBinding already exists"),
            "{stderr}"
        );
    }
}
