//! Following sessions: ends of runs, cut connections, resuming, refusals, Ctrl-C.

mod cuts;
mod messages;
mod run;

use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::run::Run as _;
use crate::support::server::{Reply, Scripted, raw};
use crate::support::{TOKEN, TestEnv};

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

/// Runs a command of `session` to its end. Returns its status and what it wrote.
fn ended(env: &TestEnv, server: &Scripted, args: &[&str]) -> (Option<i32>, String, String) {
    env.connected(server.url()).arg("session").args(args).told()
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

fn message(seq: usize) -> String {
    let payload = format!("message {seq} with a text of an ordinary length");
    let message = json!({
        "id": format!("m{seq}"), "session_id": "s", "seq": seq, "event_type": "user",
        "payload": payload, "created_at": "2026-12-01T00:00:00Z",
    });
    format!("id: {seq}\ndata: {message}\n\n")
}
