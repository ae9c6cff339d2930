//! Memory and connections under load.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use crate::support::TestEnv;
use crate::support::process::peak;
use crate::support::serve::{LIMIT, Serve, wait_for};

#[test]
fn all_messages_of_a_session_take_little_memory() {
    const COUNT: usize = 60;
    let env = TestEnv::new();
    let server = Serve::start(&env, &[]);
    let session = server.json("POST", "/sessions", "{\"name\":\"s\"}");
    let messages = format!("/sessions/{}/messages", session["id"].as_str().unwrap());
    let text = "x".repeat(900 << 10);
    let payload = |number: usize| format!("{number} {text}");
    for number in 0..COUNT {
        let body = serde_json::json!({"payload": payload(number)});
        server.json("POST", &messages, &body.to_string());
    }
    let before = peak(server.id());
    let found = server.json("GET", &messages, "");
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), COUNT);
    for (number, message) in found.iter().enumerate() {
        assert_eq!(message["payload"], payload(number));
    }
    let later = server.json("GET", &format!("{messages}?after_seq={}", COUNT - 1), "");
    assert_eq!(later.as_array().unwrap().len(), 1);
    if let (Some(before), Some(after)) = (before, peak(server.id())) {
        let used = after - before;
        assert!(used < 20 << 10, "{used} kB for {COUNT} messages");
    }
}

#[test]
fn a_large_token_takes_a_few_times_its_size() {
    const MIB: usize = 20;
    let env = TestEnv::new();
    let server = Serve::start(&env, &[]);
    let small = serde_json::json!({"name": "n", "provider": "jira", "token": "a-token-0123456789"});
    server.json("POST", "/credentials", &small.to_string());
    let Some(before) = peak(server.id()) else {
        return;
    };
    let token = "x".repeat(MIB << 20);
    let body = serde_json::json!({"name": "n", "provider": "jira", "token": token});
    let created = server.json("POST", "/credentials", &body.to_string());
    let times = |used: u64| used / (MIB << 10) as u64;
    let written = times(peak(server.id()).unwrap() - before);
    let place = format!("/credentials/{}/token", created["id"].as_str().unwrap());
    assert_eq!(server.json("GET", &place, "")["token"], token);
    let read = times(peak(server.id()).unwrap() - before);
    assert!(
        written < 6 && read < 6,
        "{written} and {read} times its size"
    );
}

/// Streams stay open for hours: others get through all the same.
#[test]
fn event_streams_leave_room_for_other_requests() {
    let env = TestEnv::new();
    let server = Serve::with_descriptors(&env, 64);
    let session = server.json("POST", "/sessions", "{\"name\":\"s\"}");
    let host = server.url.trim_start_matches("http://").to_owned();
    let open = || {
        let mut stream = TcpStream::connect(&host).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let id = session["id"].as_str().unwrap();
        let head = format!(
            "GET /api/ambient/v1/sessions/{id}/messages HTTP/1.1\r\nHost: {host}\r\n\
             Accept: text/event-stream\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        (stream, line.split(' ').nth(1).unwrap().to_owned())
    };
    // Half of the descriptors are for connections, three quarters of those for streams.
    let mut streams: Vec<TcpStream> = Vec::new();
    for number in 0..24 {
        let (stream, status) = open();
        assert_eq!(status, "200", "{number}");
        streams.push(stream);
    }
    assert_eq!(open().1, "503");
    assert_eq!(server.request("GET", "/projects", "").0, 200);
    streams.pop();
    wait_for("room for a stream", || (open().1 == "200").then_some(()));
}

#[test]
fn a_large_body_takes_little_memory() {
    let env = TestEnv::new();
    let server = Serve::start(&env, &[]);
    let Some(before) = peak(server.id()) else {
        return;
    };
    let items = 10 << 20;
    for body in [
        format!("{{\"name\":[{}0]}}", "0,".repeat(items)),
        format!("{{{}\"name\":0}}", "\"a\":[],".repeat(items / 4)),
    ] {
        assert_eq!(server.request("POST", "/projects", &body).0, 400);
        let used = peak(server.id()).unwrap() - before;
        let allowed = 3 * (20 << 10);
        assert!(used < allowed, "{used} kB for a body of 20 MiB");
    }
}
