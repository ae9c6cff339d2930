//! `--dry-run`: everything is looked up, and nothing changes.

use crate::nouns::local;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Received, Scripted, error, json as answer};
use crate::support::{TestEnv, streams};

use serde_json::json;

/// A line that changes something, and what it reports.
const LINES: &[(&str, &str)] = &[
    ("create project --name z", "project/z created"),
    ("create session --name s", "session/s created"),
    ("create agent --name b", "agent/b created"),
    (
        "create role-binding --role-id credential:viewer --scope global",
        "role-binding created",
    ),
    ("project set demo", "Switched to project \"demo\""),
    (
        "project update demo --description d",
        "project/demo updated",
    ),
    ("agent create --name b", "agent/b created"),
    ("agent update a --prompt p", "agent/a updated"),
    ("agent start a --prompt p", "agent/a started"),
    ("agent delete a", "agent/a deleted"),
    ("start a", "project-agent/a started"),
    ("inbox send --pa-id a --body b", ""),
    (
        "credential bind c --agent a",
        "credential/c bound to agent/a of project/demo",
    ),
    ("credential delete c", "credential/c deleted"),
    (
        "credential update c --description d",
        "credential/c updated",
    ),
    ("delete credential c", "credential/c deleted"),
    ("delete credentials --all", "1 credential deleted"),
    ("delete agents --all", "1 agent deleted"),
    ("agent delete a --ignore-not-found", "agent/a deleted"),
    ("agent delete --all", "1 agent deleted"),
    ("credential delete -l none=1", "no credentials to delete"),
    ("config set project web", "Set project = web"),
    ("config unset project", "Unset project"),
    ("local backup new.db", "Backed up to new.db"),
    ("local restore old.db", "Restored from old.db"),
    ("local rekey", "Sealed all tokens with a new key"),
    (
        "login http://127.0.0.1:1 --token a-token-of-nobody-0123456789",
        "",
    ),
    ("logout", "Logged out successfully."),
    ("api POST /projects -f name=z", ""),
    (
        "alias set x -- get sessions",
        "alias/x set: acpctl get sessions",
    ),
];

fn state(env: &TestEnv) -> String {
    [
        "projects",
        "agents",
        "credentials",
        "sessions",
        "role-bindings",
    ]
    .map(|kind| local(env, &["get", kind, "-o", "json"]))
    .concat()
}

#[test]
fn nothing_changes_in_a_dry_run() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    local(&env, &["agent", "create", "--name", "a"]);
    let words = "credential create --provider github --name c --token t";
    local(&env, &words.split(' ').collect::<Vec<_>>());
    env.file("old.db", "");
    let before = state(&env);
    for (line, wanted) in LINES {
        let mut words: Vec<&str> = line.split(' ').collect();
        let at = words.iter().position(|word| *word == "--");
        words.insert(at.unwrap_or(words.len()), "--dry-run");
        let said = local(&env, &words);
        if !wanted.is_empty() {
            assert_eq!(said, format!("{wanted} (dry run)\n"), "{line}");
        }
    }
    assert_eq!(state(&env), before);
    assert!(!env.work().join("new.db").exists());
    assert!(
        !env.config_path().exists(),
        "the configuration is untouched"
    );
}

#[test]
fn a_backup_needs_its_folder() {
    let env = TestEnv::new();
    let output = env
        .local()
        .args(["local", "backup", "no/such.db"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        streams(&output).1,
        "Error: back the store up: \"no\" is not a folder\nHint: make it first: mkdir -p no\n"
    );
}

#[test]
fn a_dry_run_fails_if_the_object_is_missing() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    for line in [
        "stop nope",
        "agent update nope --prompt p",
        "agent start nope",
        "credential delete nope",
        "credential bind nope",
        "project set nope",
        "session send nope hello",
    ] {
        let mut command = env.local();
        command.args(["--project", "demo"]).args(line.split(' '));
        let output = command.arg("--dry-run").output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{line}: {output:?}");
        assert!(output.stdout.is_empty(), "{line}");
    }
}

#[test]
fn no_write_reaches_the_server() {
    let server = Scripted::with(|request: &Received| match request.method.as_str() {
        "GET" => answer(200, &json!({"id": "s1", "name": "s", "phase": "Running"})),
        _ => error(500, "x", "a write arrived"),
    });
    let env = TestEnv::new();
    for line in ["stop s1", "session send s1 hello", "session interrupt s1"] {
        let mut command = env.connected(server.url());
        let output = command
            .args(line.split(' '))
            .args(["--dry-run", "-o", "json"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{line}: {stderr}");
        let shown: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert!(shown.is_object(), "{line}: {stdout}");
    }
    let mut received = server.received().into_iter();
    assert!(received.all(|request| request.method == "GET"));
}

#[test]
fn a_dry_run_of_create_looks_up_what_the_server_would() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    for (line, code, message) in [
        ("project create demo", 6, "project \"demo\" already exists"),
        (
            "create project --name demo",
            6,
            "project \"demo\" already exists",
        ),
        (
            "create session --name s --project-id none",
            3,
            "project \"none\" not found",
        ),
        (
            "create provider --name p --secret s --project-id none",
            3,
            "project \"none\" not found",
        ),
    ] {
        let output = env
            .local()
            .args(line.split(' '))
            .arg("--dry-run")
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(
            (output.status.code(), stdout.as_str()),
            (Some(code), ""),
            "{line}: {stderr}"
        );
        assert!(stderr.contains(message), "{line}: {stderr}");
    }
}

#[test]
fn a_project_that_exists_may_be_skipped() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "web"]);
    let skip = ["project", "create", "web", "--if-exists", "skip"];
    assert_eq!(local(&env, &skip), "project/web skipped: it exists\n");
    let dry = [&skip[..], &["--dry-run"]].concat();
    assert_eq!(
        local(&env, &dry),
        "project/web skipped: it exists (dry run)\n"
    );
    let output = env
        .local()
        .args(["project", "create", "web", "--if-exists", "error"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(
        local(&env, &["project", "create", "new", "--if-exists", "skip"]),
        "project/new created\n"
    );
}

#[test]
fn an_update_without_a_field_says_so() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    local(&env, &["agent", "create", "--name", "a"]);
    local(
        &env,
        &[
            "scheduled-session",
            "create",
            "--name",
            "n",
            "--agent-id",
            "a",
            "--schedule",
            "@daily",
        ],
    );
    for line in ["agent update a", "scheduled-session update n"] {
        let output = env
            .local()
            .args(["--project", "demo"])
            .args(line.split(' '))
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(0), "{line}: {stderr}");
        assert!(
            stderr.contains("Warning: nothing to change: no flag names a field"),
            "{line}: {stderr}"
        );
    }
}

#[test]
fn a_dry_run_without_a_login_claims_no_binding() {
    let env = TestEnv::new();
    let run = |flags: &str| {
        env.acpctl()
            .env("AMBIENT_API_URL", "http://127.0.0.1:1")
            .env("AMBIENT_TOKEN", "")
            .line("credential create --provider github --name c --token - --dry-run")
            .line(flags)
            .write_stdin("a-secret-0123456789")
            .told()
    };
    for (flags, unseen) in [
        ("--bind nope", "the name and the projects of --bind were"),
        ("--if-exists update", "the name was"),
    ] {
        let (code, stdout, stderr) = run(flags);
        assert_eq!(
            (code, stdout.as_str()),
            (Some(0), "credential/c created (dry run)\n")
        );
        assert!(
            stderr.contains(&format!("Warning: {unseen} not looked up: not logged in")),
            "{stderr}"
        );
        let (code, stdout, stderr) = run(&format!("{flags} --strict"));
        assert_eq!((code, stdout.as_str()), (Some(8), ""));
        assert!(
            stderr.contains(&format!("Error: {unseen} not looked up: not logged in")),
            "{stderr}"
        );
    }
}
