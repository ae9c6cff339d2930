//! `get --watch`: news, failures, interruptions.

use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::nouns::page;
use crate::support::server::{Scripted, error, json as answer, list};
use crate::support::{TOKEN, TestEnv, streams};

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
        list(sessions)
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
        stderr.contains(
            "\nError: too many consecutive errors, stopping watch: ambient API error 500: c — r\n"
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
        list(items)
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

/// On a terminal, the rows have the columns of a list, and fit the window.
#[test]
fn a_watch_fits_the_window() {
    let env = TestEnv::new();
    let long = "a description that is far too long for the window of this terminal, by any measure";
    let projects =
        json!([{"id": "3MX85aKNFVYjNaWSBgG3UcSclTU", "name": "web", "description": long}]);
    let server = Scripted::with(move |_| list(projects.clone()));
    let words = ["get", "projects", "--watch", "--watch-timeout", "1s"];
    let terminal = crate::support::pty::start(&env, server.url(), &words, 24, 80);
    terminal.wait_for("status 0");
    let written = terminal.written();
    let rows: Vec<&str> = written.lines().map(str::trim_end).collect();
    assert!(rows[0].starts_with("EVENT"), "{written}");
    let row = rows.iter().find(|row| row.starts_with("ADDED")).unwrap();
    assert!(row.contains("web") && row.contains("..."), "{row}");
    for row in rows {
        assert!(row.chars().count() <= 80, "{row}");
    }
}
