//! Stored messages are followed.

use std::io::{BufRead as _, BufReader};

use serde_json::json;

use crate::session::follow::{closed, ended, interrupt, message, sent, spawn, stream};
use crate::support::server::{Scripted, raw};
use crate::support::{TestEnv, streams};

#[test]
fn stored_messages_are_followed_as_text_until_the_server_closes() {
    let env = TestEnv::new();
    let server = Scripted::new([
        closed(&[message(6), message(6), message(8)].concat()),
        raw(
            200,
            "application/json",
            r#"{"id": "s", "phase": "Completed"}"#,
        ),
    ]);
    let output = env
        .connected(server.url())
        .args(["session", "messages", "s", "-f", "--after", "5"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let headers: Vec<&str> = stdout
        .lines()
        .filter(|line| line.starts_with('#'))
        .collect();
    assert_eq!(headers.len(), 2, "{stdout}");
    assert!(headers[0].starts_with("#6 ") && headers[1].starts_with("#8 "));
    let lines = ["GET /sessions/s/messages?after_seq=5", "GET /sessions/s"];
    assert_eq!(server.lines(), lines);
}

#[test]
fn another_sessions_messages_are_not_shown_as_this_ones() {
    let env = TestEnv::new();
    let of = |session: &str| json!({"id": "m6", "session_id": session, "seq": 6, "event_type": "user", "payload": "p"});
    let id = "2abSESS00000000000000000001";
    for (given, owner, code) in [
        ("s", "s", 0),
        ("s", "", 0),
        // A server that finds a session by its name.
        ("s", id, 0),
        ("s", "a-stand-in", 0),
        (id, id, 0),
        (id, "2abOTHR00000000000000000001", 10),
    ] {
        let listed = json!([of(owner)]).to_string();
        let stream = format!("data: {}\n\n", of(owner));
        let server = Scripted::with(move |request| {
            let is_stream = request.header("accept") == Some("text/event-stream");
            match request.target.rsplit('/').next().unwrap() {
                "messages?after_seq=0" if is_stream => closed(&stream),
                "messages?after_seq=0" => raw(200, "application/json", listed.as_str()),
                "history?limit=100" => {
                    let page = format!("{{\"items\": {listed}, \"total\": 1}}");
                    raw(200, "application/json", page)
                }
                _ => {
                    let session = json!({"id": given, "phase": "Completed"});
                    raw(200, "application/json", session.to_string())
                }
            }
        });
        for args in [
            &["messages", given][..],
            &["messages", given, "-f", "--after", "0"],
            &["events-history", given],
        ] {
            let (status, stdout, stderr) = ended(&env, &server, args);
            let context = format!("{args:?} of {owner}: {stdout} {stderr}");
            assert_eq!(status, Some(code), "{context}");
            assert_eq!(stdout.is_empty(), code == 10, "{context}");
            assert_eq!(
                stderr.contains("its session_id is"),
                code == 10,
                "{context}"
            );
        }
    }
}

#[test]
fn live_events_of_another_session_are_refused() {
    let env = TestEnv::new();
    let (own, other) = ("2abSESS00000000000000000001", "2abOTHR00000000000000000001");
    for (field, of, code) in [
        ("sessionId", own, 0),
        ("sessionId", other, 10),
        ("session_id", other, 10),
        // A session can have several threads.
        ("threadId", other, 0),
    ] {
        let body = format!(
            "data: {}\n\ndata: {}\n\n",
            json!({"type": "TEXT_MESSAGE_CONTENT", field: of, "delta": "live words"}),
            json!({"type": "RUN_FINISHED"})
        );
        let server = Scripted::with(move |request| {
            if request.method == "POST" {
                return sent();
            }
            closed(&body)
        });
        for args in [
            &["messages", own, "-f"][..],
            &["messages", own, "-f", "--json"],
            &["events", own],
            &["send", own, "x", "-f"],
        ] {
            let (status, stdout, stderr) = ended(&env, &server, args);
            let context = format!("{args:?} {field} {of}: {stdout} {stderr}");
            assert_eq!(status, Some(code), "{context}");
            assert_eq!(stdout.contains("live words"), code == 0, "{context}");
            let says = format!("its {field} is \"{other}\"");
            assert_eq!(stderr.contains(&says), code == 10, "{context}");
        }
        if code == 10 {
            let mut command = env.connected(server.url());
            let command = command.args(["session", "messages", own, "-F"]);
            command.assert().code(10);
        }
    }
}

/// A stored message of a type, as the stream sends it.
fn stored(seq: i64, event_type: &str) -> String {
    let data = json!({"id": format!("m{seq}"), "session_id": "s", "seq": seq, "event_type": event_type, "payload": "p"});
    format!("id: {seq}\ndata: {data}\n\n")
}

/// The server keeps the stream of messages open when a run ends.
#[test]
fn stored_messages_are_followed_until_the_run_ends() {
    let session = |phase: &str| {
        raw(
            200,
            "application/json",
            json!({"id": "s", "phase": phase}).to_string(),
        )
    };
    let cases = [
        (
            vec![stored(6, "assistant"), stored(7, "RUN_FINISHED")],
            None,
            0,
            2,
        ),
        (
            vec![stored(6, "assistant"), stored(7, "RUN_ERROR")],
            None,
            1,
            2,
        ),
        // The end of an earlier run is not the end.
        (
            vec![
                stored(6, "RUN_ERROR"),
                stored(7, "user"),
                stored(8, "RUN_FINISHED"),
            ],
            None,
            0,
            3,
        ),
        // A run that stores no end: its session's phase tells it.
        (vec![stored(6, "log")], Some("Completed"), 0, 1),
        (vec![stored(6, "log")], Some("Failed"), 1, 1),
    ];
    for (messages, phase, code, count) in cases {
        let env = TestEnv::new();
        let mut replies = vec![stream(messages.concat(), true)];
        replies.extend(phase.map(session));
        let server = Scripted::new(replies);
        let output = env
            .connected(server.url())
            .args(["session", "messages", "s", "-f", "--json", "--after", "5"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{messages:?}: {stderr}");
        assert_eq!(stdout.lines().count(), count, "{stdout}");
    }
}

#[test]
fn a_message_to_a_session_that_does_not_run_says_what_becomes_of_it() {
    let env = TestEnv::new();
    let server = Scripted::new([
        sent(),
        raw(502, "text/plain", "no runner"),
        raw(
            200,
            "application/json",
            "{\"id\": \"s\", \"phase\": \"Completed\"}",
        ),
    ]);
    let output = env
        .connected(server.url())
        .args(["session", "send", "s", "hello", "-f", "--retries", "0"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout, "sent (seq=3)\n");
    assert!(
        stderr.starts_with("Error: stream events: server returned 502 Bad Gateway\n"),
        "{stderr}"
    );
    assert!(
        stderr.contains("Hint: the session is Completed; the message is stored"),
        "{stderr}"
    );
}

/// In a sandbox nothing serves events: 404, or 502 from the proxy of the platform.
#[test]
fn a_session_in_a_sandbox_is_followed_across_closed_streams_until_ctrl_c() {
    for refusal in [404, 502] {
        let env = TestEnv::new();
        let server = Scripted::with(move |request| {
            let path = request.target.trim_start_matches("/api/ambient/v1");
            match path {
                "/sessions/s/events" => raw(refusal, "text/plain", "no runner"),
                "/sessions/s" => raw(
                    200,
                    "application/json",
                    json!({"id": "s", "phase": "Running"}).to_string(),
                ),
                "/platform-info" => raw(200, "application/json", "{\"gateway_mode\": true}"),
                "/sessions/s/messages?after_seq=0" => closed(&message(1)),
                "/sessions/s/messages?after_seq=1" => closed(&[message(1), message(2)].concat()),
                "/sessions/s/messages?after_seq=2" => stream(message(3), true),
                _ => raw(404, "application/json", "{}"),
            }
        });
        let args = ["--retries", "0", "session", "messages", "s", "-F", "--json"];
        let mut child = spawn(&env, server.url(), &args);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for seq in 1..=3 {
            let line = lines.next().expect("the stream goes on").unwrap();
            assert!(line.contains(&format!("message {seq} ")), "{line}");
        }
        interrupt(&child);
        assert!(lines.next().is_none());
        let (_, stderr) = streams(&child.wait_with_output().unwrap());
        assert!(stderr.contains("following its messages"), "{stderr}");
        assert!(!stderr.contains("Error"), "{stderr}");
    }
}
