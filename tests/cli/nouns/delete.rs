//! `delete`: every page, and a question first.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::nouns::page;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Received, Scripted, error, json as answer, list, raw};
use crate::support::{TestEnv, streams};

#[test]
fn delete_all_takes_every_page() {
    let env = TestEnv::new();
    let server = Scripted::with(|request: &Received| match request.method.as_str() {
        "GET" if request.target.contains("page=1&") => answer(200, &page(0, 500, 502)),
        "GET" => answer(200, &page(499, 3, 502)),
        _ => raw(204, "text/plain", ""),
    });
    env.connected(server.url())
        .args(["delete", "sessions", "-Ay", "--project", "p"])
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
fn a_program_gets_a_document_for_one_object_that_need_not_exist() {
    let env = TestEnv::new();
    let line = "project create web";
    env.local().line(line).assert().success();
    for line in [
        "credential delete c --yes",
        "project delete gone --yes",
        "agent delete a --project web --yes",
        "delete credential c --yes",
        "credential unbind c --project web",
        "stop s",
    ] {
        let line = format!("{line} --ignore-not-found");
        for (format, shown) in [("", ""), (" -o json", "{}\n"), (" -o yaml", "{}\n")] {
            let (code, stdout, stderr) = env.local().line(&format!("{line}{format}")).told();
            assert_eq!(
                (code, stdout.as_str()),
                (Some(0), shown),
                "{line}: {stderr}"
            );
        }
    }
    let several = "project delete gone lost --yes --ignore-not-found -o json";
    let (_, stdout, _) = env.local().line(several).told();
    assert!(stdout.contains("\"items\": []"), "{stdout}");
}

/// A server with one object `x` of each kind, which answers 404 to its deletion. `is_gone` says whether another run has
/// deleted it then, or whether it is still there.
fn another_run_deletes(is_gone: bool) -> Scripted {
    let gone = AtomicBool::new(false);
    let record = json!({
        "id": "x", "name": "x", "provider": "p", "labels": "{\"a\":\"b\"}",
        "credential_id": "x", "project_id": "p", "role_id": "x", "scope": "credential",
    });
    let unknown = || error(404, "ambient-api-server-7", "not found");
    Scripted::with(move |request: &Received| {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        if request.method == "DELETE" {
            gone.store(is_gone, Ordering::SeqCst);
            return unknown();
        }
        let is_there = !gone.load(Ordering::SeqCst);
        match target {
            "/projects/p" => answer(200, &json!({"id": "p", "name": "p"})),
            _ if target.contains('?') && is_there => list(json!([record])),
            _ if target.contains('?') => list(json!([])),
            _ if is_there => answer(200, &record),
            _ => unknown(),
        }
    })
}

/// Another job deletes the object between the look-up and the deletion.
#[test]
fn an_object_that_another_run_has_deleted_meanwhile_does_not_exist() {
    let env = TestEnv::new();
    env.file("p.yaml", "kind: Project\nname: p\n");
    for (line, said) in [
        ("credential delete x --yes --ignore-not-found", ""),
        ("agent delete x --yes --ignore-not-found --project p", ""),
        ("provider delete x --yes --ignore-not-found --project p", ""),
        ("project delete x --ignore-not-found", ""),
        ("delete credential x --yes --ignore-not-found", ""),
        ("delete role-binding x --yes --ignore-not-found", ""),
        ("credential delete -l a=b --yes", "0 credentials deleted\n"),
        (
            "credential unbind x --project p",
            "credential/x is not bound to project/p\n",
        ),
        (
            "apply -f p.yaml --prune -l a=b --yes --project p",
            "project/p unchanged\n",
        ),
    ] {
        let server = another_run_deletes(true);
        let (status, stdout, stderr) = env.connected(server.url()).line(line).told();
        assert_eq!(
            (status, stdout.as_str()),
            (Some(0), said),
            "{line}: {stderr}"
        );
        let deletions = server.lines();
        assert!(
            deletions.iter().any(|it| it.starts_with("DELETE")),
            "{line}"
        );
        // A server that does not delete what it shows is not believed.
        let server = another_run_deletes(false);
        let (status, _, stderr) = env.connected(server.url()).line(line).told();
        assert_ne!(status, Some(0), "{line}: {stderr}");
    }
    let server = another_run_deletes(true);
    let line = "credential delete x --yes";
    let (status, _, stderr) = env.connected(server.url()).line(line).told();
    assert_eq!(status, Some(3), "{stderr}");
}
