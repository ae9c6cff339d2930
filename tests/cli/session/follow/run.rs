//! A run is followed to its end.

use std::io::Read as _;

use serde_json::Value;

use crate::session::follow::{closed, interrupt, sent, spawn, stream};
use crate::support::server::{Scripted, raw};
use crate::support::{TestEnv, streams};

const FINISHED: &str = "data: {\"type\":\"RUN_FINISHED\"}\n\n";

const FAILED: &str = "data: {\"type\":\"RUN_ERROR\",\"message\":\"kaput\"}\n\n";

#[test]
fn following_ends_with_the_run() {
    let text = "data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"delta\":\"hi\"}\n\n";
    let cases: &[(&[&str], &str, i32, &str, &str)] = &[
        (
            &["messages", "s", "-f"],
            FINISHED,
            0,
            "■ run finished\n",
            "",
        ),
        (
            &["messages", "s", "-f"],
            FAILED,
            1,
            "✗ error: kaput\n",
            "Error: run failed\n",
        ),
        (&["messages", "s", "-f"], "", 0, "hi\n", ""),
        (
            &["send", "s", "x", "-f"],
            FINISHED,
            0,
            "■ run finished\n",
            "",
        ),
        (
            &["send", "s", "x", "-f"],
            FAILED,
            1,
            "✗ error: kaput\n",
            "Error: run failed\n",
        ),
        (
            &["send", "s", "x", "-f"],
            "",
            9,
            "hi\n",
            "Error: the stream ended before the run did\n",
        ),
        (
            &["send", "s", "x", "-f", "--json"],
            FINISHED,
            0,
            "{\"type\":\"RUN_FINISHED\"}\n",
            "sent (seq=3)\n",
        ),
        (
            &["send", "s", "x", "-f", "--json"],
            FAILED,
            1,
            "\"kaput\"}\n",
            "sent (seq=3)\nError: run failed\n",
        ),
    ];
    let env = TestEnv::new();
    for (args, end, code, stdout_end, stderr) in cases {
        // A run that ends leaves its stream open: only its end is noticed.
        let reply = if end.is_empty() {
            closed(text)
        } else {
            stream(format!("{text}{end}{text}"), true)
        };
        let server = Scripted::with(move |request| {
            if request.method == "POST" {
                sent()
            } else {
                reply.clone()
            }
        });
        let output = env
            .connected(server.url())
            .arg("session")
            .args(*args)
            .output()
            .unwrap();
        let (stdout, said) = streams(&output);
        assert_eq!(output.status.code(), Some(*code), "{args:?} {end}: {said}");
        assert!(stdout.ends_with(stdout_end), "{args:?}: {stdout}");
        assert_eq!(said, *stderr, "{args:?}");
    }
}

#[test]
fn json_output_is_json_lines_only() {
    let env = TestEnv::new();
    let server = Scripted::new([closed(FINISHED)]);
    let output = env
        .connected(server.url())
        .args(["session", "messages", "s", "-f", "--json"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    for line in stdout.lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    assert!(stderr.starts_with("Streaming events for session s"));
}

#[test]
fn what_will_not_pass_ends_following_at_once() {
    let env = TestEnv::new();
    for (status, name, code) in [
        (401, "Unauthorized", 4),
        (403, "Forbidden", 5),
        (404, "Not Found", 3),
    ] {
        for flags in [&["-F"][..], &["-f"], &["-F", "--after", "0"]] {
            let server = Scripted::with(move |_| raw(status, "text/plain", "no"));
            let output = env
                .connected(server.url())
                .args(["session", "messages", "s"])
                .args(flags)
                .output()
                .unwrap();
            let (_, stderr) = streams(&output);
            assert_eq!(output.status.code(), Some(code), "{flags:?}");
            assert_eq!(
                stderr,
                format!("Error: stream events: server returned {status} {name}\n")
            );
            let lines = server.lines();
            let streams = lines.iter().filter(|line| line.contains("/sessions/s/"));
            assert_eq!(streams.count(), 1, "{lines:?}");
        }
    }
}

#[test]
fn streams_ask_for_no_compression_and_carry_the_project() {
    let env = TestEnv::new();
    let server = Scripted::new([closed("")]);
    env.connected(server.url())
        .args(["--project", "p", "session", "events", "s"])
        .assert()
        .success();
    let request = &server.received()[0];
    assert_eq!(request.line(), "GET /sessions/s/events");
    assert_eq!(request.header("accept"), Some("text/event-stream"));
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    assert_eq!(request.header("x-ambient-project"), Some("p"));
    assert!(request.header("user-agent").unwrap().starts_with("acpctl/"));
}

/// Ctrl-C while a stream is open: what came is complete, and nothing is called an error. A run whose
/// end nobody saw is no success.
#[test]
fn ctrl_c_ends_a_stream() {
    let env = TestEnv::new();
    let body = "data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"delta\":\"part\"}\n\n";
    for (args, code, shown) in [
        (&["messages", "s", "-f"][..], 0, "\npart\n"),
        (&["messages", "s", "-F"], 0, "\npart\n"),
        (&["events", "s"], 0, "\"part\"}\n"),
        (&["send", "s", "x", "-f"], 130, "\npart\n"),
    ] {
        let server = Scripted::with(move |request| {
            if request.method == "POST" {
                sent()
            } else {
                stream(body, true)
            }
        });
        let mut args_all = vec!["session"];
        args_all.extend(args);
        let mut child = spawn(&env, server.url(), &args_all);
        let mut stdout = child.stdout.take().unwrap();
        let mut seen = Vec::new();
        // Only once the text is there is the stream known to be read.
        while !String::from_utf8_lossy(&seen).contains("part") {
            let mut piece = [0; 256];
            let read = stdout.read(&mut piece).unwrap();
            assert_ne!(read, 0, "{args:?} ended early");
            seen.extend_from_slice(&piece[..read]);
        }
        interrupt(&child);
        stdout.read_to_end(&mut seen).unwrap();
        let output = child.wait_with_output().unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(
            String::from_utf8_lossy(&seen).ends_with(shown),
            "{args:?}: {seen:?}"
        );
        assert_eq!(stderr, "", "{args:?}");
    }
}
