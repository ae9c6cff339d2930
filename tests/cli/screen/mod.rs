//! The screen of `acpctl ambient` on a terminal, against the embedded API and against servers that fail.

mod binding;
mod gaps;
mod lies;
mod meant;
mod outcomes;
mod servers;
mod typed;
mod walk;

use serde_json::json;

use crate::support::TestEnv;
use crate::support::pty::{Terminal, start, start_with};
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Scripted, json as answer, list};

const CTRL_C: &str = "\x03";
const ESC: &str = "\x1b";
const ENTER: &str = "\r";

/// A screen on the embedded API, once it shows something.
fn open(env: &TestEnv, size: (u16, u16), words: &[&str]) -> Terminal {
    let words = [&["--local", "ambient"], words].concat();
    let terminal = start(env, "local:", &words, size.0, size.1);
    terminal.wait_for("<projects>");
    terminal
}

fn with_project() -> TestEnv {
    let env = TestEnv::new();
    for line in [
        "create project --name team-a --description First",
        "agent create --project-id team-a --name lead --prompt Leads",
    ] {
        env.local().line(line).assert().success();
    }
    env
}

/// Leaves the screen, and checks that the terminal is as a shell wants it.
fn leave(terminal: &Terminal, keys: &str) {
    terminal.type_text(keys);
    terminal.wait_for("status 0");
    assert!(terminal.is_sane(), "the terminal is given back");
}

#[test]
fn a_walk_from_projects_to_messages_and_back_works_on_the_embedded_api() {
    let env = with_project();
    for size in [(15, 60), (24, 80), (50, 200)] {
        let terminal = open(&env, size, &[]);
        terminal.wait_for("team-a");
        terminal.type_text(ENTER);
        terminal.wait_for("lead");
        terminal.wait_for("agents(team-a)[1]");
        terminal.type_text("?");
        terminal.wait_for("Press Esc");
        terminal.type_text(ESC);
        terminal.wait_for("agents(team-a)");
        terminal.type_text(":credentials\r");
        terminal.wait_for("credentials(");
        leave(&terminal, CTRL_C);
    }
}

#[test]
fn an_agent_is_started_written_to_and_deleted_by_keys() {
    let env = with_project();
    let terminal = open(&env, (30, 100), &["--command", "agents team-a"]);
    terminal.wait_for("lead");
    terminal.type_text("s");
    terminal.wait_for("<Start Agent>");
    terminal.type_text("do it\r");
    terminal.wait_for("Agent started");
    terminal.wait_for("session");
    terminal.type_text(ENTER);
    terminal.wait_for("sessions(lead)[1]");
    terminal.type_text(ENTER);
    terminal.wait_for("messages(lead/");
    terminal.type_text("mhello there\r");
    terminal.wait_for("Message sent");
    terminal.wait_for("hello there");
    terminal.type_text(ESC);
    terminal.wait_for("sessions(lead)");
    terminal.type_text(ESC);
    terminal.wait_for("agents(team-a)");
    terminal.type_text("\x04");
    terminal.wait_for("[Cancel]");
    terminal.type_text("\t\r");
    terminal.wait_for("agents(team-a)[0]");
    leave(&terminal, ":q\r");
    let agents = env
        .local()
        .line("agent list --project-id team-a -o json")
        .stdout();
    assert!(!agents.contains("lead"), "{agents}");
}

#[test]
fn bug_39_no_key_is_lost_when_many_come_at_once() {
    let env = TestEnv::new();
    for n in 0..5 {
        let name = format!("p-{n}");
        env.local()
            .args(["create", "project", "--name", &name])
            .assert()
            .success();
    }
    let terminal = open(&env, (24, 80), &[]);
    terminal.wait_for("p-4");
    terminal.type_text("jjj");
    terminal.wait_for("> p-3");
    leave(&terminal, "q");
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let env = with_project();
    for (signal, status) in [
        ("TERM", 143),
        ("HUP", 129),
        ("INT", 130),
        ("QUIT", 131),
        ("USR1", 138),
        ("USR2", 140),
        ("ALRM", 142),
    ] {
        let terminal = start_with(
            &env,
            "local:",
            &[],
            "trap : TERM HUP QUIT USR1 USR2 ALRM; \"$@\"",
            &["--local", "ambient"],
            (24, 80),
        );
        terminal.wait_for("team-a");
        let pid = child_of(terminal.pid());
        let sent = std::process::Command::new("kill")
            .args([format!("-{signal}"), pid])
            .status()
            .unwrap();
        assert!(sent.success());
        terminal.wait_for(&format!("status {status}"));
        assert!(terminal.is_sane(), "{signal}");
        assert!(
            !terminal.wait_for("status").contains("team-a"),
            "nothing is left on the screen"
        );
    }
}

/// The program that a shell runs.
fn child_of(shell: u32) -> String {
    let path = format!("/proc/{shell}/task/{shell}/children");
    let children = std::fs::read_to_string(path).unwrap();
    children.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_stopped_screen_comes_back() {
    let env = with_project();
    let terminal = open(&env, (24, 80), &[]);
    terminal.wait_for("team-a");
    let pid = child_of(terminal.pid());
    terminal.type_text("\x1a");
    // The screen is gone while the program is stopped.
    terminal.wait_until("an empty screen", |screen| !screen.contains("team-a"));
    let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    while !state().contains(") T ") {
        std::thread::yield_now();
    }
    assert!(terminal.is_sane());
    let continued = std::process::Command::new("kill")
        .args(["-CONT", &pid])
        .status();
    assert!(continued.unwrap().success());
    terminal.wait_for("team-a");
    leave(&terminal, "q");
}

#[test]
fn a_server_that_is_away_is_no_reason_not_to_start() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| crate::support::server::error(503, "away", "come back"));
    let terminal = start(&env, server.url(), &["ambient"], 24, 80);
    terminal.wait_for("come back");
    terminal.wait_for("again in");
    leave(&terminal, "q");
}

#[test]
fn a_refused_login_is_said_and_other_keys_go_on() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        if request.target.contains("/projects?") {
            list(json!([{"id": "web", "name": "web"}]))
        } else {
            crate::support::server::error(403, "forbidden", "no")
        }
    });
    let terminal = start(&env, server.url(), &["ambient"], 24, 80);
    terminal.wait_for("web");
    terminal.type_text(ENTER);
    terminal.wait_for("Insufficient permissions to list agents");
    leave(&terminal, "qq");
}

#[test]
fn without_a_login_or_a_terminal_no_screen_opens() {
    let env = TestEnv::new();
    let (status, _, stderr) = env.acpctl().args(["ambient"]).told();
    assert_ne!(status, Some(0));
    assert!(
        stderr.starts_with("Error: connect: not logged in; run 'acpctl login' first"),
        "{stderr}"
    );
    let (status, _, stderr) = env.local().args(["ambient"]).told();
    assert_ne!(status, Some(0));
    assert!(
        stderr.contains("TUI error: could not open a new TTY"),
        "{stderr}"
    );
    let (_, _, stderr) = env.local().args(["ambient", "--verbose"]).told();
    assert!(stderr.contains("would write over the screen"), "{stderr}");
}

#[test]
fn the_token_is_never_on_the_screen() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let token = request
            .header("authorization")
            .unwrap_or_default()
            .to_owned();
        let token = token.trim_start_matches("Bearer ").to_owned();
        if request.target.contains("/projects?") {
            list(json!([{"id": "web", "name": token, "description": token}]))
        } else {
            answer(500, &json!({"code": "x", "reason": token}))
        }
    });
    let terminal = start(&env, server.url(), &["ambient"], 24, 80);
    terminal.wait_for("****");
    terminal.type_text("d");
    terminal.wait_for("Project:");
    leave(&terminal, CTRL_C);
    assert!(!terminal.written().contains(crate::support::TOKEN));
}

#[test]
fn an_edit_goes_through_the_editor_and_is_shown_before_it_is_sent() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = with_project();
    let editor = env.file("editor", "#!/bin/sh\nsed -i 's/Leads/Leads all/' \"$1\"\n");
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let editor = editor.to_string_lossy().into_owned();
    let terminal = start_with(
        &env,
        "local:",
        &[("EDITOR", &editor)],
        "\"$@\"",
        &["--local", "ambient", "--command", "agents team-a"],
        (30, 100),
    );
    terminal.wait_for("lead");
    terminal.type_text("e");
    terminal.wait_for("[Update]");
    terminal.type_text(ENTER);
    terminal.wait_for("Agent updated: lead");
    terminal.wait_for("Leads all");
    leave(&terminal, CTRL_C);
}

#[test]
fn a_credential_is_inspected_with_the_terminal_to_itself() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        if request.target.contains("/credentials?") {
            list(json!([
                {
                    "id": "2kube", "name": "prod", "provider": "kubeconfig",
                    "created_at": "2026-01-01T00:00:00Z",
                    "annotations": r#"{"acpctl/digest":"d1","team":"red"}"#,
                },
                {"id": "2git", "name": "repo", "provider": "github"},
            ]))
        } else if request.target.contains("/credentials/") {
            crate::support::server::error(403, "forbidden", "not yours")
        } else {
            list(json!([]))
        }
    });
    let words = ["ambient", "--command", "credentials"];
    let terminal = start(&env, server.url(), &words, 24, 80);
    let screen = terminal.wait_for("credentials(all)[2]");
    assert!(screen.contains("kubeconfig "), "{screen}");
    terminal.type_text("gi");
    let screen = terminal.wait_for("Press Enter to go back to the screen");
    assert!(screen.contains("Error: "), "{screen}");
    assert!(!screen.contains("credentials(all)"), "{screen}");
    terminal.type_text(ENTER);
    terminal.wait_for("credentials(all)[2]");
    terminal.type_text("r");
    terminal.wait_for("was not minted by acpctl");
    terminal.type_text("Gi");
    terminal.wait_for("Only a kubeconfig leads to a cluster");
    // A secret of another kind can be typed; a kubeconfig is not pasted, so no form asks for it.
    terminal.type_text("gt");
    let screen = terminal.wait_for("A kubeconfig is checked and cut first");
    assert!(!screen.contains("Rotate Token"), "{screen}");
    terminal.type_text("5");
    terminal.wait_for("A digit changes no project here: credentials shows all");
    terminal.type_text("d");
    let screen = terminal.wait_for("\"team\": \"red\"");
    assert!(!screen.contains("acpctl/digest"), "{screen}");
    leave(&terminal, CTRL_C);
    let asked = |line: &String| line.starts_with("GET /credentials/2kube");
    assert!(server.lines().iter().any(asked), "{:?}", server.lines());
}

/// A name that the platform gives.
const GATEWAY: &str = "hypershell-0123456789abcdef0123456789abcdef";

#[test]
fn credentials_of_the_platforms_gateways_are_not_shown() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        if request.target.contains("/credentials?") {
            list(json!([
                {"id": "1", "name": "repo", "provider": "github"},
                {"id": "2", "name": GATEWAY, "provider": "openshell-gateway"},
            ]))
        } else {
            list(json!([]))
        }
    });
    let words = ["ambient", "--command", "credentials"];
    let terminal = start(&env, server.url(), &words, 24, 80);
    let screen = terminal.wait_for("credentials(all)[1] <1 of gateways hidden>");
    assert!(!screen.contains("hypershell"), "{screen}");
    leave(&terminal, CTRL_C);
}

#[test]
fn bug_29_a_server_that_does_not_answer_stops_no_key() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        if path.starts_with("/projects?") {
            list(json!([{"id": "web", "name": "web"}]))
        } else if path.starts_with("/sessions?") {
            list(json!([{"id": "s1", "name": "fix", "project_id": "web", "phase": "Running"}]))
        } else if path.starts_with("/sessions/s1") {
            crate::support::server::Reply::Hang
        } else {
            list(json!([]))
        }
    });
    let terminal = start(&env, server.url(), &["ambient", "-c", "sessions"], 24, 80);
    terminal.wait_for("fix");
    terminal.type_text(ENTER);
    terminal.wait_for("messages(fix)[?]");
    terminal.type_text("?");
    terminal.wait_for("Press Esc");
    terminal.type_text("qq");
    terminal.wait_for("sessions(all)[1]");
    leave(&terminal, CTRL_C);
}

#[test]
fn messages_come_while_a_run_streams() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match path.split('?').next().unwrap_or_default() {
            "/projects" => list(json!([{"id": "web", "name": "web"}])),
            "/sessions" => {
                list(json!([{"id": "s1", "name": "fix", "project_id": "web", "phase": "Running"}]))
            }
            "/sessions/s1" => answer(200, &json!({"id": "s1", "name": "fix", "phase": "Running"})),
            "/sessions/s1/messages" if path.ends_with("after_seq=0") => answer(
                200,
                &json!([{"id": "m1", "seq": 1, "event_type": "user", "payload": "stored words"}]),
            ),
            "/sessions/s1/messages" => answer(200, &json!([])),
            "/sessions/s1/events" => crate::support::server::Reply::Stream {
                content_type: "text/event-stream".to_owned(),
                body: b"data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"growing words\"}\n\n".to_vec(),
                held: true,
            },
            _ => list(json!([])),
        }
    });
    let terminal = start(&env, server.url(), &["ambient", "-c", "sessions"], 24, 80);
    terminal.wait_for("fix");
    terminal.type_text(ENTER);
    terminal.wait_for("stored words");
    terminal.wait_for("growing words▌");
    leave(&terminal, CTRL_C);
    // One stream, and no message is asked for twice.
    let lines = server.lines();
    assert_eq!(
        lines.iter().filter(|line| line.contains("/events")).count(),
        1
    );
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.ends_with("after_seq=0"))
            .count(),
        1
    );
}
