//! Connections that are cut: what came is shown, and nothing is lost or repeated.

use std::io::{BufRead as _, BufReader};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::session::follow::{closed, interrupt, message, sent, spawn, stream};
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
        let output = env
            .connected(server.url())
            .arg("session")
            .args(args)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(9), "{args:?}");
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
        let mut command = env.connected(server.url());
        let output = command.arg("session").args(args).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
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
