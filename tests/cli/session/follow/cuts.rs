//! Connections that are cut: what came is shown, and nothing is lost or repeated.

use std::io::{BufRead as _, BufReader};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::session::follow::{closed, ended, interrupt, message, sent, spawn, stream};
use crate::support::process::peak;
use crate::support::server::{Received, Reply, Scripted, raw};
use crate::support::{TestEnv, streams};

#[test]
fn a_broken_stream_shows_what_came() {
    let env = TestEnv::new();
    let body = "data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"delta\":\"part\"}\n\n";
    for (args, shown) in [
        (&["messages", "s", "-f"][..], "\npart\n"),
        (&["events", "s"], "\"part\"}\n"),
        (&["send", "s", "x", "-f"], "\npart\n"),
    ] {
        let server = Scripted::with(move |request| {
            if request.method == "POST" {
                sent()
            } else {
                stream(body, false)
            }
        });
        let (status, stdout, stderr) = ended(&env, &server, args);
        assert_eq!(status, Some(9), "{args:?}");
        assert!(stdout.ends_with(shown), "{args:?}: {stdout}");
        assert_eq!(stderr, "Error: stream error: unexpected EOF\n");
    }
}

/// `-F` names the last event it has read, so that a server that keeps events goes on behind it.
#[test]
fn reconnecting_resumes_behind_the_last_event() {
    let env = TestEnv::new();
    let server = Scripted::new([
        closed("id: 7\ndata: {\"type\":\"RUN_STARTED\"}\n\n"),
        raw(404, "text/plain", "gone"),
    ]);
    env.connected(server.url())
        .args(["session", "messages", "s", "-F"])
        .assert()
        .code(3);
    let received = server.received();
    assert_eq!(received[0].header("last-event-id"), None);
    assert_eq!(received[1].header("last-event-id"), Some("7"));
}

/// How many messages the long stream has, and after how many each connection is cut.
const MESSAGES: usize = 100_000;

const EACH: usize = 1_000;

/// A server that keeps the messages, cuts each connection in the middle of one, and every third time
/// goes on a little before the place that it was asked for.
struct Keeper {
    connections: AtomicUsize,
    /// The client, and its peaks of memory at each connection.
    pid: Mutex<Option<u32>>,
    peaks: Mutex<Vec<u64>>,
}

impl Keeper {
    fn reply(&self, request: &Received) -> Reply {
        let count = self.connections.fetch_add(1, Ordering::SeqCst);
        if let Some(pid) = *self.pid.lock().unwrap() {
            self.peaks.lock().unwrap().extend(peak(pid));
        }
        let last: usize = request.header("last-event-id").unwrap().parse().unwrap();
        if last >= MESSAGES {
            return stream(": nothing more\n\n", true);
        }
        let from = if count % 3 == 2 {
            last.saturating_sub(5)
        } else {
            last
        };
        let to = (last + EACH).min(MESSAGES);
        let mut body: String = (from + 1..=to).map(message).collect();
        let next = message(to + 1);
        body.push_str(&next[..next.len() / 2]);
        stream(body, false)
    }
}

#[test]
fn a_long_stream_with_many_cuts_loses_and_repeats_nothing_in_flat_memory() {
    let env = TestEnv::new();
    let keeper = Arc::new(Keeper {
        connections: AtomicUsize::new(0),
        pid: Mutex::new(None),
        peaks: Mutex::default(),
    });
    let server = {
        let keeper = Arc::clone(&keeper);
        Scripted::with(move |request| keeper.reply(request))
    };
    let args = ["session", "messages", "s", "-F", "--json", "--after", "0"];
    let mut child = spawn(&env, server.url(), &args);
    *keeper.pid.lock().unwrap() = Some(child.id());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for seq in 1..=MESSAGES {
        let line = lines.next().expect("the stream ended early").unwrap();
        let message: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(message["seq"], seq);
    }
    interrupt(&child);
    assert!(lines.next().is_none(), "something was repeated");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{:?}", streams(&output));
    assert!(keeper.connections.load(Ordering::SeqCst) >= MESSAGES / EACH);
    let peaks = keeper.peaks.lock().unwrap();
    let (early, late) = (peaks[peaks.len() / 10], peaks[peaks.len() - 1]);
    assert!(
        late < early + 8 * 1024,
        "{early} KiB after a tenth, {late} KiB at the end"
    );
}

#[test]
fn a_stream_that_ends_in_the_middle_of_a_run_says_so_and_prints_only_json_as_json() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        if request.method == "POST" {
            return sent();
        }
        closed(
            "data: {\"type\":\"RUN_STARTED\"}\n\ndata: {not json}\n\n\
             data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"delta\":\"whole\"}\n\ndata: {\"type\":\"TEXT_MES",
        )
    });
    for (args, code) in [
        (&["messages", "s", "-f"][..], 0),
        (&["messages", "s", "-f", "--json"], 0),
        (&["send", "s", "x", "-f", "--json"], 9),
    ] {
        let (status, stdout, stderr) = ended(&env, &server, args);
        assert_eq!(status, Some(code), "{args:?}: {stderr}");
        assert!(stdout.contains("whole"), "{args:?}: {stdout}");
        assert!(
            !stdout.contains("not json") && !stdout.contains("TEXT_MES\n"),
            "{stdout}"
        );
        let left_out = stderr
            .matches("an event that is not JSON was left out")
            .count();
        assert_eq!(left_out, 2, "{args:?}: {stderr}");
        let cut = stderr
            .matches("the stream ended before the run did")
            .count();
        assert_eq!(cut, 1, "{args:?}: {stderr}");
    }
}

/// What a portal, or a server in trouble, answers in the place of a stream.
fn no_streams() -> [Reply; 4] {
    [
        raw(200, "text/html", "<html>Please sign in</html>"),
        raw(
            200,
            "application/json",
            "{\"kind\":\"Error\",\"reason\":\"no\"}",
        ),
        raw(200, "application/json", "[]"),
        raw(200, "", "data: {\"type\":\"RUN_FINISHED\"}\n\n"),
    ]
}

#[test]
fn an_answer_that_is_no_stream_is_an_error() {
    let env = TestEnv::new();
    for args in [
        &["messages", "s", "-f"][..],
        &["messages", "s", "-f", "--after", "0"],
        &["events", "s"],
        &["send", "s", "x", "-f"],
    ] {
        for reply in no_streams() {
            let server = Scripted::with(move |request| {
                if request.method == "POST" {
                    return sent();
                }
                reply.clone()
            });
            let (status, stdout, stderr) = ended(&env, &server, args);
            assert_eq!(status, Some(10), "{args:?}: {stdout} {stderr}");
            assert!(
                stderr.contains("Error: stream events: the answer is no event stream"),
                "{args:?}: {stderr}"
            );
            assert!(
                stderr.contains("acpctl config get api_url"),
                "{args:?}: {stderr}"
            );
        }
    }
}

/// A session in a sandbox: only its messages can be followed.
fn sandbox(messages: Reply, phase: &'static str) -> Scripted {
    Scripted::with(move |request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match (request.method.as_str(), path.split('?').next().unwrap()) {
            ("POST", _) => sent(),
            (_, "/sessions") => raw(200, "application/json", "{\"items\": [], \"total\": 0}"),
            (_, "/sessions/s/events") => raw(404, "text/plain", "no runner"),
            (_, "/sessions/s") => {
                let session = format!("{{\"id\": \"s\", \"phase\": \"{phase}\"}}");
                raw(200, "application/json", session)
            }
            _ => messages.clone(),
        }
    })
}

#[test]
fn stored_messages_that_end_before_the_run_are_no_success() {
    let env = TestEnv::new();
    let half = message(9);
    let cut = [&message(8), &half[..half.len() / 2]].concat();
    for (args, phase, code) in [
        (&["send", "s", "x", "-f"][..], "Running", 9),
        (&["messages", "s", "-f"], "Running", 9),
        (&["messages", "s", "-f", "--after", "5"], "Running", 9),
        (&["messages", "s", "-f", "--after", "5"], "Completed", 0),
        (&["messages", "s", "-f", "--after", "5"], "Failed", 1),
    ] {
        let server = sandbox(closed(&cut), phase);
        let (status, stdout, stderr) = ended(&env, &server, args);
        let context = format!("{args:?} {phase}: {stdout} {stderr}");
        assert_eq!(status, Some(code), "{context}");
        assert!(stdout.contains("#8 "), "{context}");
        let says = "Error: the stream ended before the run did\n\
                    Hint: to read on behind the last message: acpctl session messages s -f --after 8\n";
        assert_eq!(stderr.ends_with(says), code == 9, "{context}");
    }
    // The last message tells the end of the run.
    let end = "data: {\"seq\": 9, \"event_type\": \"RUN_FINISHED\", \"payload\": \"p\"}\n\n";
    let server = sandbox(closed(end), "Running");
    env.connected(server.url())
        .args(["session", "send", "s", "x", "-f"])
        .assert()
        .success();
}

#[test]
fn a_message_whose_number_nothing_can_follow_hides_none() {
    let env = TestEnv::new();
    let last = format!("data: {{\"seq\": {}, \"payload\": \"p\"}}\n\n", i64::MAX);
    let server = sandbox(
        closed(&[message(6), last, message(7)].concat()),
        "Completed",
    );
    let output = env
        .connected(server.url())
        .args(["session", "messages", "s", "-f", "--after", "5"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stdout.contains("#6 ") && stdout.contains("#7 "), "{stdout}");
}
