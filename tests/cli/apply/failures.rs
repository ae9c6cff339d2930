//! What can't be done is an error, and what was done is told.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::apply::{apply, serve};
use crate::faults::FAULTS;
use crate::support::platform::Platform;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Scripted, error};
use crate::support::{TestEnv, streams};

#[test]
fn only_a_proven_absence_creates() {
    let env = TestEnv::new();
    for manifest in [
        "kind: Project\nname: x\n",
        "kind: Credential\nname: x\nprovider: y\n",
    ] {
        for fault in FAULTS.iter().filter(|fault| fault.name != "404") {
            let server = Scripted::with(|_| (fault.reply)());
            let limit = if fault.name == "hang" { "300ms" } else { "30s" };
            let output = apply(&env, server.url(), &["-f", "-", "-o", "json"])
                .args(["--retries", "0", "--request-timeout", limit])
                .write_stdin(manifest)
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            assert_eq!(
                output.status.code(),
                Some(fault.code),
                "{}: {stderr}",
                fault.name
            );
            let said: Value = serde_json::from_str(&stdout).unwrap();
            assert_eq!(said["error"]["exit_code"], fault.code, "{}", fault.name);
            assert_eq!(server.received().len(), 1, "{}", fault.name);
        }
    }
}

#[test]
fn a_project_is_missing_only_if_the_server_says_so() {
    let env = TestEnv::new();
    let manifest = "kind: Agent\nname: lead\n";
    for (url, code, words) in [
        (
            "http://127.0.0.1:1",
            9,
            "apply agent/lead: look up project \"web\": ",
        ),
        (
            Scripted::with(|_| error(404, "c", "r")).url(),
            3,
            "project \"web\" not found: ",
        ),
    ] {
        let output = apply(&env, url, &["-f", "-"])
            .write_stdin(manifest)
            .output();
        let output = output.unwrap();
        let stderr = streams(&output).1;
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
fn a_failed_search_creates_nothing() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| match request.method.as_str() {
        "GET" if request.target.contains('?') => error(500, "c", "r"),
        "GET" => error(404, "c", "r"),
        _ => panic!("{} {}", request.method, request.target),
    });
    apply(&env, server.url(), &["-f", "-"])
        .write_stdin("kind: Credential\nname: x\nprovider: gitlab\ntoken: t\n")
        .assert()
        .code(10)
        .stderr("Error: apply credential/x: look up credential \"x\": ambient API error 500: c — r\nHint: the server failed: give its operators the operation id op-1\n");
}

#[test]
fn what_was_done_is_told_after_a_failure_too() {
    let env = TestEnv::new();
    let platform = Arc::new(Platform::default());
    let server = {
        let platform = Arc::clone(&platform);
        Scripted::with(move |request| {
            if request.target.contains("/credentials") {
                error(403, "c", "r")
            } else {
                platform.reply(request)
            }
        })
    };
    let output = apply(&env, server.url(), &["-f", "-", "-o", "json"])
        .write_stdin("kind: project\nname: p\n---\nkind: Credential\nname: x\nprovider: y\n")
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(5));
    let done: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        done[0],
        json!({"kind": "Project", "name": "p", "status": "created"})
    );
    assert_eq!(
        (&done[1]["name"], &done[1]["status"]),
        (&json!("x"), &json!("failed"))
    );
    let why = done[1]["error"].as_str().unwrap();
    assert!(why.starts_with("apply credential/x: "), "{why}");
    assert!(stderr.starts_with("Error: apply credential/x: "));
}

#[test]
fn ambiguous_names_are_refused() {
    let env = TestEnv::new();
    for (collection, manifest, message) in [
        (
            "/credentials",
            "kind: Credential\nname: x\nprovider: p\n",
            "multiple credentials named \"x\" found (1, 2)",
        ),
        (
            "/projects/web/agents",
            "kind: Project\nname: web\n---\nkind: Agent\nname: x\n",
            "multiple agents named \"x\" found (1, 2)",
        ),
    ] {
        let twins = [
            json!({"id": "1", "name": "x"}),
            json!({"id": "2", "name": "x"}),
        ];
        let platform = Arc::new(Platform::with(collection, &twins));
        let server = serve(&platform);
        let output = apply(&env, server.url(), &["-f", "-"])
            .write_stdin(manifest)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(6), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
        if collection.ends_with("agents") {
            let list = "agent list --project web";
            assert!(stderr.contains(list), "{stderr}");
        }
    }
}

#[test]
fn the_name_of_a_deleted_project_stays_taken_and_the_hint_says_so() {
    let env = TestEnv::new();
    let local = |line: &str| env.local().line(line).told();
    assert_eq!(local("project create gone").0, Some(0));
    assert_eq!(local("project delete gone --yes").0, Some(0));
    env.file("m.yaml", "kind: Project\nname: gone\n");
    let (status, _, stderr) = local("apply -f m.yaml");
    assert_eq!(status, Some(6), "{stderr}");
    assert!(
        stderr.contains("in a job a new one for each run"),
        "{stderr}"
    );
}

#[test]
fn a_value_that_the_server_would_refuse_halfway_leaves_nothing_half_done() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| panic!("{} {}", request.method, request.target));
    let manifest = "kind: Project\nname: p\n---\nkind: Cluster\nname: c\nrole: worker\n";
    for flags in [
        &["-f", "-"][..],
        &["-f", "-", "--diff"],
        &["-f", "-", "--dry-run"],
    ] {
        let output = apply(&env, server.url(), flags)
            .write_stdin(manifest)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(
            (output.status.code(), stdout.as_str()),
            (Some(7), ""),
            "{stderr}"
        );
        assert!(
            stderr.contains("role is not one of workload, gateway, hybrid"),
            "{stderr}"
        );
    }
    assert!(server.received().is_empty());
}
