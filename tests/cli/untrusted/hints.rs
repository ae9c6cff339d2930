//! Hints: commands that do the same as this run, and what is missing.

use crate::support::run::{Line as _, credential_create};
use crate::support::server::{Scripted, raw};
use crate::support::{TOKEN, TestEnv, streams};
use crate::untrusted::KUBECONFIG;

#[test]
fn a_suggested_command_does_the_same_as_this_run() {
    let env = TestEnv::new();
    let config = env.file("k.yaml", KUBECONFIG);
    let file = config.to_str().unwrap();
    let create = credential_create("kubeconfig", "it's", &["--from-file", file]);
    env.local().args(&create).assert().success();
    env.file("k.yaml", KUBECONFIG.replace("token: ", "token: other-"));
    let output = env.local().args(&create).output().unwrap();
    let (_, stderr) = streams(&output);
    assert!(
        stderr.contains("acpctl --local credential update 'it'\\''s' "),
        "{stderr}"
    );
    let server = Scripted::with(|_| raw(401, "application/json", "{}"));
    let mut command = env.connected("http://127.0.0.1:9");
    command.env_remove("AMBIENT_API_URL");
    let output = command
        .arg("--api-url")
        .arg(server.url())
        .line("--insecure-skip-tls-verify project list")
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    let flags = format!(
        "acpctl --api-url={} --insecure-skip-tls-verify login URL",
        server.url()
    );
    assert!(stderr.contains(&flags), "{stderr}");
    for args in [&["credential", "list"][..], &["whoami"]] {
        let output = env.acpctl().args(args).output().unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(4));
        let mut lines = stderr.lines();
        assert_eq!(
            lines.next(),
            Some("Error: not logged in; run 'acpctl login' first")
        );
        let hint = lines.next().unwrap();
        for way in [
            "acpctl login URL",
            "AMBIENT_API_URL",
            "AMBIENT_TOKEN",
            "--local",
        ] {
            assert!(hint.contains(way), "{hint}");
        }
    }
}

#[test]
fn a_refusal_says_what_is_missing() {
    let env = TestEnv::new();
    for (line, first, hint) in [
        (
            "credential token",
            "Error: accepts 1 arg(s), received 0",
            "Hint: missing CREDENTIAL; usage: acpctl credential token <CREDENTIAL> [flags]",
        ),
        (
            "credential token a b",
            "Error: accepts 1 arg(s), received 2",
            "Hint: unexpected argument \"b\"; usage: acpctl credential token <CREDENTIAL> [flags]",
        ),
        (
            "config set project",
            "Error: accepts 2 arg(s), received 1",
            "Hint: missing VALUE; usage: acpctl config set <KEY> <VALUE> [flags]",
        ),
        (
            "credential list --provider",
            "Error: flag needs an argument: --provider",
            "Hint: write --provider PROVIDER",
        ),
        (
            "credential create --mint",
            "Error: flag needs an argument: --mint",
            "Hint: write --mint ROLE: view-no-secrets|edit-no-secrets|debug, or a cluster role's name",
        ),
    ] {
        let output = env.acpctl().args(line.split(' ')).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}");
        let (_, stderr) = streams(&output);
        assert_eq!(stderr, format!("{first}\n{hint}\n"), "{line}");
    }
}

#[test]
fn a_page_for_browsers_and_an_empty_answer_are_named() {
    let env = TestEnv::new();
    for (reply, says) in [
        (
            raw(200, "text/html", "<!doctype html><p>Log in"),
            "the answer is HTML, not the ACP API",
        ),
        (
            raw(200, "application/json", "\n<html>"),
            "the answer is HTML, not the ACP API",
        ),
        (
            raw(503, "text/html", "<html>busy"),
            "the answer is HTML, not the ACP API",
        ),
        (
            raw(200, "application/json", ""),
            "unexpected end of JSON input",
        ),
        (
            raw(201, "application/json", ""),
            "unexpected end of JSON input",
        ),
    ] {
        let server = Scripted::with(move |_| reply.clone());
        for args in [
            &["project", "list"][..],
            &["get", "project", "x"],
            &["create", "project", "--name", "x"],
            &["create", "session", "--name", "x", "--project-id", "p"],
            &["session", "messages", "s"],
            &["stop", "s"],
        ] {
            let mut command = env.connected(server.url());
            let output = command
                .args(args)
                .args(["--retries", "0"])
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            assert_eq!(output.status.code(), Some(10), "{args:?} {stdout}{stderr}");
            assert!(stderr.contains(says), "{args:?} {stderr}");
        }
    }
}

#[test]
fn a_token_with_a_line_end_is_taken_and_one_that_can_not_be_sent_is_named() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| raw(200, "application/json", "{\"items\":[]}"));
    for end in ["\n", "\r\n", "\r"] {
        let mut command = env.connected(server.url());
        command.env("AMBIENT_TOKEN", format!("{TOKEN}{end}"));
        command.args(["project", "list"]).assert().success();
    }
    let sent = server.received();
    let bearer = format!("Bearer {TOKEN}");
    assert!(
        sent.iter()
            .all(|request| request.header("Authorization") == Some(&bearer))
    );
    let mut command = env.connected(server.url());
    command.env("AMBIENT_TOKEN", format!("{TOKEN}\nx"));
    let output = command.args(["project", "list"]).output().unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(
        stderr.contains("AMBIENT_TOKEN") && !stderr.contains("canary"),
        "{stderr}"
    );
}
