//! A server that answers with other objects than those that were meant.

use serde_json::{Value, json};

use super::{CTRL_C, ENTER, ESC, leave};
use crate::support::TestEnv;
use crate::support::pty::start;
use crate::support::server::{Received, Scripted, json as answer, list};

fn requests_to(server: &Scripted, part: &str) -> Vec<String> {
    let lines = server.lines().into_iter();
    lines.filter(|line| line.contains(part)).collect()
}

#[test]
fn one_row_of_credentials_is_never_all_of_them() {
    let env = TestEnv::new();
    let minted = r#"{"acpctl/mint-id":"m1"}"#;
    let server = Scripted::with(move |request| {
        if request.target.contains("/credentials?") {
            list(json!([
                {"id": "--all", "name": "scratch", "provider": "kubeconfig", "annotations": minted},
                {"id": "c2", "name": "zprod", "provider": "kubeconfig", "annotations": minted},
            ]))
        } else {
            list(json!([]))
        }
    });
    let words = ["ambient", "--command", "credentials"];
    let terminal = start(&env, server.url(), &words, 24, 80);
    terminal.wait_for("zprod");
    for key in ["gi", "gr"] {
        terminal.type_text(key);
        terminal.wait_for("It has no usable ID: nothing can be done with it");
        terminal.type_text("?");
        terminal.wait_for("Press Esc");
        terminal.type_text("q");
        terminal.wait_for("credentials(all)[2]");
    }
    leave(&terminal, CTRL_C);
    assert!(requests_to(&server, "/token").is_empty());
}

/// A platform whose agent `lead` of team-a names a session that is one of another agent of team-b.
fn platform(request: &Received) -> crate::support::server::Reply {
    let path = request.target.trim_start_matches("/api/ambient/v1");
    let path = path.split('?').next().unwrap_or_default();
    let session: Value = json!({"id": "s2", "name": "prod-secrets", "project_id": "team-b",
        "agent_id": "a2", "phase": "Running"});
    match path {
        "/projects" => list(json!([{"id": "team-a", "name": "team-a"}])),
        "/projects/team-a/agents" => list(json!([
            {"id": "a1", "name": "lead", "project_id": "team-a", "current_session_id": "s2"},
        ])),
        "/sessions/s2" => answer(200, &session),
        "/sessions/s2/messages" => answer(
            200,
            &json!([{"id": "m1", "seq": 1, "event_type": "user", "payload": "words of prod"}]),
        ),
        _ => list(json!([])),
    }
}

#[test]
fn the_session_of_another_agent_is_neither_shown_nor_stopped_nor_written_to() {
    let env = TestEnv::new();
    let server = Scripted::with(platform);
    let words = ["ambient", "--command", "agents team-a"];
    let terminal = start(&env, server.url(), &words, 24, 80);
    terminal.wait_for("lead");
    terminal.type_text("l");
    let screen = terminal.wait_for("nothing more is read or sent");
    assert!(!screen.contains("words of prod"), "{screen}");
    terminal.type_text("mfor team-a only\r");
    terminal.wait_for("Nothing is sent: this is not the session");
    terminal.type_text(ESC);
    terminal.wait_for("Not sent");
    terminal.type_text("q");
    terminal.wait_for("agents(team-a)[1]");
    terminal.type_text("x");
    terminal.wait_for("Stop the session of agent");
    terminal.type_text("\t");
    terminal.type_text(ENTER);
    terminal.wait_for("Stop agent failed");
    terminal.wait_for("belongs to something else");
    leave(&terminal, CTRL_C);
    assert!(requests_to(&server, "POST").is_empty());
}
