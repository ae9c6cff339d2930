//! `whoami` and `version`: who one is, and what both sides are.

use serde_json::{Value, json};

use crate::support::oidc::jwt;
use crate::support::server::{Scripted, json as answer};
use crate::support::{TOKEN, TestEnv, streams};

// whoami, version, config, project

#[test]
fn whoami_reads_the_token_and_asks_nobody() {
    let env = TestEnv::new();
    let token = jwt(&json!({"sub": "alice", "email": "alice@corp.test", "exp": 4_102_444_800.9}));
    env.config(&json!({"access_token": token, "project": "p1"}).to_string());
    env.acpctl().arg("whoami").assert().success().stdout(
        "User:       alice\nEmail:      alice@corp.test\nExpires:    2100-01-01T00:00:00Z\nAPI URL:    http://localhost:8000\nProject:    p1\n",
    );
    env.acpctl()
        .args(["whoami", "-t"])
        .assert()
        .success()
        .stdout(token.clone());
    let output = env
        .acpctl()
        .args(["whoami", "-o", "json"])
        .output()
        .unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["user"], "alice");
    assert!(!streams(&output).0.contains(&token));
    let output = TestEnv::new().acpctl().arg("whoami").output().unwrap();
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn version_tells_both_sides_and_never_fails() {
    let env = TestEnv::new();
    let server = Scripted::new([answer(
        200,
        &json!({"version": "v1.2.3", "git_tag": "v1.2.3-rc1", "build_time": "2026-01-02T03:04:05Z"}),
    )]);
    let output = env.connected(server.url()).arg("version").output().unwrap();
    let stdout = streams(&output).0;
    assert!(stdout.starts_with("Client: "), "{stdout}");
    assert!(
        stdout.ends_with("\nServer: v1.2.3 (tag: v1.2.3-rc1, built: 2026-01-02T03:04:05Z)\n"),
        "{stdout}"
    );
    assert_eq!(
        server.received()[0].header("Authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );

    let output = env
        .connected(server.url())
        .args(["version", "--client"])
        .output()
        .unwrap();
    assert_eq!(streams(&output).0.lines().count(), 1);
    assert_eq!(server.received().len(), 1);

    for (url, words) in [
        (
            "http://127.0.0.1:1",
            "HTTP request failed: Get \"http://127.0.0.1:1/api/ambient/v1/version\": dial tcp 127.0.0.1:1: connect: connection refused",
        ),
        (
            "foo",
            "HTTP request failed: Get \"foo/api/ambient/v1/version\": unsupported protocol scheme \"\"",
        ),
        (
            "http://h:x/",
            "create request: parse \"http://h:x/api/ambient/v1/version\": invalid port \":x\" after host",
        ),
    ] {
        let output = env
            .acpctl()
            .args(["version", "--api-url", url])
            .output()
            .unwrap();
        assert!(output.status.success());
        assert!(
            streams(&output)
                .0
                .ends_with(&format!("\nServer: unavailable ({words})\n")),
            "{}",
            streams(&output).0
        );
    }
}
