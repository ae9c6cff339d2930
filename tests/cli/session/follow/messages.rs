//! Stored messages are followed.

use serde_json::json;

use crate::session::follow::{closed, message, sent, stream};
use crate::support::server::{Scripted, raw};
use crate::support::{TestEnv, streams};

#[test]
fn stored_messages_are_followed_as_text_until_the_server_closes() {
    let env = TestEnv::new();
    let server = Scripted::new([closed(&[message(6), message(6), message(8)].concat())]);
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
    assert_eq!(server.lines(), ["GET /sessions/s/messages?after_seq=5"]);
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
