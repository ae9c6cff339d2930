//! What the screen says of what was done, or could not be done.

use serde_json::json;

use super::{CTRL_C, ENTER, leave, open, with_project};
use crate::support::TestEnv;
use crate::support::pty::start_with;
use crate::support::run::{Line as _, Run as _};
use crate::support::serve::Serve;
use crate::support::server::{Received, Scripted, error, json as answer, list, raw};

/// The path of a request below the address of the API, without its query.
fn path(request: &Received) -> &str {
    let path = request.target.trim_start_matches("/api/ambient/v1");
    path.split('?').next().unwrap_or_default()
}

#[test]
fn a_start_whose_answer_names_nothing_is_no_success() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| match path(request) {
        "/projects" => list(json!([{"id": "web", "name": "web"}])),
        "/projects/web/agents" => list(json!([{"id": "a1", "name": "lead", "project_id": "web"}])),
        path if path.ends_with("/start") => answer(200, &json!({})),
        _ => list(json!([])),
    });
    let words = ["ambient", "--command", "agents web"];
    let terminal = start_with(&env, server.url(), &[], "\"$@\"", &words, (24, 130));
    terminal.wait_for("lead");
    terminal.type_text("s");
    terminal.wait_for("<Start Agent>");
    terminal.type_text(ENTER);
    let screen = terminal.wait_for("the server's answer names no session");
    assert!(!screen.contains("Agent started"), "{screen}");
    leave(&terminal, CTRL_C);
}

#[test]
fn a_stream_of_events_that_is_refused_is_said_until_it_is_not() {
    let html = || raw(200, "text/html", "<html>Sign in</html>");
    for (refusal, said) in [
        (error(403, "forbidden", "not yours"), Some("403")),
        (html(), Some("no event stream")),
        // There is no runner, or no such stream.
        (raw(502, "text/plain", "no runner"), None),
        (raw(404, "text/plain", "no runner"), None),
    ] {
        let env = TestEnv::new();
        let session = json!({"id": "s1", "name": "fix", "project_id": "web", "phase": "Running"});
        let server = Scripted::with(move |request| match path(request) {
            "/sessions" => list(json!([session])),
            "/sessions/s1" => answer(200, &session),
            "/sessions/s1/messages" => answer(200, &json!([])),
            "/sessions/s1/events" => refusal.clone(),
            _ => list(json!([])),
        });
        let words = ["ambient", "--command", "sessions"];
        let terminal = start_with(&env, server.url(), &[], "\"$@\"", &words, (24, 130));
        terminal.wait_for("fix");
        terminal.type_text(ENTER);
        match said {
            Some(said) => {
                let screen = terminal.wait_for("live events can't be followed");
                assert!(screen.contains(said), "{screen}");
            }
            None => {
                terminal.wait_for("No messages yet.");
                terminal.wait_until("a second look", |_| {
                    let lines = server.lines();
                    lines
                        .iter()
                        .filter(|line| line.ends_with("/events"))
                        .count()
                        > 1
                });
                let screen = terminal.wait_for("Waiting for agent activity");
                assert!(!screen.contains("live events"), "{screen}");
            }
        }
        leave(&terminal, CTRL_C);
    }
}

#[test]
fn a_run_of_your_own_server_is_told_as_the_command_line_tells_it() {
    let env = TestEnv::new();
    let server = Serve::start(
        &env,
        &[
            "--run-sessions",
            "--allow-empty",
            "--",
            "sh",
            "-c",
            "cat; sleep 60",
        ],
    );
    for line in [
        "create project --name team-a",
        "agent create --project-id team-a --name lead --prompt Leads",
        "agent start lead --project-id team-a",
    ] {
        env.connected(&server.url).line(line).assert().success();
    }
    let words = ["ambient", "--command", "agents team-a"];
    let terminal = start_with(&env, &server.url, &[], "\"$@\"", &words, (24, 200));
    terminal.wait_for("Running");
    terminal.type_text("l");
    terminal.wait_for("messages(lead/lead-");
    terminal.wait_for("Phase:Running");
    terminal.type_text("mgo on\r");
    terminal.wait_for(
        "Message stored; the session is Running, and this run began before the message: when it has ended, s",
    );
    terminal.type_text("x");
    terminal.wait_for("Interrupt session \"lead-");
    terminal.type_text("\t\r");
    terminal.wait_for("(no runner answers for the session; to end it: t in :sessions)");
    terminal.type_text(":sessions team-a\r");
    terminal.wait_for("sessions(lead)[1]");
    terminal.type_text("t");
    terminal.wait_for("Stop session \"lead-");
    terminal.type_text("\t\r");
    terminal.wait_for("Session stopped (phase: Stopping)");
    leave(&terminal, CTRL_C);
}

#[test]
fn role_bindings_show_names_and_the_question_whole_ids() {
    let env = with_project();
    for line in [
        "credential create --name key --provider github --token sha256~0123456789abcdefghij",
        "credential bind key --project team-a --agent lead",
    ] {
        env.local().line(line).assert().success();
    }
    let id = |line: &str| env.local().line(line).stdout().trim().to_owned();
    let credential = id("credential get key --jq .id");
    let agent = id("agent get lead --project-id team-a --jq .id");
    let terminal = open(&env, (30, 130), &["--command", "rolebindings"]);
    terminal.wait_for("key for lead in team-a");
    terminal.type_text("/lead\r\x04");
    let screen = terminal.wait_for("[Cancel]");
    let words: Vec<&str> = screen.split_whitespace().filter(|it| *it != "│").collect();
    let screen = words.join(" ");
    let question = format!("on \"key\" ({credential}) for \"lead\" ({agent}) in \"team-a\")?");
    assert!(screen.contains(&question), "{screen}");
    leave(&terminal, CTRL_C);
}

#[test]
fn a_branch_of_the_tree_is_copied_by_the_id_of_its_object() {
    let env = with_project();
    let line = "agent get lead --project-id team-a --jq .id";
    let agent = env.local().line(line).stdout();
    let terminal = open(&env, (24, 100), &["--command", "tree"]);
    terminal.wait_for("lead");
    terminal.type_text("gjc");
    terminal.wait_for(&format!("Copied: {}", agent.trim()));
    leave(&terminal, CTRL_C);
}

#[test]
fn the_text_of_the_editor_is_gone_when_the_terminal_closes() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = with_project();
    let runtime = env.work().join("runtime");
    std::fs::create_dir(&runtime).unwrap();
    std::fs::set_permissions(&runtime, std::fs::Permissions::from_mode(0o700)).unwrap();
    // Many files take long to remove, and the signal comes meanwhile.
    let script = "#!/bin/sh\nfolder=$(dirname \"$1\")\n(cd \"$folder\" && seq 20000 | xargs touch)\n\
        (while kill -HUP $PPID; do sleep 0.01; done) >/dev/null 2>&1 &\n";
    let editor = env.file("editor", script);
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (editor, place) = (editor.to_string_lossy(), runtime.to_string_lossy());
    let variables = [("EDITOR", &*editor), ("XDG_RUNTIME_DIR", &*place)];
    let words = ["--local", "ambient", "--command", "agents team-a"];
    let line = "trap : HUP; \"$@\"";
    let terminal = start_with(&env, "local:", &variables, line, &words, (24, 100));
    terminal.wait_for("lead");
    terminal.type_text("e");
    terminal.wait_for("status 129");
    let left = std::fs::read_dir(runtime.join("ambient")).unwrap();
    assert_eq!(left.count(), 0);
}
