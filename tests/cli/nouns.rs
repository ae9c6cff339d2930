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
    assert!(started.ends_with(" started\n"), "{started}");
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
        ("session", "y\n", 0, 2),
        ("session", "yes\n", 0, 2),
        ("session", "\n", 0, 1),
        ("session", "n\n", 0, 1),
        ("session", "y y\n", 2, 1),
        ("session", "", 2, 1),
        ("pod", "y\n", 2, 0),
    ] {
        let server = Scripted::new([answer(200, &json!({"id": "x"})), raw(204, "text/plain", "")]);
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
        assert_eq!(stdout.is_empty(), requests < 2, "{case}");
        if line == "session" {
            assert!(stderr.contains("Its messages are lost."), "{case}");
        }
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
        ("delete session ..", "\"..\" is not a resource name"),
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
        stderr.ends_with(
            "Error: too many consecutive errors, stopping watch: ambient API error 500: c — r\n"
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

/// A platform with one agent, whose start drops the prompt or returns it.
fn starting(returned: &'static str, message_status: u16) -> Scripted {
    Scripted::with(move |request| {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        match (request.method.as_str(), target.split('?').next().unwrap()) {
            ("GET", "/projects/demo/agents") => answer(
                200,
                &json!({"items": [{"id": "a1", "name": "lead"}], "total": 1, "size": 1, "page": 1}),
            ),
            ("POST", "/projects/demo/agents/a1/start") => answer(
                201,
                &json!({"session": {"id": "s1", "name": "lead-1"}, "starting_prompt": returned}),
            ),
            ("POST", "/sessions/s1/messages") if message_status == 201 => {
                assert_eq!(
                    request.json(),
                    json!({"event_type": "user", "payload": "fix it"})
                );
                answer(201, &json!({"id": "m1", "seq": 7}))
            }
            ("POST", "/sessions/s1/messages") => error(message_status, "c", "refused"),
            _ => error(404, "ambient-api-server-7", "not found"),
        }
    })
}

#[test]
fn the_prompt_of_a_start_reaches_the_session() {
    let env = TestEnv::new();
    for (line, returned, status, code, messages) in [
        (
            "agent start lead --prompt",
            "# Agent Start: lead\n",
            201,
            0,
            1,
        ),
        ("start lead --prompt", "# Agent Start: lead\n", 201, 0, 1),
        ("agent start --all --prompt", "Do not fix it", 201, 0, 1),
        (
            "agent start lead --prompt",
            "# Start\n\n## Task\n\nfix it\n\n",
            201,
            0,
            0,
        ),
        (
            "start lead --prompt",
            "# Start\n\n## Task\n\nfix it\n\n",
            201,
            0,
            0,
        ),
        ("agent start lead --prompt", "", 403, 5, 1),
        ("start lead --prompt", "", 403, 5, 1),
    ] {
        let server = starting(returned, status);
        let output = env
            .connected(server.url())
            .env("AMBIENT_PROJECT", "demo")
            .args(line.split(' '))
            .arg("fix it")
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        let case = format!("{line}, returned {returned:?}: {stderr}");
        assert_eq!(output.status.code(), Some(code), "{case}");
        assert_eq!(stdout, "session/s1 started\n", "{case}");
        let sent = server.lines().into_iter();
        let sent = sent.filter(|asked| asked == "POST /sessions/s1/messages");
        assert_eq!(sent.count(), messages, "{case}");
        let told = stderr.contains("prompt sent to session/s1 as a message (seq=7)");
        assert_eq!(told, messages == 1 && code == 0, "{case}");
    }
    let server = starting("", 201);
    env.connected(server.url())
        .env("AMBIENT_PROJECT", "demo")
        .args(["agent", "start", "lead"])
        .assert()
        .success()
        .stderr("");
}

/// A session that goes through these phases, one a request; then it is gone.
fn phases(phases: &'static [&'static str]) -> Scripted {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Scripted::with(move |request| {
        if request.target.ends_with("/sessions/s1") {
            let at = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            return match phases.get(at) {
                Some(&"502") => raw(502, "text/plain", ""),
                Some(phase) => answer(200, &json!({"id": "s1", "name": "fix", "phase": phase})),
                None => error(
                    404,
                    "ambient-api-server-7",
                    "Session with id='s1' not found",
                ),
            };
        }
        error(404, "ambient-api-server-7", "not found")
    })
}

#[test]
fn a_wait_ends_with_the_phase_the_time_or_the_session() {
    let cases = [
        (
            &["", "Pending", "Running", "Completed"][..],
            "",
            0,
            "session/s1 is Completed\n",
        ),
        (&["Running", "Stopped"], "", 0, "session/s1 is Stopped\n"),
        (&["Running", "Failed"], "", 1, "session \"fix\" failed"),
        (
            &["Pending", "Running"],
            "--for running",
            0,
            "session/s1 is Running\n",
        ),
        (
            &["Pending", "Completed"],
            "--for Running",
            1,
            "is Completed, and will not become Running",
        ),
        (
            &["Pending", "Failed"],
            "--for Completed,Failed",
            0,
            "session/s1 is Failed\n",
        ),
        (
            &["Running", "502", "502", "Completed"],
            "",
            0,
            "session/s1 is Completed\n",
        ),
        (&["Running"], "", 3, "Session with id='s1' not found"),
        (
            &["Running"],
            "--timeout 1ms",
            9,
            "timed out waiting for session \"fix\" to be ended",
        ),
        (&[], "--for Nothing", 2, "\"Nothing\" is not a phase"),
    ];
    std::thread::scope(|scope| {
        for (seen, flags, code, said) in cases {
            scope.spawn(move || waited(seen, flags, code, said));
        }
    });
}

fn waited(seen: &'static [&'static str], flags: &str, code: i32, said: &str) {
    let env = TestEnv::new();
    let server = phases(seen);
    let output = env
        .connected(server.url())
        .env("AMBIENT_POLLING_INTERVAL", "1")
        .args(["wait", "s1", "--retries", "0"])
        .args(flags.split_whitespace())
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let case = format!("{seen:?} {flags}: {stdout}{stderr}");
    assert_eq!(output.status.code(), Some(code), "{case}");
    assert!(
        if code == 0 {
            stdout == said
        } else {
            stderr.contains(said)
        },
        "{case}"
    );
}

#[test]
fn every_kind_can_be_watched() {
    let kinds = [
        ("projects", "/projects"),
        ("agents", "/projects/demo/agents"),
        ("credentials", "/credentials"),
        ("roles", "/roles"),
        ("role-bindings", "/role_bindings"),
        ("applications", "/applications"),
        ("users", "/users"),
        ("project-settings", "/project_settings"),
    ];
    std::thread::scope(|scope| {
        for (kind, path) in kinds {
            scope.spawn(move || watched(kind, path));
        }
    });
}

/// Watches a list in which one object comes, changes and goes.
fn watched(kind: &str, path: &'static str) {
    let env = TestEnv::new();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let server = Scripted::with(move |request| {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        if target.split('?').next().unwrap() != path {
            return error(403, "no", "no");
        }
        let items = match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => json!([{"id": "x1", "name": "one"}]),
            1 => {
                json!([{"id": "x1", "name": "renamed", "username": "renamed", "description": "d", "user_id": "u", "project_id": "p"}])
            }
            2 => json!([]),
            // Five failures in a row end the watch.
            _ => return error(500, "c", "r"),
        };
        answer(
            200,
            &json!({"kind": "List", "page": 1, "size": 1, "total": 1, "items": items}),
        )
    });
    let output = env
        .connected(server.url())
        .env("AMBIENT_PROJECT", "demo")
        .env("AMBIENT_POLLING_INTERVAL", "1")
        .args(["get", kind, "-w"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let events: Vec<&str> = stdout
        .lines()
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(
        events,
        ["EVENT", "ADDED", "MODIFIED", "DELETED"],
        "{kind}: {stdout}"
    );
    assert!(!stderr.contains("gRPC"), "{stderr}");
}

#[test]
fn sessions_of_all_projects_are_asked_for_without_one() {
    let env = TestEnv::new();
    for (flags, project) in [
        (&[][..], Some("demo")),
        (&["-A"], None),
        (&["--all-projects"], None),
    ] {
        let server = Scripted::with(|_| {
            answer(
                200,
                &json!({"kind": "List", "page": 1, "size": 1, "total": 1, "items": [{"id": "s1", "name": "n"}]}),
            )
        });
        env.connected(server.url())
            .env("AMBIENT_PROJECT", "demo")
            .args(["get", "sessions"])
            .args(flags)
            .assert()
            .success();
        let received = server.received();
        assert_eq!(
            received[0].header("x-ambient-project"),
            project,
            "{flags:?}"
        );
    }
    env.local()
        .args(["get", "credentials", "-A"])
        .assert()
        .code(2);
}

#[test]
fn every_change_can_be_shown_as_json() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    local(&env, &["create", "project", "--name", "other"]);
    local(&env, &["agent", "create", "--name", "lead"]);
    local(&env, &["create", "session", "--name", "fix"]);
    local(
        &env,
        &[
            "credential",
            "create",
            "--provider",
            "github",
            "--name",
            "git",
            "--token",
            "t",
        ],
    );
    local(
        &env,
        &[
            "scheduled-session",
            "create",
            "--name",
            "daily",
            "--schedule",
            "@daily",
        ],
    );
    local(
        &env,
        &[&["application", "create", "--name", "app"][..], SOURCE].concat(),
    );
    for (line, kind) in [
        ("agent update lead --prompt p", "Agent"),
        ("project update other --description d", "Project"),
        (
            "scheduled-session update daily --description d",
            "ScheduledSession",
        ),
        ("scheduled-session resume daily", "ScheduledSession"),
        ("scheduled-session suspend daily", "ScheduledSession"),
        ("scheduled-session trigger daily", "ScheduledSession"),
        ("application update app --source-path p", "Application"),
        ("credential bind git --project demo", "RoleBinding"),
        ("credential unbind git --project demo", "RoleBinding"),
        ("start lead", "Session"),
        ("stop lead", "Session"),
        ("agent stop lead", "Session"),
        ("scheduled-session delete daily --yes", "ScheduledSession"),
        ("application delete app --yes", "Application"),
        ("credential delete git --yes", "Credential"),
        ("delete session fix --yes", "Session"),
        ("delete sessions --all --yes", "SessionList"),
        ("agent delete lead --yes", "Agent"),
        ("delete project other --yes", "Project"),
    ] {
        let words: Vec<&str> = line.split(' ').chain(["-o", "json"]).collect();
        let shown: Value = serde_json::from_str(&local(&env, &words)).unwrap();
        assert_eq!(shown["kind"], kind, "{line}");
        assert!(shown.get("token").is_none(), "{line}");
    }
}
