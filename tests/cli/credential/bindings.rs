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
    let (code, stdout, _) = run(&env, "credential unbind git --project demo -y");
    assert_eq!(
        (code, stdout.as_str()),
        (0, "credential/git is not bound to project/demo\n")
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

/// Writes the sample kubeconfig and returns the words that store it under a name.
fn create(env: &TestEnv, name: &str, more: &str) -> (i32, String, String) {
    let file = env.file("kubeconfig", crate::support::sample());
    let file = file.to_string_lossy();
    run(
        env,
        &format!("credential create -f {file} --name {name} {more}"),
    )
}

#[test]
fn create_and_update_bind_to_each_project_once() {
    let env = store();
    let line = "--bind demo --bind other";
    let (code, stdout, stderr) = create(&env, "c", line);
    assert_eq!(
        (code, stdout.as_str()),
        (
            0,
            "credential/c created\ncredential/c bound to project/demo\ncredential/c bound to project/other\n"
        ),
        "{stderr}"
    );
    let (code, stdout, _) = create(&env, "c", "--bind demo");
    assert_eq!(
        (code, stdout.as_str()),
        (
            0,
            "credential/c unchanged\ncredential/c already bound to project/demo\n"
        )
    );
    let (code, stdout, _) = run(&env, "credential update git --bind demo -o json");
    let updated: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &updated["name"]), (0, &json!("git")));
    assert!(updated["token"].is_null(), "{stdout}");
    assert_eq!(bound(&env).len(), 3);
}

#[test]
fn an_unknown_project_stores_nothing() {
    let env = store();
    let (code, stdout, stderr) = create(&env, "c", "--bind demo --bind nope");
    assert_eq!((code, stdout.as_str()), (3, ""), "{stderr}");
    assert!(stderr.contains("\"nope\""), "{stderr}");
    assert_eq!(run(&env, "credential get c").0, 3);
    assert!(bound(&env).is_empty());
}

#[test]
fn a_dry_run_of_create_names_the_bindings() {
    let env = store();
    let (code, stdout, _) = create(&env, "c", "--bind demo --dry-run");
    assert_eq!(
        (code, stdout.as_str()),
        (
            0,
            "credential/c created (dry run)\ncredential/c bound to project/demo (dry run)\n"
        )
    );
    assert_eq!(run(&env, "credential get c").0, 3);
}

#[test]
fn a_refused_binding_says_that_the_secret_is_stored() {
    let server = Scripted::with(|request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match (request.method.as_str(), path.split('?').next().unwrap()) {
            ("POST", "/credentials") => answer(201, &json!({"id": "c1", "name": "git"})),
            ("GET", "/projects/demo") => answer(200, &json!({"id": "demo", "name": "demo"})),
            ("GET", "/roles") => answer(
                200,
                &json!({"items": [{"id": "r", "name": "credential:viewer"}], "total": 1}),
            ),
            _ => error(403, "ambient-api-server-4", "not for you"),
        }
    });
    let env = TestEnv::new();
    let mut command = env.connected(server.url());
    command.args("credential create --provider github --name git --bind demo".split(' '));
    let output = command.write_stdin("secret").output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert_eq!(stdout, "credential/git created\n");
    assert!(
        stderr.contains("Error: credential/git is stored, but not bound to project/demo: "),
        "{stderr}"
    );
    assert!(
        stderr.contains("acpctl credential bind git --project demo"),
        "{stderr}"
    );
}

#[test]
fn exec_runs_a_command_with_one_credential() {
    let env = store();
    let (code, stdout, stderr) = run(&env, "exec git -- printenv GITHUB_TOKEN");
    assert_eq!((code, stdout.as_str()), (0, "t\n"), "{stderr}");
    assert_eq!(run(&env, "exec git -- false").0, 1);
    assert_eq!(run(&env, "exec nope -- true").0, 3);
    let (code, _, stderr) = run(&env, "exec -- true");
    assert_eq!(code, 2);
    assert!(
        stderr.starts_with("Error: CREDENTIAL is missing before --"),
        "{stderr}"
    );
}
