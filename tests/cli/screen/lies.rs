//! A server that lies in the messages and events of a session: the screen goes on, and nothing leaves its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::{CTRL_C, ENTER, leave};
use crate::support::TestEnv;
use crate::support::pty::{Terminal, start};
use crate::support::server::{Reply, Scripted, json as answer, list};

const CTRL_R: &str = "\x12";

/// A platform with one running session: its events, and the answer to a message that is sent.
fn platform(events: String, sent: Value) -> Scripted {
    let session = json!({"id": "s1", "name": "fix", "project_id": "web", "phase": "Running"});
    Scripted::with(move |request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match path.split('?').next().unwrap_or_default() {
            "/projects" => list(json!([{"id": "web", "name": "web"}])),
            "/sessions" => list(json!([session])),
            "/sessions/s1" => answer(200, &session),
            "/sessions/s1/messages" if request.method == "POST" => answer(201, &sent),
            "/sessions/s1/messages" => answer(200, &json!([])),
            "/sessions/s1/events" => Reply::Stream {
                content_type: "text/event-stream".to_owned(),
                body: events.clone().into_bytes(),
                held: true,
            },
            _ => list(json!([])),
        }
    })
}

/// The page of the session's messages.
fn open(env: &TestEnv, server: &Scripted) -> Terminal {
    let terminal = start(env, server.url(), &["ambient", "-c", "sessions"], 24, 80);
    terminal.wait_for("fix");
    terminal.type_text(ENTER);
    terminal
}

#[test]
fn a_snapshot_of_many_messages_does_not_stop_the_keys() {
    let env = TestEnv::new();
    let message = |n: usize| json!({"role": "assistant", "content": format!("words {n}")});
    let messages: Vec<Value> = (0..300_000).map(message).collect();
    let event = json!({"type": "MESSAGES_SNAPSHOT", "messages": messages});
    let server = platform(format!("data: {event}\n\n"), json!({}));
    let terminal = open(&env, &server);
    terminal.wait_for("words 299999");
    terminal.type_text("?");
    terminal.wait_for("Press Esc");
    leave(&terminal, CTRL_C);
}

#[test]
fn a_pause_without_end_is_ended_by_a_key() {
    let env = TestEnv::new();
    let is_well = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_well);
    let session = json!({"id": "s1", "name": "fix", "project_id": "web", "phase": "Pending"});
    let server = Scripted::with(move |request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match path.split('?').next().unwrap_or_default() {
            "/sessions" => list(json!([session])),
            "/sessions/s1" => answer(200, &session),
            "/sessions/s1/messages" if switch.load(Ordering::SeqCst) => answer(200, &json!([])),
            "/sessions/s1/messages" => Reply::Answer {
                status: 503,
                headers: vec![("Retry-After", "65535".to_owned())],
                body: Vec::new(),
            },
            _ => list(json!([])),
        }
    });
    let terminal = open(&env, &server);
    let screen = terminal.wait_for("(again in");
    assert!(!screen.contains("again in 6553"), "{screen}");
    is_well.store(true, Ordering::SeqCst);
    terminal.type_text(CTRL_R);
    terminal.wait_for("No messages yet.");
    leave(&terminal, CTRL_C);
}

#[test]
fn an_agent_that_has_another_name_is_shown_by_it() {
    let env = TestEnv::new();
    let is_renamed = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_renamed);
    let server = Scripted::with(move |request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        let name = if switch.load(Ordering::SeqCst) {
            "new-lead"
        } else {
            "old-lead"
        };
        match path.split('?').next().unwrap_or_default() {
            "/projects" => list(json!([{"id": "web", "name": "web"}])),
            "/projects/web/agents" => {
                list(json!([{"id": "a1", "name": name, "project_id": "web"}]))
            }
            "/sessions" => {
                list(json!([{"id": "s1", "name": "fix", "project_id": "web", "agent_id": "a1"}]))
            }
            _ => list(json!([])),
        }
    });
    let words = ["ambient", "-c", "sessions web"];
    let terminal = start(&env, server.url(), &words, 24, 120);
    terminal.wait_for("old-lead");
    is_renamed.store(true, Ordering::SeqCst);
    terminal.type_text(":agents web\r");
    terminal.wait_for("new-lead");
    terminal.type_text(":sessions web\r");
    terminal.wait_for("sessions(web)[1]");
    let screen = terminal.wait_for("new-lead");
    assert!(!screen.contains("old-lead"), "{screen}");
    leave(&terminal, CTRL_C);
}

#[test]
fn a_message_counts_as_sent_only_if_the_answer_shows_it() {
    let env = TestEnv::new();
    let other = json!({"id": "m1", "seq": 1, "event_type": "assistant", "payload": "other words"});
    let server = platform(String::new(), other);
    let terminal = open(&env, &server);
    terminal.wait_for("No messages yet.");
    terminal.type_text("mhello\r");
    let screen = terminal.wait_for("Send message failed");
    assert!(!screen.contains("Message sent"), "{screen}");
    leave(&terminal, CTRL_C);
    assert!(!terminal.written().contains("[assistant]"));
}
