//! A session's credentials, and its access to the API.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::serve::sessions::{
    SECRET, left, messages, reaches, said, serve, serve_with, session, start, store,
};
use crate::support::run::Line as _;
use crate::support::serve::wait_for;
use crate::support::streams;

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
fn without_a_secret_nothing_is_started() {
    let env = store();
    let server = serve(&env, "touch started");
    env.local()
        .line("credential update kube --no-flatten --skip-validation")
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
