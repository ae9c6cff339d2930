//! `serve --run-sessions`: a session's life, its credentials, its output, and its end in each way.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::serve::{Serve, wait_for};
use crate::support::{TestEnv, streams};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/kubeconfig.yaml");
const SECRET: &str = "canary-4b1e-runs";

/// A store with a project and, bound to it, a kubeconfig and a token.
fn store() -> TestEnv {
    let env = TestEnv::new();
    env.file("token", SECRET);
    env.file(
        "all.yaml",
        format!(
            "kind: Project\nname: web\n---\nkind: Agent\nname: lead\nproject: web\nprompt: Lead.\n\
             ---\nkind: Credential\nname: kube\nprovider: kubeconfig\ntokenFrom: {{file: {SAMPLE}}}\n\
             ---\nkind: Credential\nname: gh\nprovider: github\ntokenFrom: {{file: token}}\n\
             ---\nkind: RoleBinding\nrole: credential:viewer\nscope: credential\nscope_id: kube\nproject: web\n\
             ---\nkind: RoleBinding\nrole: credential:viewer\nscope: credential\nscope_id: gh\nproject: web\n"
        ),
    );
    env.local()
        .args([
            "apply",
            "-f",
            "all.yaml",
            "--allow-file",
            env!("CARGO_MANIFEST_DIR"),
        ])
        .assert()
        .success();
    env
}

fn serve(env: &TestEnv, script: &str) -> Serve {
    serve_with(env, &[], script)
}

fn serve_with(env: &TestEnv, flags: &[&str], script: &str) -> Serve {
    let mut args = vec!["--run-sessions"];
    args.extend(flags);
    args.extend(["--", "sh", "-c", script]);
    Serve::start(env, &args)
}

/// A new session in the project; it waits.
fn session(server: &Serve, name: &str, prompt: &str) -> String {
    let body = json!({"name": name, "prompt": prompt, "project_id": "web"});
    let made = server.json("POST", "/sessions", &body.to_string());
    made["id"].as_str().unwrap().to_owned()
}

fn start(server: &Serve, id: &str) {
    let started = server.json("POST", &format!("/sessions/{id}/start"), "");
    assert_eq!(started["phase"], "Pending");
}

fn get(server: &Serve, id: &str) -> Value {
    server.json("GET", &format!("/sessions/{id}"), "")
}

/// Waits until the session is in this phase.
fn reaches(server: &Serve, id: &str, phase: &str) -> Value {
    wait_for(phase, || {
        Some(get(server, id)).filter(|session| session["phase"] == phase)
    })
}

/// The messages as type and payload.
fn messages(server: &Serve, id: &str) -> Vec<(String, String)> {
    let found = server.json("GET", &format!("/sessions/{id}/messages"), "");
    let text = |message: &Value, key: &str| message[key].as_str().unwrap().to_owned();
    found
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (text(message, "event_type"), text(message, "payload")))
        .collect()
}

fn said(server: &Serve, id: &str, event_type: &str) -> Vec<String> {
    let mut found = messages(server, id);
    found.retain(|(kind, _)| kind == event_type);
    found.into_iter().map(|(_, payload)| payload).collect()
}

/// What is left of private folders.
fn left(env: &TestEnv) -> Vec<PathBuf> {
    let folder = env.home().join("run/ambient");
    let entries =
        fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    entries.unwrap_or_default()
}

/// `session messages -f`, once it is connected.
struct Follower {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

fn follow(env: &TestEnv, server: &Serve, id: &str) -> Follower {
    let mut child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .args(["session", "messages", "-f", id])
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", &server.url)
        .env("AMBIENT_TOKEN", crate::support::TOKEN)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut banner = String::new();
    stdout.read_line(&mut banner).unwrap();
    stdout.read_line(&mut banner).unwrap();
    assert!(
        banner.starts_with("Streaming events for session "),
        "{banner}"
    );
    Follower { child, stdout }
}

impl Follower {
    /// Its exit code, and what it wrote behind the banner and to standard error.
    fn finish(mut self) -> (Option<i32>, String, String) {
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), stdout, streams(&output).1)
    }
}

#[test]
fn a_session_runs_from_its_start_to_its_end() {
    let env = store();
    let go = env.home().join("go");
    let script = format!(
        "echo \"$SESSION_ID $SESSION_NAME $PROJECT_NAME $BACKEND_API_URL $LLM_MODEL\"\n\
         echo \"$INITIAL_PROMPT\" | tr '\\n' '/'; echo\necho to the log >&2\n\
         wc -c; until test -e {}; do sleep 0.01; done\n\
         echo done",
        go.display()
    );
    let server = serve(&env, &script);
    let id = session(&server, "näme 'x'", "first\nsecond");
    assert_eq!(
        server
            .request("GET", &format!("/sessions/{id}/events"), "")
            .0,
        502
    );
    start(&server, &id);
    let running = reaches(&server, &id, "Running");
    assert!(
        running["start_time"].is_string() && running["completion_time"].is_null(),
        "{running}"
    );
    let follower = follow(&env, &server, &id);
    fs::write(go, "").unwrap();
    let (code, stdout, stderr) = follower.finish();
    assert_eq!(code, Some(0), "{stderr}");
    let lines: Vec<&str> = stdout.lines().collect();
    let mut sorted = lines.clone();
    // Only the order within each of the two streams is certain.
    sorted.retain(|line| *line != "to the log");
    let url = &server.url;
    let first = format!("{id} näme 'x' web {url} claude-sonnet-4-6");
    assert_eq!(
        sorted,
        [
            "▶ run started",
            &first,
            "first/second/",
            "12",
            "done",
            "■ run finished"
        ]
    );
    assert!(lines.contains(&"to the log"), "{stdout}");
    let done = reaches(&server, &id, "Completed");
    assert!(done["completion_time"].is_string(), "{done}");
    assert_eq!(said(&server, &id, "user"), ["first\nsecond"]);
    assert_eq!(
        said(&server, &id, "assistant"),
        [first.as_str(), "first/second/", "12", "done"]
    );
    assert_eq!(said(&server, &id, "log"), ["to the log"]);
    // Who comes late sees the whole run.
    let late = follow(&env, &server, &id).finish();
    assert!(late.1.ends_with("done\n■ run finished\n"));
    let shown = env
        .connected(url)
        .args(["session", "messages", &id])
        .output()
        .unwrap();
    assert!(streams(&shown).0.contains("log"), "{}", streams(&shown).0);
    assert!(left(&env).is_empty());
}

#[test]
fn an_agents_start_runs_too_and_answers_go_on() {
    let env = store();
    let server = serve(&env, "cat; echo; echo \"$AGENT_ID\"");
    let connected = |args: &[&str]| {
        let output = env.connected(&server.url).args(args).output().unwrap();
        assert!(output.status.success(), "{}", streams(&output).1);
        streams(&output).0
    };
    connected(&["agent", "start", "lead", "--project-id", "web"]);
    let list = server.json("GET", "/sessions", "");
    let id = list["items"][0]["id"].as_str().unwrap();
    reaches(&server, id, "Completed");
    let first = said(&server, id, "assistant");
    assert_eq!(first[0], "# Agent Start: lead");
    assert_eq!(
        first.last().unwrap(),
        list["items"][0]["agent_id"].as_str().unwrap()
    );
    connected(&["session", "send", id, "one more thing"]);
    let events = format!("/sessions/{id}/events");
    assert_eq!(
        server.request("GET", &events, "").0,
        502,
        "no run answers it yet"
    );
    start(&server, id);
    wait_for("the second run", || {
        said(&server, id, "assistant")
            .contains(&"one more thing".to_owned())
            .then_some(())
    });
    reaches(&server, id, "Completed");
    assert_eq!(said(&server, id, "RUN_STARTED").len(), 2);
}

#[test]
fn credentials_are_there_and_gone_after() {
    let env = store();
    let script = "echo \"$KUBECONFIG\"; cp \"$KUBECONFIG\" seen; stat -c %a \"$KUBECONFIG\"; \
                  printf %s \"$GITHUB_TOKEN\" > github; test -z \"$GITLAB_TOKEN\"";
    let server = serve(&env, script);
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Completed");
    let said = said(&server, &id, "assistant");
    assert_eq!(said[1], "600");
    assert!(!Path::new(&said[0]).exists(), "{} is still there", said[0]);
    assert!(left(&env).is_empty());
    let stored = env
        .local()
        .args(["credential", "token", "kube"])
        .output()
        .unwrap();
    let seen = fs::read_to_string(env.work().join("seen")).unwrap();
    assert_eq!(seen.trim_end(), streams(&stored).0.trim_end());
    assert_eq!(
        fs::read_to_string(env.work().join("github")).unwrap(),
        SECRET
    );
    let (status, log) = server.stop();
    assert!(status.success());
    assert!(
        log.contains(&format!("\"session\":\"{id}\",\"run\":\"completed\"")),
        "{log}"
    );
    assert!(!log.contains("canary"), "{log}");
}

#[test]
fn secrets_that_the_command_prints_are_not_stored() {
    let env = store();
    let server = serve(
        &env,
        "echo \"token: $GITHUB_TOKEN.\"; cat \"$KUBECONFIG\"; echo \"$GITHUB_TOKEN\" >&2",
    );
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Completed");
    let printed = said(&server, &id, "assistant");
    assert_eq!(printed[0], "token: ********.");
    assert!(
        printed.iter().any(|line| line.ends_with("token: ********")),
        "{printed:?}"
    );
    assert!(
        printed.contains(&"current-context: team-a".to_owned()),
        "{printed:?}"
    );
    assert_eq!(said(&server, &id, "log"), ["********"]);
    server.stop();
    for entry in fs::read_dir(env.home().join(".local/share/ambient"))
        .unwrap()
        .flatten()
    {
        let bytes = fs::read(entry.path()).unwrap();
        assert!(
            !bytes
                .windows(SECRET.len())
                .any(|window| window == SECRET.as_bytes()),
            "{:?}",
            entry.path()
        );
    }
}

#[test]
fn a_command_that_fails_fails_its_session() {
    let env = store();
    let server = serve(&env, "echo so far; exit 7");
    let id = session(&server, "s", "");
    start(&server, &id);
    let (code, stdout, stderr) = follow(&env, &server, &id).finish();
    assert_eq!(code, Some(1));
    assert!(
        stdout.contains("so far\n✗ error: the command ended with exit code 7\n"),
        "{stdout}"
    );
    assert_eq!(stderr, "Error: run failed\n");
    reaches(&server, &id, "Failed");
    // Started again, it waits and runs again.
    start(&server, &id);
    wait_for("the second run", || {
        (said(&server, &id, "RUN_ERROR").len() == 2).then_some(())
    });
}

#[test]
fn a_command_that_is_not_there_fails_its_session() {
    let env = store();
    let server = Serve::start(&env, &["--run-sessions", "--", "/nowhere/agent"]);
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Failed");
    let why = said(&server, &id, "RUN_ERROR").concat();
    assert!(
        why.contains("start \\\"/nowhere/agent\\\": there is no such command"),
        "{why}"
    );
    assert!(left(&env).is_empty());
}

#[test]
fn without_a_secret_nothing_is_started() {
    let env = store();
    let server = serve(&env, "touch started");
    env.local()
        .args([
            "credential",
            "update",
            "kube",
            "--no-flatten",
            "--skip-validation",
        ])
        .args(["--from-file", "-"])
        .write_stdin("no kubeconfig at all")
        .assert()
        .success();
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Failed");
    let why = said(&server, &id, "RUN_ERROR").concat();
    assert!(why.contains("nothing was started: kube: "), "{why}");
    assert!(!env.work().join("started").exists());
}

#[test]
fn stop_ends_the_command_and_what_it_started() {
    let env = store();
    let script = "trap 'echo asked to end; exit 0' TERM; sleep 1000 & echo $! ; echo ready; wait";
    let server = serve(&env, script);
    let id = session(&server, "s", "");
    start(&server, &id);
    let child = wait_for("the command", || {
        said(&server, &id, "assistant")
            .get(1)
            .is_some()
            .then(|| said(&server, &id, "assistant")[0].clone())
    });
    let follower = follow(&env, &server, &id);
    env.connected(&server.url)
        .args(["stop", &id])
        .assert()
        .success();
    let stopped = reaches(&server, &id, "Stopped");
    assert!(stopped["completion_time"].is_string());
    assert!(said(&server, &id, "assistant").contains(&"asked to end".to_owned()));
    let (_, followed, _) = follower.finish();
    assert!(followed.ends_with("✗ error: stopped\n"), "{followed}");
    wait_for("the end of what it started", || {
        (!is_alive(&child)).then_some(())
    });
    assert!(left(&env).is_empty());
}

/// A process that is there and not only waits to be collected.
fn is_alive(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .starts_with('Z')
    })
}

#[test]
fn what_the_command_leaves_running_ends_with_it() {
    let env = store();
    let script = "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!; sleep 1000 & echo $!";
    let server = serve(&env, script);
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Completed");
    for pid in said(&server, &id, "assistant") {
        wait_for("the end of what it started", || {
            (!is_alive(&pid)).then_some(())
        });
    }
}

#[test]
fn what_leaves_the_commands_process_group_ends_too() {
    let env = store();
    let script = "setsid sleep 1000 >/dev/null 2>&1 & echo $!
setsid env -i sleep 1000 >/dev/null 2>&1 & echo $!";
    let mut server = serve(&env, script);
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Completed");
    let pids = said(&server, &id, "assistant");
    assert_eq!(pids.len(), 2);
    assert!(!is_alive(&pids[0]), "it has the session's variables");
    // One without any variable is nobody's until the server ends.
    server.signal(Signal::TERM);
    server.wait();
    assert!(!is_alive(&pids[1]));
}

#[test]
fn a_session_without_a_credential_runs_if_that_is_wanted() {
    let env = store();
    let run = |flags: &[&str]| {
        let server = serve_with(&env, flags, "cat $KUBECONFIG");
        // The second run finds it in the store.
        server.request("POST", "/projects", r#"{"name":"empty"}"#);
        let body = json!({"name": "s", "project_id": "empty"});
        let made = server.json("POST", "/sessions", &body.to_string());
        let id = made["id"].as_str().unwrap().to_owned();
        start(&server, &id);
        let phase = if flags.is_empty() {
            "Failed"
        } else {
            "Completed"
        };
        reaches(&server, &id, phase);
        messages(&server, &id)
            .into_iter()
            .map(|(_, text)| text)
            .collect::<String>()
    };
    assert!(run(&[]).contains("no credential is bound"));
    assert!(run(&["--allow-empty"]).contains("contexts: []"));
}

#[test]
fn what_another_process_starts_runs_too() {
    let env = store();
    let server = serve(&env, "cat");
    env.local()
        .args(["agent", "start", "lead", "--project-id", "web"])
        .assert()
        .success();
    let list = server.json("GET", "/sessions", "");
    reaches(
        &server,
        list["items"][0]["id"].as_str().unwrap(),
        "Completed",
    );
}

#[test]
fn a_command_that_will_not_end_is_killed() {
    let env = store();
    let server = serve(&env, "trap '' TERM; echo $$; while :; do sleep 0.1; done");
    let id = session(&server, "s", "");
    start(&server, &id);
    let pid = wait_for("the command", || {
        said(&server, &id, "assistant").first().cloned()
    });
    env.connected(&server.url)
        .args(["stop", &id])
        .assert()
        .success();
    reaches(&server, &id, "Stopped");
    assert!(!is_alive(&pid) && left(&env).is_empty());
}

#[test]
fn so_many_run_at_once_and_others_wait() {
    let env = store();
    let script =
        "touch \"at-$SESSION_NAME\"; until test -e \"go-$SESSION_NAME\"; do sleep 0.01; done";
    let server = serve_with(&env, &["--max-sessions", "2"], script);
    let ids = ["a", "b", "c", "d"].map(|name| session(&server, name, ""));
    for id in &ids {
        start(&server, id);
    }
    reaches(&server, &ids[0], "Running");
    reaches(&server, &ids[1], "Running");
    assert_eq!(left(&env).len(), 2, "each has a folder of its own");
    assert_eq!(get(&server, &ids[2])["phase"], "Pending");
    // One that waits can be stopped, and never ran.
    env.connected(&server.url)
        .args(["stop", &ids[2]])
        .assert()
        .success();
    reaches(&server, &ids[2], "Stopped");
    // It can be followed before it runs.
    let follower = follow(&env, &server, &ids[3]);
    fs::write(env.work().join("go-a"), "").unwrap();
    reaches(&server, &ids[0], "Completed");
    reaches(&server, &ids[3], "Running");
    fs::write(env.work().join("go-d"), "").unwrap();
    let (_, followed, _) = follower.finish();
    assert!(
        followed.ends_with("▶ run started\n■ run finished\n"),
        "{followed}"
    );
    assert!(!env.work().join("at-c").exists());
    fs::write(env.work().join("go-b"), "").unwrap();
    reaches(&server, &ids[1], "Completed");
}

#[test]
fn the_servers_end_ends_all_and_leaves_nothing() {
    let env = store();
    let server = serve(&env, "echo $$; exec sleep 1000");
    let id = session(&server, "s", "");
    start(&server, &id);
    let pid = wait_for("the command", || {
        said(&server, &id, "assistant").first().cloned()
    });
    assert!(is_alive(&pid));
    let follower = follow(&env, &server, &id);
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
    assert!(!is_alive(&pid) && left(&env).is_empty());
    let (_, followed, _) = follower.finish();
    assert!(
        followed.ends_with("✗ error: the server was stopped\n"),
        "{followed}"
    );
    let list = env
        .local()
        .args(["get", "sessions", "-o", "json"])
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list["items"][0]["phase"], "Stopped");
}

#[test]
fn a_second_signal_ends_the_server_where_it_stands() {
    let env = store();
    let mut server = serve(&env, "trap '' TERM; echo $$; while :; do sleep 0.1; done");
    let id = session(&server, "s", "");
    start(&server, &id);
    let pid = wait_for("the command", || {
        said(&server, &id, "assistant").first().cloned()
    });
    server.signal(Signal::TERM);
    server.signal(Signal::INT);
    let status = server.wait();
    assert!(
        [Some(130), Some(143)].contains(&status.code()),
        "{status:?}"
    );
    wait_for("the command's end", || (!is_alive(&pid)).then_some(()));
    assert!(left(&env).is_empty());
}

#[test]
fn a_server_that_was_killed_leaves_no_session_running() {
    let env = store();
    let mut server = serve(&env, "echo $$; exec sleep 1000");
    let id = session(&server, "s", "");
    start(&server, &id);
    let pid = wait_for("the command", || {
        said(&server, &id, "assistant").first().cloned()
    });
    server.signal(Signal::KILL);
    server.wait();
    assert_eq!(left(&env).len(), 1);
    let next = serve(&env, "true");
    let session = get(&next, &id);
    assert_eq!(session["phase"], "Failed");
    assert!(session["completion_time"].is_string());
    assert_eq!(
        said(&next, &id, "RUN_ERROR"),
        [r#"{"message":"the server that ran it ended"}"#]
    );
    wait_for("the command's end", || (!is_alive(&pid)).then_some(()));
    assert!(
        left(&env).is_empty(),
        "the files of the killed server are gone"
    );
}

#[test]
fn one_server_runs_the_sessions_of_a_store() {
    let env = store();
    let _server = serve(&env, "true");
    let second = env
        .acpctl()
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--run-sessions",
            "--",
            "true",
        ])
        .output()
        .unwrap();
    assert!(!second.status.success());
    let stderr = streams(&second).1;
    assert!(
        stderr.contains("another process runs the sessions of the store in "),
        "{stderr}"
    );
}

#[test]
fn output_has_its_limits() {
    let env = store();
    let script = "head -c 200000 /dev/zero | tr '\\0' x; echo; yes line | head -n 12000; echo end";
    let server = serve(&env, script);
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Completed");
    let found = said(&server, &id, "assistant");
    assert_eq!(found.len(), 10_000);
    assert_eq!(found[0], format!("{} […]", "x".repeat(64 << 10)));
    assert_eq!(
        said(&server, &id, "log"),
        ["output beyond 10000 messages is not kept"]
    );
}

#[test]
fn the_time_limit_of_a_session_counts() {
    let env = store();
    let server = serve(&env, "exec sleep 1000");
    let body = json!({"name": "s", "project_id": "web", "timeout": 1}).to_string();
    let made = server.json("POST", "/sessions", &body);
    let id = made["id"].as_str().unwrap();
    start(&server, id);
    reaches(&server, id, "Failed");
    assert_eq!(
        said(&server, id, "RUN_ERROR"),
        [r#"{"message":"the session's limit of 1 s is over"}"#]
    );
}

#[test]
fn a_deleted_session_ends() {
    let env = store();
    let server = serve(&env, "echo $$; exec sleep 1000");
    let id = session(&server, "s", "");
    start(&server, &id);
    let pid = wait_for("the command", || {
        said(&server, &id, "assistant").first().cloned()
    });
    assert_eq!(
        server.request("DELETE", &format!("/sessions/{id}"), "").0,
        204
    );
    wait_for("its end", || {
        (!is_alive(&pid) && left(&env).is_empty()).then_some(())
    });
}

#[test]
fn the_command_can_use_the_api() {
    let env = store();
    env.file("bearer", "a-bearer-of-the-tests-0123456789\n");
    let script = format!(
        "{} session send \"$SESSION_ID\" from-inside",
        env!("CARGO_BIN_EXE_acpctl")
    );
    let server = serve_with(&env, &["--token-file", "bearer"], &script);
    let connected = |args: &[&str]| {
        let mut command = env.connected(&server.url);
        let output = command
            .env("AMBIENT_TOKEN", "a-bearer-of-the-tests-0123456789")
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", streams(&output).1);
        streams(&output).0
    };
    connected(&["agent", "start", "lead", "--project-id", "web"]);
    let id = || -> Option<String> {
        let list: Value =
            serde_json::from_str(&connected(&["get", "sessions", "-o", "json"])).unwrap();
        let session = &list["items"][0];
        (session["phase"] == "Completed").then(|| session["id"].as_str().unwrap().to_owned())
    };
    let id = wait_for("the run", id);
    assert!(connected(&["session", "messages", &id]).contains("from-inside"));
    let (_, log) = server.stop();
    assert!(!log.contains("a-bearer"), "{log}");
}

#[test]
fn the_command_needs_no_login_where_none_is_asked_for() {
    let env = store();
    let acpctl = env!("CARGO_BIN_EXE_acpctl");
    let server = serve(
        &env,
        &format!("{acpctl} get sessions -o jsonpath='{{.items[0].id}}'"),
    );
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Completed");
    assert_eq!(said(&server, &id, "assistant"), [id]);
}

#[test]
fn the_flag_and_the_command_go_together() {
    let env = TestEnv::new();
    for (args, words) in [
        (
            &["serve", "--run-sessions"][..],
            "--run-sessions needs a command",
        ),
        (
            &["serve", "--", "true"][..],
            "a command goes with --run-sessions",
        ),
    ] {
        let output = env.acpctl().args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(streams(&output).1.contains(words), "{}", streams(&output).1);
    }
}
