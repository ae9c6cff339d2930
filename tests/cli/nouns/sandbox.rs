//! The objects and commands of the platform with sandboxes, against `serve` in both modes and on the embedded API.

use serde_json::{Value, json};

use crate::nouns::{SOURCE, local};
use crate::support::serve::Serve;
use crate::support::server::{Scripted, error, json as answer, raw};
use crate::support::{ID, TestEnv, streams};

/// A server of this platform, with the project `demo`.
fn serve(env: &TestEnv, platform: &str) -> Serve {
    let server = Serve::start(env, &["--platform", platform]);
    run(env, &server, &["project", "create", "--name", "demo"]);
    server
}

/// Runs a line against a server; returns the exit status and both streams.
fn tried(env: &TestEnv, server: &Serve, line: &[&str]) -> (Option<i32>, String, String) {
    let mut command = env.connected(&server.url);
    command.env("AMBIENT_PROJECT", "demo").args(line);
    let output = command.output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

fn run(env: &TestEnv, server: &Serve, line: &[&str]) -> String {
    let (code, stdout, stderr) = tried(env, server, line);
    assert_eq!(code, Some(0), "{line:?}: {stderr}");
    stdout
}

#[test]
fn providers_and_policies_from_their_creation_to_their_end() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    let spec = env.file("policy.yaml", "network:\n  mode: closed\nfilesystem: {}\n");
    for (noun, plural, flags, change) in [
        (
            "provider",
            "providers",
            vec!["--type", "github", "--secret", "gh"],
            ["--secret", "other"],
        ),
        (
            "policy",
            "policies",
            vec!["--from-file", spec.to_str().unwrap()],
            ["--spec", "{\"network\":{}}"],
        ),
    ] {
        let create = [&[noun, "create", "--name", "one"][..], &flags].concat();
        assert_eq!(local(&env, &create), format!("{noun}/one created\n"));
        let again = env
            .local()
            .args(["--project", "demo"])
            .args(&create)
            .output()
            .unwrap();
        assert_eq!(
            again.status.code(),
            Some(6),
            "a second one would be found by no name"
        );
        for list in [
            &[noun, "list"][..],
            &["get", plural],
            &["get", noun, "one"],
            &[noun, "get", "one"],
        ] {
            assert!(local(&env, list).contains("one"), "{list:?}");
        }
        let update = [&[noun, "update", "one"][..], &change].concat();
        assert_eq!(local(&env, &update), format!("{noun}/one updated\n"));
        let described: Value =
            serde_json::from_str(&local(&env, &["describe", noun, "one"])).unwrap();
        assert_eq!(described["project_id"], "demo");
        let map = local(&env, &[noun, "export", "one", "--namespace", "team"]);
        assert!(
            map.contains("kind: ConfigMap") && map.contains(&format!("ambient.ai/kind: {noun}")),
            "{map}"
        );
        let delete = local(&env, &[noun, "delete", "one", "--yes"]);
        assert_eq!(delete, format!("{noun}/one deleted\n"));
        let gone = env
            .local()
            .args(["--project", "demo", noun, "get", "one"])
            .output()
            .unwrap();
        assert_eq!(gone.status.code(), Some(3));
    }
    let bad = env.file("bad.yaml", "- a list\n");
    let refused = env
        .local()
        .args(["--project", "demo", "policy", "create", "--name", "p", "-f"])
        .arg(bad)
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(7));
    assert!(
        streams(&refused)
            .1
            .contains("a policy is an object of sections")
    );
}

#[test]
fn a_cluster_takes_the_kubeconfig_of_its_own_server() {
    let env = TestEnv::new();
    let config = env.file("config", crate::support::sample());
    let create = [
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--name",
        "k",
        "--from-file",
    ];
    env.local().args(create).arg(config).output().unwrap();
    let cluster = |url: &str, role: &str| {
        let line = [
            "create",
            "cluster",
            "--name",
            "c",
            "--api-server-url",
            url,
            "--role",
            role,
        ];
        env.local()
            .args(line)
            .args(["--credential-id", "k"])
            .output()
            .unwrap()
    };
    let wrong = cluster("https://elsewhere.test", "workload");
    assert_eq!(wrong.status.code(), Some(7), "{}", streams(&wrong).1);
    assert_eq!(
        cluster("https://elsewhere.test", "boss").status.code(),
        Some(2)
    );
    let wide = local(&env, &["credential", "get", "k", "-o", "json"]);
    let record: Value = serde_json::from_str(&wide).unwrap();
    let annotations: Value = serde_json::from_str(record["annotations"].as_str().unwrap()).unwrap();
    let server = annotations["acpctl/server"].as_str().unwrap().to_owned();
    let made = cluster(&server, "workload");
    assert!(made.status.success(), "{}", streams(&made).1);
    let listed: Value =
        serde_json::from_str(&local(&env, &["get", "clusters", "-o", "json"])).unwrap();
    assert_eq!(listed["items"][0]["credential_id"], record["id"]);
}

#[test]
fn a_folder_of_every_kind_is_applied_exported_and_applied_again() {
    applied_exported_and_applied_again(None);
}

#[test]
fn a_folder_of_every_kind_is_the_same_on_each_platform() {
    for platform in ["pod", "sandbox"] {
        applied_exported_and_applied_again(Some(platform));
    }
}

fn applied_exported_and_applied_again(platform: Option<&str>) {
    let env = TestEnv::new();
    let server = platform.map(|platform| Serve::start(&env, &["--platform", platform]));
    let program = || match &server {
        Some(server) => env.connected(&server.url),
        None => env.local(),
    };
    for folder in ["in", "less"] {
        std::fs::create_dir_all(env.work().join(folder)).unwrap();
    }
    env.file(
        "in/all.yaml",
        "kind: RoleBinding
role: project:viewer
scope: project
scope_id: web
user_id: dev-user
---
kind: Cluster
name: c
api_server_url: https://c.test
role: workload
credential_id: token
labels: {app: shop}
---
kind: Agent
name: lead
project: web
prompt: Fix it.
model: claude-opus-4
display_name: The lead
entrypoint: /run.sh
providers: [github]
payloads:
  - sandbox_path: /sandbox/notes.txt
    content: hello
environment: {PORT: 8080}
sandbox_template:
  resources: {cpu: \"1\"}
  gpu: {count: 1}
sandbox_policy: tight
labels: {app: shop}
---
kind: Policy
name: tight
project: web
spec: {network: {mode: closed}, filesystem: {}}
labels: {app: shop}
---
kind: Provider
name: github
project: web
secret: gh
labels: {app: shop}
---
kind: Credential
name: token
provider: gitlab
token: $GITLAB_PAT
---
kind: Project
name: web
description: Shop
",
    );
    let apply = |path: &str, more: &[&str]| {
        let mut command = program();
        command
            .current_dir(env.work())
            .env("GITLAB_PAT", "glpat-0123456789");
        let output = command
            .args(["--project", "web", "apply", "-f", path])
            .args(more)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        stdout
    };
    let planned = apply("in", &["--diff"]);
    assert!(
        planned.contains("provider/github would be created"),
        "{planned}"
    );
    let made = apply("in", &[]);
    assert_eq!(made.matches(" created\n").count(), 7, "{made}");
    let first = made.lines().next().unwrap();
    assert_eq!(
        first, "project/web created",
        "each follows those that it names"
    );
    let again = apply("in", &[]);
    assert_eq!(again.matches(" unchanged\n").count(), 7, "{again}");
    let pruned = apply("in", &["--prune", "-l", "app=shop", "--yes"]);
    assert!(!pruned.contains("pruned"), "{pruned}");
    let mut export = env.local();
    export.current_dir(env.work());
    let output = export
        .args(["local", "export", "-o", "out.yaml"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", streams(&output).1);
    let text = std::fs::read_to_string(env.work().join("out.yaml")).unwrap();
    for word in [
        "kind: Provider",
        "kind: Policy",
        "kind: Cluster",
        "entrypoint: /run.sh",
        "sandbox_policy: tight",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let mut second = program();
    second.current_dir(env.work());
    second.env("ACP_TOKEN_TOKEN", "glpat-0123456789");
    let output = second.args(["apply", "-f", "out.yaml"]).output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}\n{text}");
    assert_eq!(
        stdout.lines().count(),
        stdout.matches(" unchanged\n").count(),
        "{stdout}"
    );
    // What no document names any more is deleted, an agent before what it names.
    env.file("less/project.yaml", "kind: Project\nname: web\n");
    let pruned = apply("less", &["--prune", "-l", "app=shop", "--yes"]);
    for label in ["agent/lead", "provider/github", "policy/tight", "cluster/c"] {
        assert!(pruned.contains(&format!("{label} pruned")), "{pruned}");
    }
}

#[test]
fn a_secret_in_a_payload_is_refused_before_anything_is_written() {
    let env = TestEnv::new();
    let manifest = env.file(
        "a.yaml",
        "kind: Project
name: web
---
kind: Agent
name: a
project: web
payloads:
  - sandbox_path: /sandbox/config
    content: |
      apiVersion: v1
      clusters: []
      contexts: []
      users: []
",
    );
    let output = env
        .local()
        .args(["apply", "-f"])
        .arg(manifest)
        .output()
        .unwrap();
    let stderr = streams(&output).1;
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(
        stderr.contains("agent/a: payloads /sandbox/config holds a kubeconfig"),
        "{stderr}"
    );
    assert_eq!(
        env.local()
            .args(["get", "project", "web"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(3)
    );
}

#[test]
fn a_person_is_named_in_the_form_of_the_server() {
    for (platform, by_id) in [("pod", false), ("sandbox", true)] {
        let env = TestEnv::new();
        let server = serve(&env, platform);
        let users: Value =
            serde_json::from_str(&run(&env, &server, &["get", "users", "-o", "json"])).unwrap();
        let id = users["items"][0]["id"].as_str().unwrap();
        let create = |user: &str, role: &str, raw: bool| {
            let mut line = vec![
                "create",
                "role-binding",
                "--role-id",
                role,
                "--scope",
                "project",
                "--project-fk",
                "demo",
                "--user-id",
                user,
                "-o",
                "json",
            ];
            if raw {
                line.push("--user-id-raw");
            }
            let made: Value = serde_json::from_str(&run(&env, &server, &line)).unwrap();
            made["user_id"].as_str().unwrap().to_owned()
        };
        let wanted = if by_id { id } else { "dev-user" };
        assert_eq!(
            create("dev-user", "project:viewer", false),
            wanted,
            "{platform}"
        );
        assert_eq!(create(id, "project:editor", false), wanted, "{platform}");
        assert_eq!(create("nobody", "project:viewer", true), "nobody");
        let table = run(&env, &server, &["get", "role-bindings"]);
        assert!(table.contains("dev-user") && !table.contains(id), "{table}");
        let manifest = env.file(
            "rb.yaml",
            "kind: RoleBinding\nrole: project:viewer\nscope: project\nscope_id: demo\nuser_id: dev-user\n",
        );
        let apply = ["apply", "-f", manifest.to_str().unwrap()];
        assert!(run(&env, &server, &apply).ends_with("unchanged\n"));
    }
}

#[test]
fn applications_are_synced_by_their_routes_in_both_modes() {
    for platform in ["pod", "sandbox"] {
        let env = TestEnv::new();
        let server = serve(&env, platform);
        let create = [
            &[
                "application",
                "create",
                "--name",
                "shop",
                "--auto-sync=false",
            ][..],
            SOURCE,
        ];
        run(&env, &server, &create.concat());
        let made = run(&env, &server, &["application", "get", "shop", "-o", "json"]);
        assert!(
            !made.contains("auto_sync"),
            "false is sent and shown as nothing: {made}"
        );
        let synced = run(&env, &server, &["application", "sync", "shop"]);
        assert_eq!(synced, "application/shop sync triggered\n");
        let refreshed = run(&env, &server, &["application", "refresh", "shop"]);
        assert_eq!(
            refreshed,
            "application/shop refreshed (sync: Unknown, health: )\n"
        );
        assert_eq!(
            tried(&env, &server, &["application", "sync", "none"]).0,
            Some(3)
        );
    }
}

#[test]
fn a_schedule_is_checked_and_its_run_is_named() {
    let env = TestEnv::new();
    let server = serve(&env, "sandbox");
    let create = |schedule: &str, zone: &str| {
        let line = [
            "scheduled-session",
            "create",
            "--name",
            "nightly",
            "--schedule",
            schedule,
            "--timezone",
            zone,
            "--prompt",
            "go",
        ];
        tried(&env, &server, &line)
    };
    let (code, _, stderr) = create("0 25 * * *", "UTC");
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("its hour is not from 0 to 23: 25"),
        "{stderr}"
    );
    assert_eq!(create("0 3 * * *", "Mars/Base").0, Some(2));
    let (code, stdout, stderr) = create("0 3 * * *", "UTC");
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), "scheduled-session/nightly created\n")
    );
    assert!(stderr.contains("T03:00:00Z"), "{stderr}");
    let run_now = ["scheduled-session", "trigger", "nightly"];
    let first = run(&env, &server, &run_now);
    assert!(
        first.starts_with("scheduled-session/nightly triggered (session/sched-nightly-"),
        "{first}"
    );
    let second = run(&env, &server, &run_now);
    assert_eq!(
        second,
        "scheduled-session/nightly skipped (a run is active)\n"
    );
    let runs = run(&env, &server, &["scheduled-session", "runs", "nightly"]);
    assert!(runs.contains("sched-nightly-"), "{runs}");
    let counts = run(&env, &server, &["get", "sessions", "--count", "-o", "json"]);
    assert_eq!(
        serde_json::from_str::<Value>(&counts).unwrap(),
        serde_json::json!({"Pending": 1})
    );
}

#[test]
fn the_stored_events_of_a_session_stay() {
    let env = TestEnv::new();
    let server = serve(&env, "sandbox");
    run(
        &env,
        &server,
        &[
            "create",
            "session",
            "--name",
            "s",
            "--prompt",
            "hello\u{1b}[31m",
        ],
    );
    let text = run(&env, &server, &["session", "events-history", "s"]);
    assert!(
        text.starts_with("Events for session ") && text.contains("(1 of 1 total)\n\n#1"),
        "{text}"
    );
    assert!(text.contains("hello") && !text.contains('\u{1b}'), "{text}");
    let all = run(
        &env,
        &server,
        &["session", "events-history", "s", "--all", "-o", "json"],
    );
    assert_eq!(
        serde_json::from_str::<Value>(&all).unwrap()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let none = run(
        &env,
        &server,
        &["session", "events-history", "s", "--event-type", "log"],
    );
    assert!(none.contains("(0 of 0 total)"), "{none}");
    assert_eq!(run(&env, &server, &["session", "logs", "s"]), "");
    assert_eq!(tried(&env, &server, &["session", "policy", "s"]).0, Some(3));
    let bad = tried(
        &env,
        &server,
        &["session", "events-history", "s", "--since", "noon"],
    );
    assert_eq!(bad.0, Some(2));
}

#[test]
fn a_project_is_created_handed_over_and_deleted() {
    let env = TestEnv::new();
    let server = serve(&env, "sandbox");
    let again = tried(&env, &server, &["project", "create", "--name", "demo"]);
    assert_eq!(again.0, Some(6));
    assert!(
        again.2.contains("project \"demo\" already exists"),
        "{}",
        again.2
    );
    let (code, _, stderr) = tried(
        &env,
        &server,
        &["project", "transfer", "demo", "--to", "bob", "-y"],
    );
    assert_eq!(code, Some(3), "{stderr}");
    let own = tried(
        &env,
        &server,
        &["project", "transfer", "demo", "--to", "dev-user", "-y"],
    );
    assert_eq!(own.0, Some(6), "{}", own.2);
    let deleted = run(&env, &server, &["project", "delete", "--name", "demo"]);
    assert_eq!(deleted, "project/demo deleted\n");
    assert_eq!(
        tried(&env, &server, &["project", "delete", "--name", "demo"]).0,
        Some(3)
    );
}

#[test]
fn both_dialects_name_one_project() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    for line in [
        &["--project", "demo", "agent", "list"][..],
        &["agent", "list", "--project-id", "demo"],
        &["--project", "demo", "agent", "list", "--project-id", "demo"],
        &["--project", "demo", "create", "agent", "--name", "a"],
        &["--project", "demo", "get", "project-agents"],
        &["--project", "demo", "inbox", "list", "--pa-id", "a"],
    ] {
        let output = env.local().args(line).output().unwrap();
        assert!(output.status.success(), "{line:?}: {}", streams(&output).1);
    }
    let two = [
        "--project",
        "demo",
        "agent",
        "list",
        "--project-id",
        "other",
    ];
    let output = env.local().args(two).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(streams(&output).1.contains("name different projects"));
    let short = env
        .acpctl()
        .args(["-U", "local:", "get", "projects"])
        .output()
        .unwrap();
    assert!(short.status.success(), "{}", streams(&short).1);
}

#[test]
fn a_run_in_a_sandbox_is_followed_by_its_messages() {
    let env = TestEnv::new();
    let server = Serve::start(
        &env,
        &[
            "--platform",
            "sandbox",
            "--run-sessions",
            "--allow-empty",
            "--",
            "sh",
            "-c",
            "echo worked",
        ],
    );
    run(&env, &server, &["project", "create", "--name", "demo"]);
    run(&env, &server, &["agent", "create", "--name", "lead"]);
    run(&env, &server, &["agent", "start", "lead"]);
    let (code, stdout, stderr) = tried(&env, &server, &["session", "messages", "lead", "-f"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("worked"), "{stdout}{stderr}");
    let logs = run(
        &env,
        &server,
        &["session", "events-history", "lead", "-o", "json"],
    );
    assert!(logs.contains("RUN_FINISHED"), "{logs}");
}

#[test]
fn bindings_of_a_credential_show_who_inherits_it() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    for agent in ["lead", "tester"] {
        local(&env, &["agent", "create", "--name", agent]);
    }
    let create = [
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--name",
        "k",
        "--from-file",
    ];
    let config = env.file("config", crate::support::sample());
    env.local().args(create).arg(config).output().unwrap();
    local(
        &env,
        &[
            "credential",
            "bind",
            "k",
            "--project",
            "demo",
            "--agent",
            "lead",
        ],
    );
    let shown = || -> Value {
        serde_json::from_str(&local(&env, &["credential", "bindings", "k", "-o", "json"])).unwrap()
    };
    let states = |list: &Value| -> Vec<(String, String)> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let rows = list["items"].as_array().unwrap().iter();
        rows.map(|row| (text(row, "target"), text(row, "state")))
            .collect()
    };
    let pair = |target: &str, state: &str| (target.to_owned(), state.to_owned());
    assert_eq!(states(&shown()), [pair("lead", "direct")]);
    local(&env, &["credential", "bind", "k", "--project", "demo"]);
    assert_eq!(
        states(&shown()),
        [
            pair("demo", "direct"),
            pair("lead", "direct"),
            pair("tester", "inherited")
        ]
    );
    assert!(local(&env, &["credential", "bindings", "k"]).contains("inherited"));
}

#[test]
fn a_session_without_a_sandbox_has_neither_logs_nor_a_policy() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        if request.line() == format!("GET /sessions/{ID}") {
            answer(200, &json!({"id": ID, "name": "run"}))
        } else {
            error(404, "not-found", "no sandbox")
        }
    });
    for (part, hint) in [
        ("logs", "what it says and does: acpctl session messages"),
        ("policy", "for its phase: acpctl describe session"),
    ] {
        let mut command = env.connected(server.url());
        let output = command.args(["session", part, ID]).output().unwrap();
        let words = format!(
            "Error: get sandbox {part}: session \"{ID}\" has neither a sandbox nor a snapshot of one\n\
             Hint: {hint} {ID}\n"
        );
        assert_eq!(streams(&output), (String::new(), words));
        assert_eq!(output.status.code(), Some(3));
    }
}

#[test]
fn logs_and_policies_keep_their_lines() {
    let env = TestEnv::new();
    let kept = "version: 1\r\nnetwork:\n\tdeny\u{1b}[2J\n\n";
    let shown = "version: 1\nnetwork:\n\tdeny\\x1b[2J\n";
    for is_alive in [true, false] {
        let server = Scripted::with(move |request| {
            if request.line() == format!("GET /sessions/{ID}") {
                let fields = ["sandbox_logs_snapshot", "sandbox_policy_snapshot"];
                let (logs, policy) = (fields[0], fields[1]);
                let session = json!({"id": ID, "name": "run", logs: kept, policy: kept});
                answer(200, &session)
            } else if is_alive {
                raw(200, "text/plain", kept)
            } else {
                error(404, "not-found", "no sandbox")
            }
        });
        for part in ["logs", "policy"] {
            let mut command = env.connected(server.url());
            let output = command.args(["session", part, ID]).output().unwrap();
            let (stdout, stderr) = streams(&output);
            assert_eq!(stdout, shown, "{part} {is_alive}: {stderr}");
        }
    }
}
