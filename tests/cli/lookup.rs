//! By id or by name: the same for every noun and verb; what is not there is never reported as done.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::support::server::{Received, Reply, Scripted, error, json as answer, raw};
use crate::support::{TestEnv, streams};

/// As long as an id, of letters and digits alone.
const LIKE_AN_ID: &str = "ProdKubeconfigTeamA20260001";
/// The rest of an application's flags.
const SOURCE: &str =
    "--source-repo-url https://git.test/r --source-path . --destination-project demo";

/// A platform with role bindings enforced, as an ordinary user sees it: what does not exist is 404 to a read and 403
/// without a code to a change; the deletion of anything else is 204.
#[derive(Default)]
struct Platform {
    objects: Mutex<BTreeMap<String, Value>>,
}

impl Platform {
    fn with(objects: &[(&str, Value)]) -> Self {
        let objects = objects
            .iter()
            .map(|(collection, object)| {
                let id = object["id"].as_str().unwrap();
                (format!("{collection}/{id}"), object.clone())
            })
            .collect();
        Self {
            objects: Mutex::new(objects),
        }
    }

    fn reply(&self, request: &Received) -> Reply {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut objects = self.objects.lock().unwrap();
        if let Some(object) = objects.get_mut(path) {
            return match request.method.as_str() {
                "GET" => answer(200, object),
                "DELETE" => {
                    objects.remove(path);
                    raw(204, "application/json", "")
                }
                _ => {
                    for (key, value) in request.json().as_object().unwrap() {
                        object[key] = value.clone();
                    }
                    answer(200, object)
                }
            };
        }
        let is_list = path.split('/').count() % 2 == 0;
        match request.method.as_str() {
            "GET" if is_list => {
                let wanted = url::form_urlencoded::parse(query.as_bytes())
                    .find(|(key, _)| key == "search")
                    .map(|(_, search)| {
                        let value = search.split_once(" = '").unwrap().1;
                        value.strip_suffix('\'').unwrap().replace("''", "'")
                    });
                let items: Vec<&Value> = objects
                    .iter()
                    .filter(|(place, _)| place.rsplit_once('/').unwrap().0 == path)
                    .map(|(_, object)| object)
                    .filter(|object| {
                        wanted.as_ref().is_none_or(|name| {
                            object["name"] == **name || object["username"] == **name
                        })
                    })
                    .collect();
                let count = items.len();
                answer(
                    200,
                    &json!({"kind": "List", "page": 1, "size": count, "total": count, "items": items}),
                )
            }
            "GET" => answer(404, &json!({"kind": "Error", "reason": "Not Found"})),
            "DELETE" => raw(204, "application/json", ""),
            _ => answer(403, &json!({"kind": "Error", "reason": "Forbidden"})),
        }
    }

    fn serve(self) -> Scripted {
        Scripted::with(move |request| self.reply(request))
    }
}

/// Runs a line, split at blanks, with the project `demo`; gives status, output and errors.
fn run(env: &TestEnv, server: &Scripted, line: &str) -> (i32, String, String) {
    let output = env
        .connected(server.url())
        .env("AMBIENT_PROJECT", "demo")
        .args(line.split(' '))
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code().unwrap(), stdout, stderr)
}

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

fn changes(server: &Scripted) -> Vec<String> {
    let lines = server.lines().into_iter();
    lines.filter(|line| !line.starts_with("GET ")).collect()
}

/// One object of every kind, each with this name, and the verbs that take it.
fn everything(name: &str) -> Platform {
    let object = |id: &str| json!({"id": id, "name": name, "project_id": "demo"});
    Platform::with(&[
        ("/credentials", object("c1")),
        ("/projects/demo/agents", object("a1")),
        ("/projects/demo/scheduled-sessions", object("ss1")),
        ("/projects", object("p1")),
        ("/roles", object("r1")),
        ("/applications", object("app1")),
        ("/sessions", object("s1")),
        (
            "/users",
            json!({"id": "u1", "username": name, "name": "A User"}),
        ),
    ])
}

/// Verbs on one object, with the id that each has to come to.
const VERBS: &[(&str, &str)] = &[
    ("credential get NAME -o json", "c1"),
    ("get credential NAME -o json", "c1"),
    ("describe credential NAME", "c1"),
    ("agent get NAME -o json", "a1"),
    ("get agent NAME -o json", "a1"),
    ("describe agent NAME", "a1"),
    ("scheduled-session get NAME -o json", "ss1"),
    ("get project NAME -o json", "p1"),
    ("describe project NAME", "p1"),
    ("get role NAME -o json", "r1"),
    ("describe role NAME", "r1"),
    ("application get NAME -o json", "app1"),
    ("describe application NAME", "app1"),
    ("get session NAME -o json", "s1"),
    ("describe session NAME", "s1"),
    ("get user NAME -o json", "u1"),
    ("credential update NAME --description d", "c1"),
    ("agent update NAME --prompt p -o json", "a1"),
    ("project update NAME --description d -o json", "p1"),
    ("application update NAME --source-path x -o json", "app1"),
    ("application sync NAME -o json", "app1"),
    (
        "scheduled-session update NAME --description d -o json",
        "ss1",
    ),
    ("credential delete NAME --yes", "c1"),
    ("agent delete NAME --yes", "a1"),
    ("scheduled-session delete NAME --yes", "ss1"),
    ("application delete NAME --yes", "app1"),
    ("delete credential NAME --yes", "c1"),
    ("delete agent NAME --yes", "a1"),
    ("delete project NAME --yes", "p1"),
    ("delete role NAME --yes", "r1"),
    ("delete session NAME --yes", "s1"),
    ("delete application NAME --yes", "app1"),
];

#[test]
fn names_and_ids_work_for_every_noun_and_verb() {
    let env = TestEnv::new();
    for name in [
        "prod",
        LIKE_AN_ID,
        "ProdKubeconfigTeamA2026",
        "a/b",
        "o'brien%2F..",
        "é",
    ] {
        for (line, id) in VERBS {
            for given in [name, id] {
                let server = everything(name).serve();
                let (code, stdout, stderr) = run(&env, &server, &line.replace("NAME", given));
                let case = format!("{line} of {given}: {stdout}{stderr}{:?}", server.lines());
                assert_eq!(code, 0, "{case}");
                let last = server.lines().pop().unwrap();
                assert!(
                    stdout.contains(&format!("\"id\": \"{id}\""))
                        || last.ends_with(&format!("/{id}")),
                    "{case}"
                );
            }
        }
    }
}

/// A text with a slash or the like would lead to another object on a server that decodes paths first.
#[test]
fn no_text_leads_a_request_astray() {
    let env = TestEnv::new();
    let more = [
        "start NAME",
        "stop NAME",
        "session messages NAME",
        "session messages NAME -f",
        "session messages NAME -F --after 0",
        "session send NAME hi",
        "session events NAME",
        "session interrupt NAME",
        "wait NAME",
        "credential token NAME",
        "credential bind NAME --project demo",
        "credential bind c1 --project NAME",
        "credential bind c1 --project demo --agent NAME",
        "credential unbind NAME --project demo",
        "inbox list --pa-id NAME",
        "inbox list --pa-id a1 --project-id NAME",
        "inbox delete --pa-id a1 --msg-id NAME",
        "inbox mark-read --pa-id a1 --msg-id NAME",
        "agent list --project-id NAME",
        "agent start NAME",
        "agent sessions NAME",
        "get agents --project-id NAME",
        "get sessions --project-agent NAME",
        "get sessions --project-agent a1 --project-id NAME",
        "create agent --name n --project-id NAME",
        "create session --name n --agent-id NAME",
        "create rb --scope global --role-id NAME",
        "delete role-binding NAME --yes",
        "delete project-settings NAME --yes",
        "scheduled-session list --project-id NAME",
        "scheduled-session create --name n --schedule @daily --agent-id NAME",
    ];
    let lines = VERBS.iter().map(|(line, _)| *line).chain(more);
    for line in lines {
        for text in ["demo/agents/a1", "..%2Fprojects", "a\\b", "x?y", "x#y"] {
            let server = everything("other").serve();
            let (code, stdout, stderr) = run(&env, &server, &line.replace("NAME", text));
            let case = format!("{line} of {text}: {stdout}{stderr}{:?}", server.lines());
            assert!([2, 3].contains(&code), "{case}");
            assert!(changes(&server).is_empty(), "{case}");
            for asked in server.lines() {
                let path = asked.split('?').next().unwrap();
                assert!(
                    !path.contains('%') && !path.contains("/agents/a1/agents"),
                    "{case}"
                );
            }
        }
    }
}

#[test]
fn what_is_not_there_is_not_deleted() {
    let env = TestEnv::new();
    let deletes = VERBS.iter().filter(|(line, _)| line.contains("delete"));
    for (line, _) in deletes {
        for given in ["none", LIKE_AN_ID, "2abCRED0000000000000000009"] {
            let server = everything("other").serve();
            let line = line.replace("NAME", given);
            let (code, stdout, stderr) = run(&env, &server, &line);
            assert_eq!((code, stdout.as_str()), (3, ""), "{line}: {stderr}");
            assert!(changes(&server).is_empty(), "{line}: {:?}", server.lines());
        }
    }
}

#[test]
fn a_look_up_that_fails_is_a_failure() {
    let env = TestEnv::new();
    for (line, _) in VERBS {
        let server = Scripted::with(|request| {
            let is_list = request.target.contains('?');
            match request.method.as_str() {
                "GET" if is_list => error(500, "ambient-api-server-9", "Unspecified error"),
                "DELETE" => raw(204, "application/json", ""),
                _ => error(404, "ambient-api-server-7", "not found"),
            }
        });
        let line = line.replace("NAME", "prod");
        let (code, stdout, stderr) = run(&env, &server, &line);
        assert_eq!(code, 10, "{line}: {stderr}");
        assert!(!stdout.contains("deleted"), "{line}: {stdout}");
        let deleted = server
            .lines()
            .iter()
            .any(|asked| asked.starts_with("DELETE"));
        assert!(!deleted, "{line}: {:?}", server.lines());
    }
}

#[test]
fn several_of_a_name_are_listed_and_none_is_taken() {
    let env = TestEnv::new();
    for (line, id) in VERBS.iter().filter(|(_, id)| *id != "u1") {
        let platform = everything("twin");
        {
            let mut objects = platform.objects.lock().unwrap();
            let (place, object) = objects
                .iter()
                .find(|(place, _)| place.ends_with(&format!("/{id}")))
                .map(|(place, object)| (place.clone(), object.clone()))
                .unwrap();
            let mut second = object;
            second["id"] = "second".into();
            objects.insert(place.replace(&format!("/{id}"), "/second"), second);
        }
        let server = platform.serve();
        let line = line.replace("NAME", "twin");
        let (code, stdout, stderr) = run(&env, &server, &line);
        assert_eq!(code, 6, "{line}: {stdout}{stderr}");
        assert!(
            stderr.contains(id) && stderr.contains("second") && stderr.contains("multiple "),
            "{line}: {stderr}"
        );
        let changed = changes(&server).into_iter();
        // What is refused as an id is sent once, and changes nothing.
        assert!(
            changed.into_iter().all(|asked| asked.ends_with("/twin")),
            "{line}: {:?}",
            server.lines()
        );
    }
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
fn a_refusal_of_what_exists_is_not_taken_for_a_missing_object() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| error(403, "ambient-api-server-4", "not yours"));
    let (code, _, stderr) = run(&env, &server, "credential update c1 --description d");
    assert_eq!(code, 5, "{stderr}");
    // Neither the look before the change nor the change itself is tried with a name.
    assert_eq!(
        server.lines(),
        ["GET /credentials/c1", "PATCH /credentials/c1"]
    );
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
    assert!(stderr.contains("agent \"idle\" has no session"), "{stderr}");
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

/// A platform that lists these objects to a caller who may not ask for one of them nor change it.
fn only_listed(objects: Value) -> Scripted {
    Scripted::with(move |request| {
        let path = request.target.split('?').next().unwrap();
        let reason =
            |status, reason: &str| answer(status, &json!({"kind": "Error", "reason": reason}));
        match request.method.as_str() {
            "GET" if path.matches('/').count() == 4 => {
                let count = objects.as_array().unwrap().len();
                answer(
                    200,
                    &json!({"kind": "List", "page": 1, "size": count, "total": count, "items": objects}),
                )
            }
            "GET" => reason(404, "Not Found"),
            "DELETE" => raw(204, "application/json", ""),
            _ => reason(403, "Forbidden"),
        }
    })
}

#[test]
fn a_refusal_about_what_is_seen_is_about_rights() {
    let env = TestEnv::new();
    let server = only_listed(json!([{"id": "c1", "name": "prod", "provider": "github"}]));
    for given in ["c1", "prod"] {
        let line = format!("credential update {given} --description new");
        let (code, _, stderr) = run(&env, &server, &line);
        assert_eq!(code, 5, "{stderr}");
        assert!(stderr.contains("Hint: ask the project's owner"), "{stderr}");
    }
    let (_, _, stderr) = run(&env, &server, "credential update other --description new");
    assert!(
        stderr.contains("Hint: no credential that you may see"),
        "{stderr}"
    );
}

#[test]
fn a_binding_that_only_the_list_shows_can_be_deleted() {
    let env = TestEnv::new();
    let binding = json!([{"id": "rb1", "role_id": "r1", "scope": "project", "project_id": "demo"}]);
    let server = only_listed(binding);
    let (code, stdout, stderr) = run(&env, &server, "delete role-binding rb1 --yes");
    assert_eq!(
        (code, stdout.as_str()),
        (0, "role-binding/rb1 deleted\n"),
        "{stderr}"
    );
    let (code, stdout, _) = run(&env, &server, "delete role-binding rb2 --yes");
    assert_eq!((code, stdout.as_str()), (3, ""));
    assert_eq!(changes(&server).len(), 1);
}

#[test]
fn no_sessions_of_a_project_that_is_not_there_is_an_error() {
    let env = TestEnv::new();
    let server = only_listed(json!([]));
    for line in ["get sessions", "delete sessions --all --yes"] {
        let (code, stdout, stderr) = run(&env, &server, line);
        assert_eq!((code, stdout.as_str()), (3, ""), "{line}: {stderr}");
        assert!(stderr.contains("project \"demo\" not found"), "{stderr}");
    }
    let there = Platform::with(&[("/projects", json!({"id": "demo", "name": "demo"}))]).serve();
    let (code, stdout, _) = run(&env, &there, "delete sessions --all --yes");
    assert_eq!((code, stdout.as_str()), (0, "no sessions to delete\n"));
}
