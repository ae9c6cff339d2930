//! How a server runs sessions: it is asked by the commands that say something about it, and only they claim something.

use serde_json::{Value, json};

use crate::session::{bound, route};
use crate::support::run::told;
use crate::support::server::{Scripted, error, json as answer, list};
use crate::support::states::State;
use crate::support::{TOKEN, TestEnv};

const NOTHING: &str = "a sandbox session gets nothing of it: no file, no KUBECONFIG, no MCP server";

/// A platform in this state, in which these credentials are bound to the project `team-a`.
fn platform(state: State, credentials: &[&str]) -> Scripted {
    let bindings: Value = credentials
        .iter()
        .map(|credential| bound(credential, "team-a", "r-viewer"))
        .collect();
    Scripted::with(move |request| {
        if let Some(reply) = state.answer(request) {
            return reply;
        }
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match (request.method.as_str(), path) {
            ("POST", "/role_bindings") => answer(201, &json!({"id": "new", "scope": "credential"})),
            ("POST", "/projects/team-a/agents/ada/start") => answer(
                201,
                &json!({"session": {"id": "s1", "name": "s1", "agent_id": "ada", "phase": "Pending"}}),
            ),
            ("GET", "/version") => answer(200, &json!({"version": "v0.1.0"})),
            _ => route(request, &bindings),
        }
    })
}

fn run(env: &TestEnv, server: &Scripted, line: &str) -> (Option<i32>, String, String) {
    let mut command = env.connected(server.url());
    told(&command.args(line.split(' ')).output().unwrap())
}

fn posts(server: &Scripted) -> usize {
    let requests = server.received();
    requests.iter().filter(|it| it.method == "POST").count()
}

#[test]
fn each_state_is_told_and_nothing_is_guessed() {
    for (state, expected) in [
        (State::Former, json!("pod")),
        (State::SwitchedOff, json!("pod")),
        (State::Sandbox, json!("sandbox")),
        (State::SandboxUnsaid, json!("sandbox")),
        (State::Managed, json!("managed")),
        (State::Failing, json!(null)),
        (State::Portal, json!(null)),
    ] {
        let server = platform(state, &["kubeconfig"]);
        let line = "session explain --project team-a -o json";
        let (code, stdout, stderr) = run(&TestEnv::new(), &server, line);
        let shown: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(shown["server_mode"], expected, "{state:?} {stderr}");
        assert_eq!(code, Some(0), "{state:?}");
    }
}

#[test]
fn a_server_is_asked_once_for_several_commands_and_never_by_others() {
    let env = TestEnv::new();
    let server = platform(State::Sandbox, &["kubeconfig"]);
    for line in [
        "get projects",
        "credential list",
        "credential bind github --project team-a",
        "version",
    ] {
        run(&env, &server, line);
    }
    let asked = || {
        let lines = server.lines();
        lines
            .iter()
            .filter(|it| it.contains("platform-info"))
            .count()
    };
    assert_eq!(asked(), 0, "{:?}", server.lines());
    for _ in 0..2 {
        let (_, _, stderr) = run(&env, &server, "credential bind kubeconfig --project team-a");
        assert!(stderr.contains(NOTHING), "{stderr}");
    }
    assert_eq!(asked(), 1, "{:?}", server.lines());
    // Another server may be another one.
    let other = platform(State::Former, &[]);
    let (_, _, stderr) = run(&env, &other, "credential bind kubeconfig --project team-a");
    assert_eq!(stderr, "");
}

#[test]
fn binding_and_starting_say_what_will_not_arrive() {
    let bind = "credential bind kubeconfig --project team-a";
    let start = "agent start lead --project team-a";
    for line in [bind, start] {
        for (state, flags, code, words) in [
            (State::Former, "", 0, ""),
            (State::Failing, "", 0, ""),
            (State::Failing, " --strict", 0, ""),
            (State::Sandbox, "", 0, NOTHING),
            (State::Sandbox, " --strict", 8, NOTHING),
            (State::Sandbox, " --server-mode pod --strict", 0, ""),
            (State::Former, " --server-mode sandbox", 0, NOTHING),
            (State::Managed, "", 0, "does not start if it breaks a rule"),
        ] {
            let server = platform(state, &["kubeconfig"]);
            let line = format!("{line}{flags}");
            let (status, _, stderr) = run(&TestEnv::new(), &server, &line);
            let context = format!("{state:?} {line}: {stderr}");
            assert_eq!(status, Some(code), "{context}");
            assert_eq!(stderr.is_empty(), words.is_empty(), "{context}");
            assert!(stderr.contains(words), "{context}");
            // With --strict, nothing is bound or started in vain.
            assert_eq!(posts(&server), usize::from(code == 0), "{context}");
        }
    }
    // An agent without a kubeconfig gets what it has.
    let server = platform(State::Sandbox, &["github"]);
    let (code, _, stderr) = run(&TestEnv::new(), &server, &format!("{start} --strict"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}

#[test]
fn explain_doctor_and_version_say_it_too() {
    let server = platform(State::Sandbox, &["kubeconfig", "github"]);
    let explain = "session explain --project team-a";
    let (code, _, stderr) = run(&TestEnv::new(), &server, explain);
    assert_eq!(code, Some(0));
    assert!(stderr.contains(NOTHING), "{stderr}");
    let strict = format!("{explain} --strict");
    assert_eq!(run(&TestEnv::new(), &server, &strict).0, Some(8));

    let (_, stdout, _) = run(&TestEnv::new(), &server, "doctor --project team-a");
    assert!(stdout.contains("run in sandboxes"), "{stdout}");
    let silent = platform(State::Failing, &[]);
    let (_, stdout, _) = run(&TestEnv::new(), &silent, "doctor --project team-a");
    assert!(
        stdout.contains("does not tell how it runs them"),
        "{stdout}"
    );

    // The lines of the Go tool stay as they are in a pipe.
    let (_, stdout, _) = run(&TestEnv::new(), &server, "version");
    assert_eq!(stdout.lines().count(), 2, "{stdout}");
    let (_, stdout, _) = run(&TestEnv::new(), &server, "version -o json");
    let shown: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(shown["server_mode"], "sandbox");
    let (_, stdout, _) = run(&TestEnv::new(), &silent, "version -o json");
    assert!(!stdout.contains("server_mode"), "{stdout}");
}

#[test]
fn the_embedded_api_is_never_asked() {
    let env = TestEnv::new();
    let local = |line: &str| told(&env.local().args(line.split(' ')).output().unwrap());
    local("create project --name team-a");
    let (code, stdout, stderr) = local("session explain --project team-a -o json -v");
    assert_eq!(code, Some(0), "{stderr}");
    let shown: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(shown["server_mode"], "pod");
    assert!(!stderr.contains("platform-info"), "{stderr}");
}

#[test]
fn refusals_of_the_platform_say_what_to_do() {
    for (status, reason, hint) in [
        (
            403,
            "Agent management is restricted to GitOps (ConfigMap) when RBAC is enabled.",
            "GitOps repository",
        ),
        (
            403,
            "Session creation requires Editor or Admin tier access",
            "project:editor",
        ),
        (
            401,
            "Username required for tier resolution",
            "names no user",
        ),
        (
            403,
            "token fetch restricted to authorized callers",
            "ask its owner for a binding",
        ),
        (403, "agent does not belong to this project", "--project"),
        (403, "Forbidden", "ask the project's owner for a role"),
    ] {
        let server = Scripted::with(move |_| error(status, "ambient-api-server-4", reason));
        let (_, _, stderr) = run(&TestEnv::new(), &server, "agent list --project team-a");
        let shown = stderr.lines().find(|line| line.starts_with("Hint: "));
        assert!(shown.is_some_and(|shown| shown.contains(hint)), "{stderr}");
        assert!(stderr.contains(reason), "{stderr}");
        assert!(!stderr.contains(TOKEN));
    }
}

/// A platform with one session.
fn with_session(state: State, session: Value) -> Scripted {
    Scripted::with(move |request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match state.answer(request) {
            Some(reply) => reply,
            None if path.starts_with("/sessions/s1") => answer(200, &session),
            None => list(json!([])),
        }
    })
}

#[test]
fn a_failed_session_says_why() {
    for (fields, expected) in [
        (
            json!({"conditions": "[{\"type\":\"SandboxFailure\",\"message\":\"payload upload failed: x\"}]"}),
            "Error: session \"s1\" failed: payload upload failed: x\n",
        ),
        (
            json!({"runtime_error": "Sandbox reconciliation failed."}),
            "Error: session \"s1\" failed: Sandbox reconciliation failed.\n",
        ),
        (json!({}), "Error: session \"s1\" failed\n"),
    ] {
        let mut session = json!({"id": "s1", "name": "s1", "phase": "Failed"});
        let object = session.as_object_mut().unwrap();
        object.extend(fields.as_object().unwrap().clone());
        let server = with_session(State::Sandbox, session);
        let (code, _, stderr) = run(&TestEnv::new(), &server, "wait s1");
        assert_eq!((code, stderr.as_str()), (Some(1), expected));
    }
}

#[test]
fn a_session_that_stays_pending_in_a_sandbox_names_the_causes() {
    for (state, phase, is_explained) in [
        (State::Sandbox, "Pending", true),
        (State::Sandbox, "Running", false),
        (State::Former, "Pending", false),
    ] {
        let session = json!({"id": "s1", "name": "s1", "phase": phase, "project_id": "team-a"});
        let server = with_session(state, session);
        let line = "wait s1 --timeout 10ms";
        let (code, _, stderr) = run(&TestEnv::new(), &server, line);
        assert_eq!(code, Some(9), "{stderr}");
        let found = stderr.contains("stays Pending without a word");
        assert_eq!(found, is_explained, "{state:?} {phase}: {stderr}");
    }
}
