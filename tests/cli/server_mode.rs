//! How a server runs sessions: it is asked by the commands that say something about it, and only they claim something.

use serde_json::{Value, json};

use crate::session::{SECRET, bound, kubeconfig, route};
use crate::support::run::told;
use crate::support::server::{Received, Scripted, error, json as answer, list, raw};
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
            ("POST", "/credentials") => answer(
                201,
                &json!({"id": "new", "name": "new", "provider": "kubeconfig"}),
            ),
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
    let plain_start = "session start ada --project team-a";
    for line in [bind, start, plain_start] {
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
fn storing_and_binding_at_once_says_it_too() {
    for (state, flags, code, requests) in [
        (State::Sandbox, "", 0, 2),
        (State::Sandbox, " --strict", 8, 0),
        (State::Former, " --strict", 0, 2),
    ] {
        let env = TestEnv::new();
        let text = kubeconfig(SECRET).replace("user: u}", "user: u, namespace: team-a}");
        env.file("k.yaml", text);
        let server = platform(state, &[]);
        let line = format!(
            "credential create --provider kubeconfig --name new -f k.yaml --bind team-a{flags}"
        );
        let (status, _, stderr) = run(&env, &server, &line);
        assert_eq!(status, Some(code), "{line}: {stderr}");
        let is_said = stderr.contains(NOTHING);
        assert_eq!(is_said, state == State::Sandbox, "{line}: {stderr}");
        assert_eq!(posts(&server), requests, "{line}: {stderr}");
    }
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
fn a_mode_that_the_user_names_is_shown_and_nobody_is_asked() {
    let server = platform(State::Sandbox, &[]);
    let asked = || {
        let lines = server.lines();
        let is_question = |it: &&String| it.contains("platform-info") || it.contains("/projects");
        lines.iter().filter(is_question).count()
    };
    for (mode, words) in [
        ("pod", "run in pods, which get each credential as it is"),
        ("sandbox", "run in sandboxes"),
        ("managed", "run behind managed gateways"),
    ] {
        let version = format!("version --server-mode {mode}");
        let (code, stdout, _) = run(&TestEnv::new(), &server, &version);
        assert_eq!(code, Some(0));
        let last = stdout.lines().last().unwrap();
        assert_eq!(last, format!("Sessions: {mode} (--server-mode)"));
        let (_, stdout, _) = run(&TestEnv::new(), &server, &format!("{version} -o json"));
        let shown: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(shown["server_mode"], mode);
        let doctor = format!("doctor --server-mode {mode}");
        for doctor in [doctor.clone(), format!("--local {doctor}")] {
            let (_, stdout, _) = run(&TestEnv::new(), &server, &doctor);
            assert!(stdout.contains(words), "{doctor}: {stdout}");
            assert!(stdout.contains("(--server-mode)"), "{doctor}: {stdout}");
        }
    }
    assert_eq!(asked(), 0, "{:?}", server.lines());
}

#[test]
fn what_a_providers_secret_names_depends_on_the_mode() {
    let provider = json!({"id": "p1", "name": "gh", "secret": "kube", "project_id": "team-a"});
    let server = |state: State| {
        let provider = provider.clone();
        Scripted::with(move |request| {
            let path = request.target.trim_start_matches("/api/ambient/v1");
            let path = path.split('?').next().unwrap();
            match (request.method.as_str(), path) {
                ("GET", "/projects/team-a/providers/gh") | ("PATCH", _) => answer(200, &provider),
                ("GET", "/credentials/c1") => answer(200, &json!({"id": "c1", "name": "kube"})),
                ("GET", "/credentials") if request.target.contains("kube") => {
                    list(json!([{"id": "c1", "name": "kube"}]))
                }
                _ => match state.answer(request) {
                    Some(reply) => reply,
                    None => error(404, "ambient-api-server-7", "not found"),
                },
            }
        })
    };
    for (state, flags, words) in [
        (
            State::Sandbox,
            "",
            "is a Kubernetes Secret in the project's namespace",
        ),
        (State::Managed, "", "is not the ID of a credential"),
        (State::Sandbox, " --server-mode pod", ""),
        (
            State::Sandbox,
            " --server-mode managed",
            "is not the ID of a credential",
        ),
        (State::Failing, "", ""),
    ] {
        let server = server(state);
        let line = format!("provider get gh --project team-a{flags}");
        let (code, stdout, stderr) = run(&TestEnv::new(), &server, &line);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.contains("kube"), "{stdout}");
        assert_eq!(
            stderr.is_empty(),
            words.is_empty(),
            "{state:?}{flags}: {stderr}"
        );
        let words_of_terminal = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words_of_terminal.contains(words),
            "{state:?}{flags}: {stderr}"
        );
        let (_, _, stderr) = run(&TestEnv::new(), &server, &format!("{line} -o json"));
        assert_eq!(stderr, "");
    }
    for (state, given, sent) in [
        (State::Managed, "kube", "c1"),
        (State::Managed, "c1", "c1"),
        (State::Sandbox, "kube", "kube"),
        (State::Failing, "kube", "kube"),
    ] {
        let server = server(state);
        let line = format!("provider update gh --secret {given} --project team-a");
        let (code, _, stderr) = run(&TestEnv::new(), &server, &line);
        assert_eq!(code, Some(0), "{stderr}");
        let requests = server.received();
        let patch = requests.iter().find(|it| it.method == "PATCH").unwrap();
        assert_eq!(patch.json()["secret"], sent, "{state:?} {given}");
    }
    let managed = server(State::Managed);
    let line = "provider update gh --secret nobody --project team-a";
    let (code, _, stderr) = run(&TestEnv::new(), &managed, line);
    assert_eq!(code, Some(3), "{stderr}");
    let requests = managed.received();
    assert!(
        requests.iter().all(|it| it.method == "GET"),
        "nothing is sent"
    );
}

/// The name of a credential that the platform has made.
const GATEWAY: &str = "hypershell-0123456789abcdef0123456789abcdef";

#[test]
fn credentials_of_the_platforms_gateways_are_left_out_of_lists() {
    let server = Scripted::with(|_| {
        list(json!([
            {"id": "c1", "name": "mine", "provider": "github"},
            {"id": "c2", "name": GATEWAY, "provider": "openshell-gateway"},
            // Anybody can give a credential this provider, which hides nothing.
            {"id": "c3", "name": "hypershell-0123", "provider": "openshell-gateway"},
            {"id": "c4", "name": "other", "provider": "openshell-gateway"},
        ]))
    });
    for line in ["credential list", "get credentials"] {
        let (_, stdout, stderr) = run(&TestEnv::new(), &server, line);
        assert!(
            stdout.contains("mine") && !stdout.contains(&GATEWAY[..16]),
            "{stdout}"
        );
        assert!(
            stdout.contains("hypershell-0123 ") && stdout.contains("other"),
            "{stdout}"
        );
        assert!(stderr.contains("Left out 1 credential"), "{stderr}");
        for quiet in ["-q", "-q -o name", "-q --sort-by name"] {
            let (_, stdout, stderr) = run(&TestEnv::new(), &server, &format!("{line} {quiet}"));
            assert_eq!(stdout.lines().count(), 3, "{stdout}");
            let said = stderr.matches("Left out 1 credential").count();
            assert_eq!(said, 1, "{stderr}");
        }
        let (_, stdout, _) = run(&TestEnv::new(), &server, &format!("{line} -o json"));
        let shown: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(
            (shown["total"].as_i64(), shown["size"].as_i64()),
            (Some(3), Some(3))
        );
    }
    for flags in ["--all-providers", "--provider openshell-gateway"] {
        let line = format!("credential list {flags}");
        let (_, stdout, stderr) = run(&TestEnv::new(), &server, &line);
        assert!(stdout.contains(&GATEWAY[..16]), "{stdout}");
        assert_eq!(stderr, "");
    }
}

#[test]
fn a_credential_of_a_gateway_is_used_shown_and_deleted_only_by_force() {
    for (line, wrote) in [
        ("credential token gate", false),
        ("credential delete gate --yes", true),
        ("credential bind gate --project team-a", true),
    ] {
        for (flag, code) in [("", 8), (" --force", 0)] {
            let server = Scripted::with(|request| {
                let path = request.target.trim_start_matches("/api/ambient/v1");
                let gate = json!({"id": "gate", "name": "gate", "provider": "openshell-gateway"});
                match (request.method.as_str(), path.split('?').next().unwrap()) {
                    ("GET", "/credentials/gate") => answer(200, &gate),
                    ("GET", "/credentials") => list(json!([gate])),
                    ("GET", "/credentials/gate/token") => answer(
                        200,
                        &json!({"credential_id": "gate", "provider": "openshell-gateway", "token": SECRET}),
                    ),
                    ("POST", "/role_bindings") => {
                        answer(201, &json!({"id": "new", "scope": "credential"}))
                    }
                    ("DELETE", _) => raw(204, "application/json", ""),
                    _ => route(request, &json!([])),
                }
            });
            let (status, stdout, stderr) = run(&TestEnv::new(), &server, &format!("{line}{flag}"));
            assert_eq!(status, Some(code), "{line}{flag}: {stderr}");
            let requests = server.received();
            let did_write = requests.iter().any(|it| it.method != "GET");
            assert_eq!(did_write, wrote && code == 0, "{line}{flag}");
            let shows = line.contains("token") && code == 0;
            assert_eq!(stdout.contains(SECRET), shows, "{line}{flag}");
            assert!(!stderr.contains(SECRET), "{line}{flag}");
        }
    }
}

#[test]
fn a_credential_of_a_gateway_is_not_bound_by_a_flag() {
    let server = Scripted::with(|request| match request.method.as_str() {
        "GET" => route(request, &json!([])),
        _ => answer(201, &json!({"id": "new", "name": "gate"})),
    });
    let create = "credential create --provider openshell-gateway --allow unknown-provider --name gate --token x --bind team-a --yes";
    let (code, _, stderr) = run(&TestEnv::new(), &server, create);
    assert_eq!(code, Some(8), "{stderr}");
    assert!(stderr.contains("credential bind gate"), "{stderr}");
    let requests = server.received();
    assert!(
        requests.iter().all(|it| it.method == "GET"),
        "nothing is sent"
    );
}

#[test]
fn the_general_delete_never_takes_a_credential_of_a_gateway() {
    let server = Scripted::with(|request| {
        let gate = json!({"id": "gate", "name": "gate", "provider": "openshell-gateway"});
        let mine = json!({"id": "mine", "name": "mine", "provider": "github"});
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match (request.method.as_str(), path.split('?').next().unwrap()) {
            ("GET", "/credentials/gate") => answer(200, &gate),
            ("GET", "/credentials/mine") => answer(200, &mine),
            ("GET", "/credentials") => list(json!([gate, mine])),
            ("DELETE", _) => raw(204, "application/json", ""),
            _ => list(json!([])),
        }
    });
    let (code, _, stderr) = run(
        &TestEnv::new(),
        &server,
        "delete credential mine gate --yes",
    );
    assert_eq!(code, Some(8), "{stderr}");
    assert!(
        stderr.contains("acpctl credential delete gate --force"),
        "{stderr}"
    );
    let is_deletion = |it: &&Received| it.method == "DELETE";
    assert_eq!(server.received().iter().filter(is_deletion).count(), 0);
    for line in [
        "delete credentials --all --yes",
        "credential delete --all --yes",
    ] {
        let (code, stdout, stderr) = run(&TestEnv::new(), &server, line);
        assert_eq!(code, Some(0), "{stderr}");
        assert_eq!(stdout, "1 credential deleted\n");
        assert!(stderr.contains("Left out 1 credential"), "{stderr}");
    }
    let received = server.received();
    let mut deleted = received.iter().filter(is_deletion);
    assert!(deleted.all(|it| it.target.ends_with("/credentials/mine")));
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
        (
            json!({}),
            "Error: session \"s1\" failed\nHint: see what it said: acpctl session messages s1\n",
        ),
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
fn whoever_shows_a_failed_session_says_why() {
    let session = json!({
        "id": "s1", "name": "s1", "phase": "Failed", "sandbox_logs_snapshot": "line one\n",
        "runtime_error": "Sandbox \u{1b}[31mreconciliation failed.",
        "updated_at": "2026-01-01T00:00:00Z", "project_id": "team-a",
    });
    let server = Scripted::with(move |request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match path.split('?').next().unwrap() {
            "/sessions/s1" => answer(200, &session),
            "/sessions" => list(json!([session])),
            _ => error(404, "ambient-api-server-7", "not found"),
        }
    });
    let why = "failed: Sandbox \\x1b[31mreconciliation failed.";
    for line in [
        "get session s1",
        "describe session s1 -o table",
        "session logs s1",
    ] {
        let (code, stdout, stderr) = run(&TestEnv::new(), &server, line);
        assert_eq!(code, Some(0), "{line}: {stderr}");
        assert!(!stdout.is_empty(), "{line}");
        assert_eq!(stderr, format!("session \"s1\" {why}\n"), "{line}");
    }
    for line in [
        "get session s1 -o json",
        "describe session s1",
        "get sessions",
    ] {
        let (_, _, stderr) = run(&TestEnv::new(), &server, line);
        assert_eq!(stderr, "", "{line}");
    }
}

#[test]
fn a_page_about_a_session_that_stays_pending_names_the_causes() {
    for (state, age, is_explained) in [
        (State::Sandbox, "2026-01-01T00:00:00Z", true),
        (State::Sandbox, "2150-01-01T00:00:00Z", false),
        (State::Former, "2026-01-01T00:00:00Z", false),
    ] {
        let server = with_session(
            state,
            json!({"id": "s1", "name": "s1", "phase": "Pending", "project_id": "team-a", "updated_at": age}),
        );
        let line = "describe session s1 -o table";
        let (code, _, stderr) = run(&TestEnv::new(), &server, line);
        assert_eq!(code, Some(0), "{stderr}");
        let found = stderr.contains("stays Pending without a word");
        assert_eq!(found, is_explained, "{state:?} {age}: {stderr}");
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

#[test]
fn a_gateway_that_is_not_ready_is_the_reason_for_waiting() {
    for (fields, expected) in [
        (
            json!({"gateway_status": "Provisioning"}),
            "the project's gateway is Provisioning",
        ),
        (
            json!({"gateway_status": "Degraded", "gateway_error": "Gateway reconciliation failed."}),
            "the project's gateway failed: Gateway reconciliation failed.",
        ),
        (json!({"gateway_status": "Ready"}), "raise --timeout"),
    ] {
        let server = Scripted::with(move |request| {
            let path = request.target.trim_start_matches("/api/ambient/v1");
            if path == "/projects/team-a" {
                let mut project = json!({"id": "team-a", "runtime_backend": "hypershell"});
                let object = project.as_object_mut().unwrap();
                object.extend(fields.as_object().unwrap().clone());
                return answer(200, &project);
            }
            answer(
                200,
                &json!({"id": "s1", "name": "s1", "phase": "Pending", "project_id": "team-a"}),
            )
        });
        let line = "wait s1 --timeout 10ms";
        let (code, _, stderr) = run(&TestEnv::new(), &server, line);
        assert_eq!(code, Some(9), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
    }
}

#[test]
fn a_secret_that_is_hidden_from_someone_who_sees_its_credential_is_explained() {
    for (is_seen, expected) in [(true, "ask its owner"), (false, "not found")] {
        let server = Scripted::with(move |request| {
            let path = request.target.trim_start_matches("/api/ambient/v1");
            if path == "/credentials/c1" && is_seen {
                return answer(
                    200,
                    &json!({"id": "c1", "name": "c1", "provider": "kubeconfig"}),
                );
            }
            if path.starts_with("/credentials?") {
                let found = json!([{"id": "c1", "name": "c1", "provider": "kubeconfig"}]);
                return list(if is_seen { found } else { json!([]) });
            }
            error(404, "ambient-api-server-7", "Credential not found")
        });
        for line in [
            "credential token c1",
            "session exec --target pod --credential c1 -- true",
        ] {
            let (code, stdout, stderr) = run(&TestEnv::new(), &server, line);
            assert_eq!((code, stdout.as_str()), (Some(3), ""), "{line}: {stderr}");
            assert!(stderr.contains(expected), "{line}: {stderr}");
        }
    }
}
