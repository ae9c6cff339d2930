//! Which object a name means.

use serde_json::{Value, json};

use crate::lookup::{Platform, everything, run};
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Reply, Scripted, error, json as answer, raw};
use crate::support::{TestEnv, streams};

/// The rest of an application's flags.
const SOURCE: &str =
    "--source-repo-url https://git.test/r --source-path . --destination-project demo";

fn local(env: &TestEnv, line: &str) -> String {
    let output = env
        .local()
        .env("AMBIENT_PROJECT", "demo")
        .args(line.split(' '))
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{line}: {stderr}");
    stdout
}

/// Whoever names an agent like the id of another one gains nothing.
#[test]
fn an_id_wins_over_a_name() {
    let env = TestEnv::new();
    let id = "3MX85aKNFVYjNaWSBgG3UcSclTU";
    let agents = "/projects/demo/agents";
    for line in [
        "agent get ID -o json",
        "get agent ID -o json",
        "agent delete ID --yes -o json",
    ] {
        let server = Platform::with(&[
            (
                agents,
                json!({"id": id, "name": "lead", "project_id": "demo"}),
            ),
            (
                agents,
                json!({"id": "a2", "name": id, "project_id": "demo"}),
            ),
        ])
        .serve();
        let (code, stdout, stderr) = run(&env, &server, &line.replace("ID", id));
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.contains("\"name\": \"lead\""), "{line}: {stdout}");
    }
}

#[test]
fn the_nearest_name_is_suggested() {
    let env = TestEnv::new();
    for (line, wanted) in [
        ("credential get prdo -o json", "\"prod\""),
        ("credential update PROD --description d", "\"prod\""),
        ("agent start prodd", "\"prod\""),
        ("scheduled-session suspend prd", "\"prod\""),
    ] {
        let server = everything("prod").serve();
        let output = env
            .connected(server.url())
            .env("AMBIENT_PROJECT", "demo")
            .args(line.split(' '))
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        let said = if line.contains("json") {
            let body: Value = serde_json::from_str(&stdout).unwrap();
            assert_eq!(body["error"]["exit_code"], 3);
            body["error"]["hint"].as_str().unwrap().to_owned()
        } else {
            stderr.clone()
        };
        if !line.contains("update") {
            assert!(
                said.contains(&format!("did you mean {wanted}?")),
                "{line}: {said}"
            );
        }
        assert!(!output.status.success());
    }
}

#[test]
fn an_agents_session_that_names_another_agent_or_project_is_refused() {
    let env = TestEnv::new();
    for other in [
        json!({"id": "s9", "name": "prod", "phase": "Running", "project_id": "other"}),
        json!({"id": "s9", "name": "prod", "phase": "Running", "project_id": "demo", "agent_id": "a2"}),
    ] {
        for line in [
            "session send lead hello --project demo",
            "agent stop lead --project-id demo",
            "agent stop --all --project-id demo",
            "stop lead",
            "describe session lead",
        ] {
            let server = Platform::with(&[
                (
                    "/projects/demo/agents",
                    json!({"id": "a1", "name": "lead", "project_id": "demo", "current_session_id": "s9"}),
                ),
                ("/sessions", other.clone()),
            ])
            .serve();
            let (code, stdout, stderr) = run(&env, &server, line);
            let wanted = if line.contains("--all") { 1 } else { 10 };
            assert_eq!(code, wanted, "{line}: {stdout} {stderr}");
            assert!(
                stderr.contains("belongs to something else"),
                "{line}: {stderr}"
            );
            let lines = server.lines();
            let is_write = |line: &&String| line.starts_with("POST") && line.contains("/s9/");
            assert_eq!(lines.iter().find(is_write), None, "{line}");
        }
    }
}

#[test]
fn sessions_are_found_by_the_name_of_their_agent() {
    let env = TestEnv::new();
    let platform = || {
        Platform::with(&[
            (
                "/projects/demo/agents",
                json!({"id": "a1", "name": "lead", "project_id": "demo", "current_session_id": "s9"}),
            ),
            (
                "/projects/demo/agents",
                json!({"id": "a2", "name": "idle", "project_id": "demo"}),
            ),
            (
                "/sessions",
                json!({"id": "s9", "name": "lead-1", "phase": "Running", "project_id": "demo"}),
            ),
        ])
    };
    let server = platform().serve();
    let (code, stdout, stderr) = run(&env, &server, "describe session lead");
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("\"id\": \"s9\""), "{stdout}");
    let server = platform().serve();
    let (code, _, stderr) = run(&env, &server, "stop idle");
    assert_eq!(code, 3, "{stderr}");
    assert!(
        stderr.contains("agent \"idle\" has no active session"),
        "{stderr}"
    );
}

#[test]
fn streams_of_a_session_are_found_by_its_name() {
    let env = TestEnv::new();
    for (line, shown) in [
        ("session messages fix", "hello"),
        ("session messages fix -f", "session s1 "),
        ("session events fix", "session s1 "),
        ("session messages fix -f --after 0", "hello"),
    ] {
        let server = Scripted::with(|request| {
            let target = request.target.trim_start_matches("/api/ambient/v1");
            let message = json!({"id": "m", "session_id": "s1", "seq": 1, "event_type": "user", "payload": "hello"});
            let is_stream = request.header("accept") == Some("text/event-stream");
            match target.split('?').next().unwrap() {
                "/sessions" => answer(
                    200,
                    &json!({"items": [{"id": "s1", "name": "fix"}], "total": 1, "size": 1, "page": 1}),
                ),
                "/sessions/s1/messages" if !is_stream => answer(200, &json!([message])),
                "/sessions/s1/messages" => Reply::Stream {
                    content_type: "text/event-stream".to_owned(),
                    body: format!("id: 1\ndata: {message}\n\n").into_bytes(),
                    held: false,
                },
                "/sessions/s1/events" => Reply::Stream {
                    content_type: "text/event-stream".to_owned(),
                    body: b"data: {\"type\":\"RUN_FINISHED\"}\n\n".to_vec(),
                    held: false,
                },
                _ => raw(404, "text/plain", "session not found"),
            }
        });
        let (_, stdout, stderr) = run(&env, &server, line);
        assert!(stdout.contains(shown), "{line}: {stdout}{stderr}");
    }
}

#[test]
fn flags_that_name_other_objects_take_names_and_refuse_what_is_not_there() {
    let env = TestEnv::new();
    local(&env, "create project --name demo");
    local(&env, "agent create --name lead");
    local(
        &env,
        "credential create --provider github --name git --token t",
    );
    local(&env, "create session --name fix --agent-id lead");
    let agent: Value = serde_json::from_str(&local(&env, "agent get lead -o json")).unwrap();
    let session: Value = serde_json::from_str(&local(&env, "get session fix -o json")).unwrap();
    assert_eq!(session["agent_id"], agent["id"]);
    local(
        &env,
        "create rb --role-id credential:viewer --scope credential --scope-id git --project-id-fk demo --agent-id-fk lead",
    );
    let bindings: Value = serde_json::from_str(&local(&env, "get role-bindings -o json")).unwrap();
    let items = bindings["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["agent_id"] == agent["id"]));
    local(
        &env,
        "scheduled-session create --name daily --schedule @daily --agent-id lead",
    );
    let schedule: Value =
        serde_json::from_str(&local(&env, "scheduled-session get daily -o json")).unwrap();
    assert_eq!(schedule["agent_id"], agent["id"]);
    local(
        &env,
        &format!("application create --name app --credential-id git {SOURCE}"),
    );
    let app: Value = serde_json::from_str(&local(&env, "application get app -o json")).unwrap();
    let git: Value = serde_json::from_str(&local(&env, "credential get git -o json")).unwrap();
    assert_eq!(app["credential_id"], git["id"]);
    for line in [
        "create session --name x --agent-id none",
        "create rb --role-id none --scope global",
        "create rb --role-id credential:viewer --scope session --scope-id none",
        "create rb --role-id credential:viewer --scope credential --credential-id-fk none",
        "scheduled-session create --name x --schedule @daily --agent-id none",
        "scheduled-session update daily --agent-id none",
        "application update app --credential-id none",
    ] {
        let output = env
            .local()
            .env("AMBIENT_PROJECT", "demo")
            .args(line.split(' '))
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(3),
            "{line}: {}",
            streams(&output).1
        );
    }
}

#[test]
fn an_inbox_is_found_by_the_agents_name_in_the_current_project() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        let message = json!({"id": "m1", "agent_id": "a1", "body": "hi"});
        match (request.method.as_str(), target.split('?').next().unwrap()) {
            ("GET", "/projects/demo/agents") => answer(
                200,
                &json!({"items": [{"id": "a1", "name": "lead"}], "total": 1, "size": 1, "page": 1}),
            ),
            ("GET", "/projects/demo/agents/a1/inbox") => answer(
                200,
                &json!({"items": [message], "total": 1, "size": 1, "page": 1}),
            ),
            ("POST", "/projects/demo/agents/a1/inbox") => {
                assert_eq!(request.json()["agent_id"], "a1");
                answer(201, &message)
            }
            ("PATCH", "/projects/demo/agents/a1/inbox/m1") => answer(200, &message),
            ("DELETE", "/projects/demo/agents/a1/inbox/m1") => raw(204, "application/json", ""),
            _ => error(
                404,
                "ambient-api-server-7",
                "Agent with id='lead' not found",
            ),
        }
    });
    for line in [
        "inbox list --pa-id lead -o json",
        "inbox send --pa-id lead --body hi -o json",
        "inbox mark-read --pa-id lead --msg-id m1 -o json",
        "inbox delete --pa-id lead --msg-id m1 -o json",
    ] {
        let (code, stdout, stderr) = run(&env, &server, line);
        assert_eq!(code, 0, "{line}: {stderr}");
        assert!(stdout.contains("\"id\": \"m1\""), "{line}: {stdout}");
    }
    let (code, stdout, _) = run(&env, &server, "inbox send --pa-id lad --body hi");
    assert_eq!((code, stdout.as_str()), (3, ""));
}

#[test]
fn a_project_that_was_renamed_is_named_by_its_id() {
    let env = TestEnv::new();
    let told = |line: &str| env.local().line(line).told();
    for line in [
        "project create first",
        "agent create lead --project first",
        "project update first --name second",
    ] {
        assert_eq!(told(line).0, Some(0), "{line}");
    }
    for line in [
        "agent list --project second",
        "agent create other --project second",
        "agent start lead --project second",
        "get agents --project second",
        "get sessions --project second",
    ] {
        let (code, stdout, stderr) = told(line);
        assert_eq!((code, stdout.as_str()), (Some(3), ""), "{line}: {stderr}");
        let says =
            "project \"second\" has the ID \"first\"\nHint: name it by its ID: --project first\n";
        assert!(stderr.ends_with(says), "{line}: {stderr}");
    }
    let (code, agents, _) = told("agent list --project first -o name");
    assert_eq!((code, agents.lines().count()), (Some(0), 1));
}
