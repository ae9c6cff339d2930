//! `delete`: every page, and a question first.

use serde_json::json;

use crate::nouns::page;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Received, Scripted, json as answer, raw};
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
