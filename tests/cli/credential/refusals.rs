//! `credential create`, where nothing may be sent or nothing repeated.

use serde_json::{Value, json};

use crate::credential::{created, empty_server, posted};
use crate::support::run::{Line as _, credential_create};
use crate::support::server::{Received, Reply, Scripted, list};
use crate::support::{ID, TOKEN, TestEnv, sample, streams};

#[test]
fn a_bad_kubeconfig_sends_nothing() {
    let env = TestEnv::new();
    let exec = sample().replacen("    token: ", "    exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Never}\n    as: ", 1);
    let loopback = sample().replacen(
        "https://api.sample-cluster.example.net:6443",
        "https://127.0.0.1:6443",
        1,
    );
    let no_current = sample().replacen("current-context: team-a\n", "", 1);
    let dangling = sample().replacen("current-context: team-a\n", "current-context: nope\n", 1);
    for (text, args, code, part) in [
        (String::new(), vec![], 7, "is empty"),
        ("\n \n".to_owned(), vec![], 7, "is empty"),
        ("a: [".to_owned(), vec![], 7, "1 error"),
        ("just text".to_owned(), vec![], 7, "error"),
        (sample()[..300].to_owned(), vec![], 7, "error"),
        (exec, vec![], 7, "error[exec-plugin]"),
        (loopback.clone(), vec![], 7, "error[server-loopback]"),
        (no_current, vec![], 7, "error[no-current-context]"),
        (dangling, vec![], 7, "error"),
        (sample(), vec!["--context", "absent"], 7, "error"),
        (
            loopback.replacen("namespace: team-a", "namespace: ''", 1),
            vec!["--allow", "no-namespace"],
            7,
            "error[server-loopback]",
        ),
        (
            sample(),
            vec!["--min-ttl", "40000d"],
            8,
            "sooner than --min-ttl allows",
        ),
        (
            sample(),
            vec!["--all-contexts", "--strict"],
            8,
            "(--strict)",
        ),
        (
            sample(),
            vec!["--no-flatten", "--context", "other"],
            2,
            "mutually exclusive",
        ),
    ] {
        let server = empty_server();
        let output = env
            .connected(server.url())
            .line("credential create --provider kubeconfig --name x --from-file -")
            .args(&args)
            .write_stdin(text.clone())
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?} on {text:.60}: {stderr}"
        );
        assert!(stderr.contains(part), "{args:?}: {stderr}");
        assert_eq!((stdout.as_str(), server.lines()), ("", vec![]), "{args:?}");
        assert!(
            !stderr.contains("this-secret-must-not-travel-along"),
            "{stderr}"
        );
    }
}

#[test]
fn a_namesake_is_refused() {
    let env = TestEnv::new();
    let twin = json!({"id": "1", "name": "team-a", "provider": "github"});
    let list = move |request: &Received| match request.method.as_str() {
        "GET" => list(json!([twin])),
        _ => created(request),
    };
    let server = Scripted::with(list);
    let create = [
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--from-file",
        "-",
    ];
    env.connected(server.url())
        .args(create)
        .write_stdin(sample())
        .assert()
        .code(6);
    assert!(
        server.lines().iter().all(|line| line.starts_with("GET ")),
        "{:?}",
        server.lines()
    );
    env.connected(server.url())
        .args(create)
        .arg("--allow-duplicate")
        .write_stdin(sample())
        .assert()
        .success();
}

#[test]
fn a_lost_answer_is_looked_up_before_anything_is_repeated() {
    let env = TestEnv::new();
    // The server stores the first POST and closes the connection without an answer.
    let stored = std::sync::Arc::new(std::sync::Mutex::new(None::<Value>));
    let server = {
        let stored = std::sync::Arc::clone(&stored);
        Scripted::with(move |request| {
            let mut stored = stored.lock().unwrap();
            if request.method == "POST" {
                let mut record = request.json();
                record["id"] = json!(ID);
                record.as_object_mut().unwrap().remove("token");
                *stored = Some(record);
                return Reply::Close;
            }
            let items: Vec<Value> = stored.iter().cloned().collect();
            list(items)
        })
    };
    env.connected(server.url())
        .line("credential create --provider kubeconfig --from-file -")
        .write_stdin(sample())
        .assert()
        .success()
        .stdout("credential/team-a created\n");
    posted(&server);
}

#[test]
fn nothing_is_asked_where_nobody_can_answer() {
    let env = TestEnv::new();
    let server = empty_server();
    for (args, message) in [
        (
            vec!["credential", "delete", ID],
            format!(
                "Error: add --confirm to delete credential/{ID}\nHint: --yes, or -y, does the same\n"
            ),
        ),
        (
            credential_create("kubeconfig", "x", &[]),
            "Error: no kubeconfig given\n".to_owned(),
        ),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
            .args(&args)
            .env_clear()
            .envs(env.variables())
            .env("AMBIENT_API_URL", server.url())
            .env("AMBIENT_TOKEN", TOKEN)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(11), "{stderr}");
        assert!(stderr.starts_with(&message), "{stderr}");
    }
    assert_eq!(server.lines(), Vec::<String>::new());
}
