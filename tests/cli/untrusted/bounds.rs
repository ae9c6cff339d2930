//! Answers have bounds.

use std::io::Write as _;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::server::{Reply, Scripted, raw};
use crate::support::{TOKEN, TestEnv, streams};

fn gzip(pieces: impl Iterator<Item = Vec<u8>>) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    pieces.for_each(|piece| encoder.write_all(&piece).unwrap());
    Reply::Answer {
        status: 200,
        headers: vec![
            ("Content-Type", "application/json".to_owned()),
            ("Content-Encoding", "gzip".to_owned()),
        ],
        body: encoder.finish().unwrap(),
    }
}

#[test]
fn a_small_answer_does_not_become_a_large_one() {
    let env = TestEnv::new();
    let head = b"{\"total\":1,\"items\":[".to_vec();
    let packed =
        gzip(std::iter::once(head.clone()).chain((0..2200).map(|_| b"{},".repeat(10_000))));
    let plain = [head, b"{},".repeat(3_000_000), b"{}]}".to_vec()].concat();
    for (reply, says, code) in [
        (packed, "grows more than 100-fold by unpacking", 9),
        (
            raw(200, "application/json", plain),
            "holds too many values",
            9,
        ),
    ] {
        let server = Scripted::with(move |_| reply.clone());
        let output = env
            .connected(server.url())
            .args(["project", "list"])
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(says), "{stderr}");
    }
    // What is packed as usual is read.
    let items =
        (0..900).map(|n| format!("{{\"id\":\"p{n}\",\"name\":\"project-{n}\"}},").into_bytes());
    let whole = std::iter::once(b"{\"total\":901,\"items\":[".to_vec())
        .chain(items)
        .chain(std::iter::once(b"{\"id\":\"last\"}]}".to_vec()));
    let reply = gzip(whole);
    let server = Scripted::with(move |_| reply.clone());
    let output = env
        .connected(server.url())
        .args(["project", "list", "-o", "name"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout.lines().count(), 901, "{stderr}");
    assert_eq!(server.received()[0].header("Accept-Encoding"), Some("gzip"));
}

#[test]
fn a_list_without_end_is_an_error() {
    let env = TestEnv::new();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let server = Scripted::with(move |_| {
        let n = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let body = format!("{{\"total\":1000000000,\"items\":[{{\"id\":\"p{n}\"}}]}}");
        raw(200, "application/json", body)
    });
    let output = env
        .connected(server.url())
        .args(["project", "list"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        (output.status.code(), stdout.as_str()),
        (Some(10), ""),
        "{stderr}"
    );
    assert!(
        stderr.starts_with("Error: list projects: the list does not end: "),
        "{stderr}"
    );
}

#[test]
fn a_long_id_of_an_event_is_an_error_and_takes_no_memory() {
    let env = TestEnv::new();
    // Each event of a stream carries the last id: copies of this one would take 8 GB.
    let events = format!("id: {}\n", "x".repeat(4 << 20)) + &"data\n\n".repeat(2000);
    let server = Scripted::with(move |_| raw(200, "text/event-stream", events.clone()));
    for words in [&["messages", "s", "-f"][..], &["events", "s"]] {
        let limited = "ulimit -v 2000000; exec \"$0\" \"$@\"";
        let output = Command::new("sh")
            .args(["-c", limited, env!("CARGO_BIN_EXE_acpctl"), "session"])
            .args(words)
            .env_clear()
            .envs(env.variables())
            .env("AMBIENT_API_URL", server.url())
            .env("AMBIENT_TOKEN", TOKEN)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        let why = "the id of an event is longer than 1 KiB";
        assert!(stderr.contains(why), "{words:?}: {stderr}");
        assert!(output.status.code().is_some_and(|code| code != 0));
    }
}
