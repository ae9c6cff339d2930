//! Following sessions: ends of runs, cut connections, resuming, refusals, Ctrl-C.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::server::{Received, Reply, Scripted, raw};
use crate::support::{TOKEN, TestEnv, streams};

const FINISHED: &str = "data: {\"type\":\"RUN_FINISHED\"}\n\n";
const FAILED: &str = "data: {\"type\":\"RUN_ERROR\",\"message\":\"kaput\"}\n\n";

fn stream(body: impl Into<Vec<u8>>, held: bool) -> Reply {
    Reply::Stream {
        content_type: "text/event-stream".to_owned(),
        body: body.into(),
        held,
    }
}

/// A whole answer: the server closes the stream in good order.
fn closed(body: &str) -> Reply {
    raw(200, "text/event-stream", body)
}

fn sent() -> Reply {
    raw(201, "application/json", "{\"seq\":3}")
}

/// Starts the program with both streams in pipes.
fn spawn(env: &TestEnv, url: &str, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", url)
        .env("AMBIENT_TOKEN", TOKEN)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn interrupt(child: &Child) {
    let pid = Pid::from_child(child);
    kill_process(pid, Signal::INT).unwrap();
}

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

fn message(seq: usize) -> String {
    let payload = format!("message {seq} with a text of an ordinary length");
    let message = json!({
        "id": format!("m{seq}"), "session_id": "s", "seq": seq, "event_type": "user",
        "payload": payload, "created_at": "2026-12-01T00:00:00Z",
    });
    format!("id: {seq}\ndata: {message}\n\n")
}

/// The most memory that a process has used, in KiB; nothing of one that has ended.
fn peak(pid: u32) -> Option<usize> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A server that keeps the messages, cuts each connection in the middle of one, and every third time
/// goes on a little before the place that it was asked for.
struct Keeper {
    connections: AtomicUsize,
    /// The client, and its peaks of memory at each connection.
    pid: Mutex<Option<u32>>,
    peaks: Mutex<Vec<usize>>,
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
