//! `get`, `create`, `delete`, `describe`, `start`, `stop`, `agent`, `inbox`, `application` and
//! `scheduled-session`, end to end: on the embedded API, and against a script where the wire counts.

use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::server::{Received, Scripted, error, json as answer, raw};
use crate::support::{TOKEN, TestEnv, streams};

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

fn first_id(env: &TestEnv, line: &[&str]) -> String {
    let list: Value = serde_json::from_str(&local(env, line)).unwrap();
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

fn items(env: &TestEnv, line: &[&str]) -> usize {
    let list: Value = serde_json::from_str(&local(env, line)).unwrap();
    list["items"].as_array().unwrap().len()
}

#[test]
fn generic_verbs_on_the_embedded_api() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    for (line, collection) in [
        (&["create", "session", "--name", "s"][..], "sessions"),
        (
            &["create", "agent", "--name", "a", "--project-id", "demo"],
            "agents",
        ),
        (&["create", "role", "--name", "reader-of-logs"], "roles"),
        (
            &[&["create", "application", "--name", "app"][..], SOURCE].concat(),
            "applications",
        ),
    ] {
        let said = local(&env, line);
        let id = said
            .trim()
            .strip_suffix(" created")
            .and_then(|said| said.split_once('/'))
            .unwrap_or_else(|| panic!("{said}"))
            .1;
        let word = line[1];
        let described: Value = serde_json::from_str(&local(&env, &["describe", word, id])).unwrap();
        assert_eq!(described["id"], id);
        let listed = local(&env, &["get", collection, "-o", "jsonpath={.items[*].id}"]);
        assert!(
            listed.split_whitespace().any(|listed| listed == id),
            "{listed}"
        );
        assert!(local(&env, &["get", word, id]).contains(&id[..20]));
        if word != "agent" {
            assert_eq!(
                local(&env, &["delete", word, id, "--yes"]),
                format!("{word}/{id} deleted\n")
            );
            env.local().args(["describe", word, id]).assert().code(3);
        }
    }
}

#[test]
fn agents_inboxes_and_sessions_on_the_embedded_api() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    local(
        &env,
        &[
            "agent", "create", "--name", "o'brien", "--prompt", "Be kind",
        ],
    );
    local(
        &env,
        &["agent", "update", "o'brien", "--labels", "{\"team\":\"a\"}"],
    );
    let id = first_id(&env, &["agent", "list", "-o", "json"]);
    assert_eq!(
        local(&env, &["agent", "get", "o'brien", "-o", "name"]),
        "agent/o'brien\n"
    );
    assert_eq!(
        items(&env, &["agent", "list", "-l", "team=a", "-o", "json"]),
        1
    );
    assert_eq!(
        items(&env, &["agent", "list", "-l", "team=b", "-o", "json"]),
        0
    );
    assert!(local(&env, &["agent", "start-preview", "o'brien"]).contains("Be kind"));

    let owner = ["--project-id", "demo", "--pa-id", &id];
    let inbox = |line: &[&str]| local(&env, &[line, &owner].concat());
    let sent = inbox(&["inbox", "send", "--body", "hello"]);
    let message = sent
        .trim()
        .strip_prefix("inbox-message/")
        .and_then(|said| said.strip_suffix(" sent"))
        .unwrap();
    inbox(&["inbox", "mark-read", "--msg-id", message]);
    let messages: Value = serde_json::from_str(&inbox(&["inbox", "list", "-o", "json"])).unwrap();
    assert_eq!(messages["items"][0]["read"], true);
    inbox(&["inbox", "delete", "--msg-id", message]);

    assert!(local(&env, &["agent", "start", "o'brien", "--prompt", "go"]).starts_with("session/"));
    assert_eq!(
        items(&env, &["agent", "sessions", "o'brien", "-o", "json"]),
        1
    );
    local(&env, &["agent", "stop", "--all"]);
    assert!(
        local(&env, &["delete", "sessions", "--all", "--yes"]).starts_with("1 sessions deleted")
    );
    assert_eq!(
        local(&env, &["delete", "sessions", "--all", "--yes"]),
        "no sessions to delete\n"
    );
    local(&env, &["agent", "delete", "o'brien", "--yes"]);
    assert_eq!(items(&env, &["agent", "list", "-o", "json"]), 0);
}

#[test]
fn projects_start_and_stop_on_the_embedded_api() {
    let env = TestEnv::new();
    let said = |line: &str| {
        let output = env.local().args(line.split(' ')).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{line}: {stderr}");
        stdout
    };
    said("create project --name demo");
    said("create project --name other");
    assert_eq!(said("project set other"), "Switched to project \"other\"\n");
    assert_eq!(said("project demo"), "Switched to project \"demo\"\n");
    assert_eq!(said("project current"), "Current project: demo\n");
    assert_eq!(said("project"), "Current project: demo\n");
    assert_eq!(
        said("project update demo --description First"),
        "project/demo updated\n"
    );
    let listed: Value = serde_json::from_str(&said("project list -o json")).unwrap();
    let items = listed["items"].as_array().unwrap();
    let demo = items.iter().find(|item| item["name"] == "demo").unwrap();
    assert_eq!((items.len(), &demo["description"]), (2, &json!("First")));
    env.local()
        .args(["project", "set", "none"])
        .assert()
        .code(3);
    assert_eq!(said("project current"), "Current project: demo\n");

    // The short forms at the top level, in the project just chosen.
    said("agent create --name lead --prompt hi");
    let agent = said("agent list -o jsonpath={.items[0].id}");
    let started = said(&format!("start {} --prompt go", agent.trim()));
    let session = started
        .trim()
        .strip_prefix("session/")
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    assert!(started.contains("started (phase: "), "{started}");
    // Starting again gives the session that runs already.
    assert!(said(&format!("start {}", agent.trim())).contains(session));
    let described: Value =
        serde_json::from_str(&said(&format!("describe session {session}"))).unwrap();
    assert_eq!(described["agent_id"], agent.trim());
    assert!(said(&format!("stop {session}")).starts_with(&format!("session/{session} stop")));
    for line in ["start none", "stop none", "describe session none"] {
        env.local().args(line.split(' ')).assert().code(3);
    }
}

#[test]
fn schedules_and_applications_on_the_embedded_api() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    local(
        &env,
        &[
            "scheduled-session",
            "create",
            "--name",
            "daily",
            "--schedule",
            "0 9 * * 1-5",
        ],
    );
    let switched = |verb, said: &str| {
        assert_eq!(
            local(&env, &["scheduled-session", verb, "daily"]),
            format!("scheduled-session/daily {said}\n")
        );
    };
    switched("suspend", "suspended (enabled=false)");
    switched("resume", "resumed (enabled=true)");
    switched("trigger", "triggered");
    local(
        &env,
        &["scheduled-session", "update", "daily", "--timeout", "0"],
    );
    local(&env, &["scheduled-session", "runs", "daily"]);
    local(&env, &["scheduled-session", "delete", "daily", "--confirm"]);
    env.local()
        .args(["--project", "demo", "scheduled-session", "get", "daily"])
        .assert()
        .code(3);

    local(
        &env,
        &[&["app", "create", "--name", "fleet"][..], SOURCE].concat(),
    );
    let id = first_id(&env, &["app", "list", "-o", "json"]);
    assert_eq!(
        local(&env, &["app", "sync", &id]),
        "application/fleet sync triggered\n"
    );
    assert_eq!(
        local(&env, &["app", "refresh", &id]),
        "application/fleet refresh triggered\n"
    );
    local(
        &env,
        &["app", "update", &id, "--self-heal", "--retry-limit", "0"],
    );
    let shown: Value =
        serde_json::from_str(&local(&env, &["app", "get", &id, "-o", "json"])).unwrap();
    assert_eq!(shown["self_heal"], true);
    local(&env, &["app", "delete", &id, "-y"]);
}

/// A page of so many sessions, from this number on.
fn page(from: usize, count: usize, total: usize) -> Value {
    let items: Vec<Value> = (from..from + count)
        .map(|number| json!({"id": format!("s{number}"), "name": "n", "phase": "Completed"}))
        .collect();
    json!({"kind": "SessionList", "page": 1, "size": count, "total": total, "items": items})
}

#[test]
fn delete_all_takes_every_page() {
    let env = TestEnv::new();
    let server = Scripted::with(|request: &Received| match request.method.as_str() {
        "GET" if request.target.contains("page=1&") => answer(200, &page(0, 500, 502)),
        "GET" => answer(200, &page(499, 3, 502)),
        _ => raw(204, "text/plain", ""),
    });
    env.connected(server.url())
        .args(["delete", "sessions", "-Ay"])
        .assert()
        .success()
        .stdout("502 sessions deleted\n");
    let lines = server.lines();
    assert_eq!(
        lines[..2],
        [
            "GET /sessions?page=1&size=500",
            "GET /sessions?page=2&size=500"
        ]
    );
    assert_eq!(lines.len(), 504);
}

#[test]
fn a_deletion_is_asked_about_last_and_enter_means_no() {
    let env = TestEnv::new();
    for (line, answer_given, code, requests) in [
        ("session", "y\n", 0, 1),
        ("session", "yes\n", 0, 1),
        ("session", "\n", 0, 0),
        ("session", "n\n", 0, 0),
        ("session", "y y\n", 2, 0),
        ("session", "", 2, 0),
        ("pod", "y\n", 2, 0),
    ] {
        let server = Scripted::new([raw(204, "text/plain", "")]);
        let output = env
            .connected(server.url())
            .args(["delete", line, "x"])
            .write_stdin(answer_given)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        let case = format!("{line} with {answer_given:?}: {stderr}");
        assert_eq!(output.status.success(), code == 0, "{case}");
        assert_eq!(server.received().len(), requests, "{case}");
        assert_eq!(stderr.contains("[y/N]"), line == "session", "{case}");
        assert_eq!(stdout.is_empty(), requests == 0, "{case}");
    }
}

#[test]
fn create_checks_before_it_sends() {
    let env = TestEnv::new();
    for (line, message) in [
        (
            "create session extra --name n",
            "accepts 1 arg(s), received 2",
        ),
        (
            "create session --name n -o nope",
            "unknown output format \"nope\"",
        ),
        (
            "create rb --role-id r --scope global --scope-id x",
            "--scope-id not supported for scope \"global\"",
        ),
        ("create role", "--name is required"),
        ("delete session ..", "\"..\" is no resource name"),
        (
            "get session x --project-agent a --project-id p",
            "mutually exclusive",
        ),
        (
            "get sessions -l nonsense",
            "--label \"nonsense\" is not KEY=VALUE",
        ),
        (
            "get sessions -l a=1,b!=2",
            "--label \"b!=2\" is not KEY=VALUE",
        ),
    ] {
        let server = Scripted::new([]);
        let output = env
            .connected(server.url())
            .env("AMBIENT_PROJECT", "p")
            .args(line.split(' '))
            .output()
            .unwrap();
        let stderr = streams(&output).1;
        assert!(
            !output.status.success() && stderr.contains(message),
            "{line}: {stderr}"
        );
        assert_eq!(server.received().len(), 0, "{line}");
    }
}

#[test]
fn create_warns_of_each_flag_it_does_not_use_and_sends_zeros() {
    let env = TestEnv::new();
    let server = Scripted::new([answer(201, &json!({"id": "s1", "name": "n"}))]);
    env.connected(server.url())
        .args("create session --name n --project-id p --temperature 0 --timeout 0 --description d --labels {}".split(' '))
        .assert()
        .success()
        .stdout("session/s1 created\n")
        .stderr(
            "Warning: --description is not applicable to this resource type and will be ignored\n\
             Warning: --labels is not applicable to this resource type and will be ignored\n",
        );
    assert_eq!(
        server.received()[0].json(),
        json!({"llm_temperature": 0, "name": "n", "project_id": "p", "timeout": 0})
    );
}

#[test]
fn role_bindings_show_names() {
    let env = TestEnv::new();
    let server = Scripted::with(|request: &Received| {
        let items = match request.target.trim_start_matches("/api/ambient/v1") {
            path if path.starts_with("/role_bindings") => json!([
                {"id": "b1", "role_id": "r1", "scope": "credential", "credential_id": "c1", "project_id": "p1"},
            ]),
            path if path.starts_with("/roles") => {
                json!([{"id": "r1", "name": "credential:reader"}])
            }
            _ => return error(403, "no", "no"),
        };
        answer(
            200,
            &json!({"kind": "L", "page": 1, "size": 1, "total": 1, "items": items}),
        )
    });
    let output = env
        .connected(server.url())
        .args(["get", "rb"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    // The credentials may not be listed: the id is shown, and that is no failure.
    let row: Vec<&str> = stdout.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row, ["b1", "credential:reader", "credential", "c1"]);
    env.connected(server.url())
        .args(["get", "rb", "-o", "json"])
        .assert()
        .success();
    assert_eq!(
        server.lines().len(),
        4,
        "no look-ups for JSON: {:?}",
        server.lines()
    );
}

#[test]
fn lists_and_apply_read_labels_alike() {
    let env = TestEnv::new();
    let list = |arguments: &[&str]| {
        let server = Scripted::with(|_| {
            let item = |id: &str, labels: &str| json!({"id": id, "name": id, "labels": labels});
            let items = json!([
                item("both", "{\"a\":\"1\",\"b\":\"2\"}"),
                item("one", "{\"a\":\"1\"}"),
                item("none", "")
            ]);
            answer(
                200,
                &json!({"kind": "List", "page": 1, "size": 3, "total": 3, "items": items}),
            )
        });
        let words = ["get", "credentials", "-o", "name"];
        let output = env
            .connected(server.url())
            .args(words)
            .args(arguments)
            .output()
            .unwrap();
        streams(&output)
            .0
            .replace("credential/", "")
            .replace('\n', " ")
    };
    for both in [
        &["-l", "a=1,b=2"][..],
        &["-l", "a=1", "--label", "b=2"],
        &["--selector=a==1, b=2"],
    ] {
        assert_eq!(list(both), "both ", "{both:?}");
    }
    assert_eq!(list(&["-l", "a=1", "-l", ""]), "both one ");
    assert_eq!(list(&["-l", ""]), "both one none ");
}

#[test]
fn a_watch_shows_news_and_gives_up_after_five_failures() {
    let env = TestEnv::new();
    let polls = std::sync::atomic::AtomicUsize::new(0);
    let server = Scripted::with(move |_| {
        let session = |id: &str, phase: &str| json!({"id": id, "name": id, "phase": phase, "labels": "{\"t\":\"a\"}"});
        let sessions = match polls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => vec![
                session("s1", "Pending"),
                session("s2", "Pending"),
                json!({"id": "other", "name": "o"}),
            ],
            1 => vec![session("s1", "Running"), session("s2", "Pending")],
            2 => vec![session("s1", "Running")],
            _ => return error(500, "c", "r"),
        };
        answer(
            200,
            &json!({"kind": "SessionList", "page": 1, "size": 3, "total": sessions.len(), "items": sessions}),
        )
    });
    let output = env
        .connected(server.url())
        .env("AMBIENT_POLLING_INTERVAL", "1")
        .args(["get", "sessions", "-w", "-l", "t=a"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let rows: Vec<Vec<&str>> = stdout
        .lines()
        .skip(1)
        .map(|row| row.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows,
        [
            ["s1", "s1", "Pending"],
            ["s2", "s2", "Pending"],
            ["s1", "s1", "Running"],
            ["s2", "s2", "DELETED"]
        ]
    );
    assert!(
        stderr.contains("Error processing sessions (5/5): ambient API error 500: c — r"),
        "{stderr}"
    );
    assert!(
        stderr.contains(
            "\nError: too many consecutive errors, stopping watch: ambient API error 500: c — r\n"
        ),
        "{stderr}"
    );
}

#[test]
fn an_interrupted_watch_is_no_failure() {
    let env = TestEnv::new();
    let (asked, first_request) = std::sync::mpsc::channel();
    let server = Scripted::with(move |_| {
        let _ = asked.send(());
        answer(200, &page(0, 0, 0))
    });
    let mut watch = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .args(["get", "sessions", "-w", "--watch-timeout", "50s"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    first_request.recv_timeout(Duration::from_secs(30)).unwrap();
    let id = i32::try_from(watch.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}
