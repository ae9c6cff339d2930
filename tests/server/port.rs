//! The server behind a port, and the event stream (docs/interface/api.md section 9.5).

use std::io::{Read as _, Write as _};
use std::time::Duration;

use acpctl::server::{Fidelity, Options, serve};
use serde_json::json;

use super::support::{Api, options};

#[test]
fn messages_stream_live_and_end_with_the_server() {
    let api = Api::with(Options {
        body_timeout: Some(Duration::from_secs(5)),
        ..options(Fidelity::Recorded)
    });
    let session = api
        .post("/sessions", &json!({"name": "s", "prompt": "first"}))
        .at("id");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let state = api.state.clone();
    let (address, listening) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        super::support::runtime().block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            address.send(listener.local_addr().unwrap()).unwrap();
            serve(listener, state, async {
                let _ = stopped.await;
            })
            .await
            .unwrap();
        });
    });
    let mut connection = std::net::TcpStream::connect(listening.recv().unwrap()).unwrap();
    connection
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let request = format!(
        "GET /api/ambient/v1/sessions/{session}/messages HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut seen = String::new();
    read_until(&mut connection, &mut seen, "\"payload\":\"first\"");
    assert!(
        seen.contains("content-type: text/event-stream")
            && seen.contains("id: 1\ndata: {\"id\":\""),
        "{seen}"
    );
    // Written through another store, as another process would.
    let other = Api::open(&api.directory, options(Fidelity::Recorded));
    other.post(
        &format!("/sessions/{session}/messages"),
        &json!({"payload": "second"}),
    );
    read_until(&mut connection, &mut seen, "\"payload\":\"second\"");
    stop.send(()).unwrap();
    connection.read_to_string(&mut seen).unwrap();
    assert!(seen.ends_with("0\r\n\r\n"), "{seen}");
    server.join().unwrap();
}

fn read_until(connection: &mut std::net::TcpStream, seen: &mut String, text: &str) {
    let mut buffer = [0; 4096];
    while !seen.contains(text) {
        let count = connection.read(&mut buffer).unwrap();
        assert!(count > 0, "the stream ended: {seen}");
        seen.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
}
