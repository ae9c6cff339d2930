//! Servers whose lists and messages are not whole: the screen shows what is not known as such, and says why.

use serde_json::{Value, json};

use super::{CTRL_C, ENTER, leave};
use crate::support::TestEnv;
use crate::support::pty::{Terminal, start_with};
use crate::support::server::{Received, Reply, Scripted, error, json as answer, list};

/// The path of a request below the address of the API, without its query.
fn path(request: &Received) -> &str {
    let path = request.target.trim_start_matches("/api/ambient/v1");
    path.split('?').next().unwrap_or_default()
}

/// A list of which the server counts more objects than it sends.
fn short(items: &Value) -> Reply {
    let count = items.as_array().map_or(0, Vec::len);
    answer(
        200,
        &json!({"kind": "List", "page": 1, "size": count, "total": count + 4, "items": items}),
    )
}

/// Two projects, of which the lists below the first one fail, and one session of several.
fn failing() -> Scripted {
    Scripted::with(|request| match path(request) {
        "/projects" => list(json!([
            {"id": "team-a", "name": "team-a"}, {"id": "team-b", "name": "team-b"},
        ])),
        "/sessions" => short(&json!([
            {"id": "s1", "name": "fix", "project_id": "team-b", "phase": "Running"},
        ])),
        "/projects/team-b/agents" => {
            list(json!([{"id": "a1", "name": "lead", "project_id": "team-b"}]))
        }
        "/projects/team-b/scheduled-sessions" => list(json!([
            {"id": "c1", "name": "night", "project_id": "team-b", "schedule": "0 3 * * *"},
        ])),
        "/credentials" => list(json!([{"id": "cred1", "name": "key", "provider": "github"}])),
        "/role_bindings" => error(500, "internal", "boom"),
        path if path.starts_with("/projects/team-a/") => error(500, "internal", "boom"),
        _ => list(json!([])),
    })
}

fn open(env: &TestEnv, server: &Scripted, command: &str) -> Terminal {
    let words = ["ambient", "--command", command];
    start_with(env, server.url(), &[], "\"$@\"", &words, (24, 130))
}

/// The cells of the row that begins with a name.
fn cells(screen: &str, name: &str) -> Vec<String> {
    let words = |line: &str| -> Vec<String> {
        let line = line.trim_matches('│').trim_start_matches('>');
        line.split_whitespace().map(str::to_owned).collect()
    };
    let mut lines = screen.lines().map(words);
    let found = lines.find(|words| words.first().is_some_and(|first| first == name));
    found.unwrap_or_else(|| panic!("{name} is not in\n{screen}"))
}

#[test]
fn numbers_of_lists_that_fail_are_not_zero() {
    let env = TestEnv::new();
    let server = failing();
    let terminal = open(&env, &server, "projects");
    let lack = "sessions: the list may lack objects: the server counts 5 sessions and sent 1";
    let screen = terminal.wait_for(lack);
    // Status, agents, sessions, running.
    assert_eq!(cells(&screen, "team-a")[1..5], ["active", "?", "0+", "0+"]);
    assert_eq!(cells(&screen, "team-b")[1..5], ["active", "1", "1+", "1+"]);
    terminal.type_text(":pulses\r");
    let screen = terminal.wait_for("pulses(all)[2+]");
    assert_eq!(cells(&screen, "team-b")[1], "1+");
    terminal.type_text(":tree\r");
    let screen = terminal.wait_for("tree(all)[4+]");
    assert!(screen.contains("team-a (agents: ?)"), "{screen}");
    assert!(!screen.contains("team-b (agents"), "{screen}");
    terminal.type_text(":credentials\r");
    let screen = terminal.wait_for("✗ bindings: ");
    assert!(cells(&screen, "key").contains(&"?".to_owned()), "{screen}");
    leave(&terminal, CTRL_C);
}

#[test]
fn a_project_that_fails_is_named_beside_the_rows_of_the_others() {
    let env = TestEnv::new();
    let server = failing();
    let terminal = open(&env, &server, "projects");
    terminal.wait_for("team-b");
    terminal.type_text(":ss team-b\r");
    terminal.wait_for("scheduledsessions(team-b)[1]");
    terminal.type_text("0");
    let screen = terminal.wait_for("scheduledsessions(all)[1+]");
    assert!(screen.contains("night"), "{screen}");
    terminal.wait_for("✗ scheduled-sessions of team-a: ");
    leave(&terminal, CTRL_C);
}

#[test]
fn a_list_with_a_gap_says_so() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| match path(request) {
        "/projects" => list(json!([{"id": "web", "name": "web"}])),
        "/roles" => short(&json!([{"id": "r1", "name": "viewer"}])),
        _ => list(json!([])),
    });
    let terminal = open(&env, &server, "roles");
    terminal.wait_for("roles(all)[1 of 5]");
    terminal.wait_for("✗ the list may lack objects: the server counts 5 roles and sent 1");
    leave(&terminal, CTRL_C);
}

/// A platform with one session, and its messages.
fn with_messages(messages: impl Fn(&Received) -> Value + Send + Sync + 'static) -> Scripted {
    let session = json!({"id": "s1", "name": "fix", "project_id": "web", "phase": "Completed"});
    Scripted::with(move |request| match path(request) {
        "/projects" => list(json!([{"id": "web", "name": "web"}])),
        "/sessions" => list(json!([session])),
        "/sessions/s1" => answer(200, &session),
        "/sessions/s1/messages" => answer(200, &messages(request)),
        _ => list(json!([])),
    })
}

#[test]
fn an_answer_without_messages_is_no_empty_session() {
    let message = |session: &str| {
        json!({"id": "m1", "session_id": session, "seq": 1, "event_type": "user",
            "payload": "words of another"})
    };
    for (body, why) in [
        (json!({"kind": "Error"}), "no list of messages"),
        (json!({}), "no list of messages"),
        (json!("x"), "no list of messages"),
        (json!(null), "no list of messages"),
        (json!([null, 1]), "json"),
        (
            json!([{"error": "unauthorized"}]),
            "not a message: it has no number",
        ),
        (
            json!([{"seq": 0, "event_type": "user"}]),
            "not a message: it has no number",
        ),
        (json!([{"seq": 1}]), "not a message: it has no type"),
        (json!([message("s2")]), "one of another session: s2"),
    ] {
        let env = TestEnv::new();
        let server = with_messages(move |_| body.clone());
        let terminal = open(&env, &server, "sessions");
        terminal.wait_for("fix");
        terminal.type_text(ENTER);
        let screen = terminal.wait_for("No messages: see the last line.");
        assert!(screen.contains(why), "{why} {screen}");
        leave(&terminal, CTRL_C);
        assert!(!terminal.written().contains("words of another"));
    }
}

#[test]
fn one_large_number_does_not_end_the_messages() {
    let env = TestEnv::new();
    let message = |seq: i64, payload: &str| json!({"id": seq.to_string(), "session_id": "s1", "seq": seq, "event_type": "user", "payload": payload});
    let server = with_messages(move |request| match request.target.rsplit_once('=') {
        Some((_, "0")) => json!([message(1, "first words"), message(i64::MAX, "far words")]),
        Some((_, "1")) => json!([message(2, "next words")]),
        _ => json!([]),
    });
    let terminal = open(&env, &server, "sessions");
    terminal.wait_for("fix");
    terminal.type_text(ENTER);
    terminal.wait_for("far words");
    terminal.wait_for("next words");
    leave(&terminal, CTRL_C);
}

#[test]
fn an_edit_of_an_object_without_a_time_of_change_compares_its_fields() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::new();
    let agent =
        |prompt: &str| json!({"id": "a1", "name": "lead", "project_id": "web", "prompt": prompt});
    let server = Scripted::with(move |request| match path(request) {
        "/projects" => list(json!([{"id": "web", "name": "web"}])),
        "/projects/web/agents" => list(json!([agent("Leads")])),
        "/projects/web/agents/a1" => answer(200, &agent("Follows")),
        _ => list(json!([])),
    });
    let editor = env.file("editor", "#!/bin/sh\nsed -i 's/Leads/Leads all/' \"$1\"\n");
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let editor = editor.to_string_lossy().into_owned();
    let words = ["ambient", "--command", "agents web"];
    let editor = [("EDITOR", editor.as_str())];
    let terminal = start_with(&env, server.url(), &editor, "\"$@\"", &words, (24, 100));
    terminal.wait_for("lead");
    terminal.type_text("e");
    terminal.wait_for("[Update]");
    terminal.type_text(ENTER);
    terminal.wait_for("somebody else has changed it meanwhile");
    leave(&terminal, CTRL_C);
    let lines = server.lines();
    assert!(
        lines.iter().all(|line| line.starts_with("GET ")),
        "{lines:?}"
    );
}

#[test]
fn a_failure_among_several_changes_stays_on_the_last_line() {
    let env = TestEnv::new();
    let agent =
        |n: u8| json!({"id": format!("id{n}"), "name": format!("aa{n}"), "project_id": "web"});
    let server = Scripted::with(
        move |request| match (request.method.as_str(), path(request)) {
            ("DELETE", "/projects/web/agents/id2") => error(500, "internal", "boom"),
            ("DELETE", _) => answer(204, &json!({})),
            (_, "/projects") => list(json!([{"id": "web", "name": "web"}])),
            (_, "/projects/web/agents") => list(json!([agent(1), agent(2), agent(3)])),
            _ => list(json!([])),
        },
    );
    let terminal = open(&env, &server, "agents web");
    terminal.wait_for("aa3");
    // Ctrl-Space marks all.
    terminal.type_text("\0");
    terminal.wait_for("3 marked");
    terminal.type_text("\x04");
    terminal.wait_for("aa2 (id2)");
    terminal.type_text("\t\r");
    let screen = terminal.wait_for("Agent deleted (2 of 3); aa2: Delete agent failed: ");
    assert!(screen.contains("<1 marked>"), "{screen}");
    leave(&terminal, CTRL_C);
}

#[test]
fn a_project_that_can_not_be_looked_up_is_not_taken_for_one_that_exists() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| match path(request) {
        "/projects" => error(503, "away", "come back"),
        _ => list(json!([])),
    });
    let terminal = start_with(&env, server.url(), &[], "\"$@\"", &["ambient"], (24, 100));
    terminal.wait_for("come back");
    terminal.type_text(":project nosuch\r");
    terminal.wait_for("nosuch may not exist: the projects could not be read: ");
    leave(&terminal, CTRL_C);
    // A server that does not answer yet.
    let server = Scripted::with(|request| match path(request) {
        "/projects" => Reply::Hang,
        _ => list(json!([])),
    });
    let terminal = start_with(&env, server.url(), &[], "\"$@\"", &["ambient"], (24, 100));
    terminal.wait_for("Loading...");
    terminal.type_text(":sessions nosuch\r");
    terminal.wait_for("nosuch is not checked: the projects are not read yet");
    leave(&terminal, CTRL_C);
}

#[test]
fn live_events_of_another_session_are_not_shown() {
    let id = |n: u8| format!("2abcdefghijklmnopqrstuvwx{n:02}");
    for field in ["sessionId", "session_id"] {
        let env = TestEnv::new();
        let session = json!({"id": id(1), "name": "fix", "project_id": "web", "phase": "Running"});
        let event = |of: String, delta: &str| {
            let event = json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": delta, field: of, "delta": delta});
            format!("data: {event}\n\n")
        };
        let body = event(id(1), "words of this") + &event(id(2), "words of another");
        let server = Scripted::with(move |request| match path(request).rsplit('/').next() {
            Some("projects") => list(json!([{"id": "web", "name": "web"}])),
            Some("sessions") => list(json!([session])),
            Some("messages") => answer(200, &json!([])),
            Some("events") => Reply::Stream {
                content_type: "text/event-stream".to_owned(),
                body: body.clone().into_bytes(),
                held: true,
            },
            _ => answer(200, &session),
        });
        let terminal = open(&env, &server, "sessions");
        terminal.wait_for("fix");
        terminal.type_text(ENTER);
        terminal.wait_for("words of this");
        terminal.wait_for("live events are no longer followed: ");
        terminal.wait_for(&format!("its {field} is"));
        leave(&terminal, CTRL_C);
        assert!(!terminal.written().contains("words of another"));
    }
}

#[test]
fn sessions_of_projects_and_phases_that_are_not_known_are_counted() {
    let env = TestEnv::new();
    let session = |n: u8, project: &str, phase: &str| json!({"id": format!("s{n}"), "name": format!("job{n}"), "project_id": project, "phase": phase});
    let sessions = json!([
        session(1, "web", "Running"),
        session(2, "web", "Paused"),
        session(3, "gone", "Failed"),
        session(4, "", "Running"),
    ]);
    let server = Scripted::with(move |request| match path(request) {
        "/projects" => list(json!([{"id": "web", "name": "web"}])),
        "/sessions" => list(sessions.clone()),
        _ => list(json!([])),
    });
    let terminal = open(&env, &server, "pulses");
    let screen = terminal.wait_for("pulses(all)[3]");
    // Sessions, pending, creating, running, stopping, stopped, completed, failed, other.
    let counts = ["2", "0", "0", "1", "0", "0", "0", "0", "1"];
    assert_eq!(cells(&screen, "web")[1..10], counts);
    assert_eq!(cells(&screen, "gone")[1], "1");
    assert_eq!(cells(&screen, "(none)")[1], "1");
    terminal.type_text(":tree\r");
    let screen = terminal.wait_for("tree(all)[7]");
    for name in ["gone", "job3", "(none)", "job4"] {
        assert!(screen.contains(name), "{name}: {screen}");
    }
    leave(&terminal, CTRL_C);
}

#[test]
fn a_message_that_fails_comes_back_and_a_paste_that_is_too_long_is_said() {
    let env = TestEnv::new();
    let session = json!({"id": "s1", "name": "fix", "project_id": "web", "phase": "Completed"});
    let server = Scripted::with(
        move |request| match (request.method.as_str(), path(request)) {
            ("POST", _) => error(503, "away", "come back"),
            (_, "/projects") => list(json!([{"id": "web", "name": "web"}])),
            (_, "/sessions") => list(json!([session])),
            (_, "/sessions/s1") => answer(200, &session),
            (_, "/sessions/s1/messages") => answer(200, &json!([])),
            _ => list(json!([])),
        },
    );
    let terminal = open(&env, &server, "sessions");
    terminal.wait_for("fix");
    terminal.type_text(ENTER);
    terminal.wait_for("messages(fix)");
    terminal.type_text("mwritten words\r");
    terminal.wait_for("Send message failed: ");
    terminal.type_text("m");
    terminal.wait_for("> send message: written words");
    let pasted = "x".repeat(10_000);
    terminal.type_text(&format!("\x1b[200~{pasted}\x1b[201~"));
    terminal.wait_for("5917 characters of the pasted text do not fit and are left out");
    leave(&terminal, CTRL_C);
}
