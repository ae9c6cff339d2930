//! `config` and `project`: what is set, where it comes from, and changes at the same time.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::login::text;
use crate::support::run::Line as _;
use crate::support::server::{Scripted, json as answer};
use crate::support::{TOKEN, TestEnv, streams};

#[test]
fn parallel_changes_lose_nothing() {
    let env = TestEnv::new();
    env.config(r#"{"theirs": 1}"#);
    let runs = |args: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
            .env_clear()
            .envs(env.variables())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut children = Vec::new();
    for _ in 0..5 {
        children.push(runs(&["config", "set", "project", "p1"]));
        children.push(runs(&["config", "set", "api_url", "https://api.corp.test"]));
        children.push(runs(&["config", "set", "pager", "less"]));
        children.push(runs(&["login", "--token", TOKEN]));
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(
        env.saved(),
        json!({"api_url": "https://api.corp.test", "access_token": TOKEN, "project": "p1", "pager": "less", "theirs": 1})
    );
}

#[test]
fn config_view_tells_origins_and_no_secrets() {
    let env = TestEnv::new();
    env.config(&json!({"access_token": TOKEN, "api_url": "https://api.corp.test"}).to_string());
    let output = env
        .acpctl()
        .env("AMBIENT_PROJECT", "p2")
        .line("config view --origin -o json --request-timeout 5s")
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(!stdout.contains(TOKEN) && !stderr.contains(TOKEN));
    let value: Value = serde_json::from_str(&stdout).unwrap();
    for (key, shown, origin) in [
        ("api_url", "https://api.corp.test", "file"),
        ("access_token", "[REDACTED]", "file"),
        ("project", "p2", "environment"),
        ("request_timeout", "5s", "flag"),
        ("polling_interval", "2s", "default"),
    ] {
        assert_eq!(
            value[key],
            json!({"value": shown, "origin": origin}),
            "{key}"
        );
    }
    env.acpctl()
        .args(["config", "path"])
        .assert()
        .success()
        .stdout(format!("{}\n", env.config_path().display()));
}

#[test]
fn project_is_a_name_or_a_verb() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| answer(200, &json!({"id": "1", "name": "other"})));
    env.connected(server.url())
        .args(["project", "p2"])
        .assert()
        .success()
        .stdout("Switched to project \"p2\"\n");
    env.connected(server.url())
        .args(["project", "--", "list"])
        .assert()
        .success()
        .stdout("Switched to project \"list\"\n");
    assert_eq!(server.lines(), ["GET /projects/p2", "GET /projects/list"]);
    assert_eq!(text(&env.saved(), "project"), "list");
    for args in [&["project"][..], &["project", "current"]] {
        env.acpctl()
            .args(args)
            .assert()
            .success()
            .stdout("Current project: list\n");
    }
    let output = env
        .connected(server.url())
        .args(["project", "set", "Bad_Name"])
        .output()
        .unwrap();
    assert!(
        streams(&output)
            .1
            .starts_with("Error: invalid project name: ")
    );
    assert_eq!(server.lines().len(), 2);
}
