//! Answers to reads that are not about the object that was asked for, and IDs that are none.

use serde_json::{Value, json};

use crate::support::server::{Received, Reply, Scripted, json as answer, list};
use crate::support::{TestEnv, streams};

const ID: &str = "2abCRED00000000000000000001";
const OTHER: &str = "2abOTHR00000000000000000001";

fn run(env: &TestEnv, server: &Scripted, line: &str) -> (Option<i32>, String, String) {
    let mut command = env.connected(server.url());
    let output = command.args(line.split_whitespace()).output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

fn last(request: &Received) -> &str {
    let path = request.target.split('?').next().unwrap();
    path.rsplit('/').next().unwrap()
}

fn object(id: &str, name: &str) -> Value {
    json!({"id": id, "name": name, "project_id": "p", "provider": "github", "prompt": "t", "phase": "Running"})
}

/// Commands about one object by its ID.
const LINES: &[&str] = &[
    "credential delete ID --yes",
    "credential delete ID --yes --dry-run",
    "delete session ID --yes",
    "project delete wanted --yes",
    "delete project wanted --yes --dry-run",
    "agent delete ID --project-id p --yes",
    "agent update ID --project-id p --prompt q",
    "agent start ID --project-id p",
    "scheduled-session suspend ID --project-id p",
    "credential get ID",
    "describe session ID",
    "get project wanted -o json",
    "wait session/ID --for deleted --timeout 5s",
    "wait session/ID --for exists --timeout 5s",
    "wait ID --timeout 5s",
];

#[test]
fn nothing_is_done_with_another_object_than_the_one_that_was_asked_for() {
    let env = TestEnv::new();
    let answers: [(&str, Value, &str); 5] = [
        ("another ID", object(OTHER, "x"), "about another object"),
        ("no ID", json!({"name": "x"}), "names no object"),
        ("{}", json!({}), "names no object"),
        (
            "an error",
            json!({"kind": "Error", "id": "9", "reason": "denied"}),
            "denied",
        ),
        ("other JSON", json!({"error": "denied"}), "names no object"),
    ];
    for line in LINES {
        for (name, body, says) in &answers {
            let body = body.clone();
            let server = Scripted::with(move |request| match last(request) {
                "p" => answer(200, &object("p", "p")),
                last if last == ID || last == "wanted" => answer(200, &body),
                _ => list(json!([])),
            });
            let (code, stdout, stderr) = run(&env, &server, &line.replace("ID", ID));
            let context = format!("{line} answered by {name}: {stdout} {stderr}");
            assert_eq!(code, Some(10), "{context}");
            assert!(stdout.is_empty() || line.ends_with("json"), "{context}");
            assert!(stderr.contains(says), "{context}");
            assert!(stderr.contains("acpctl config get api_url"), "{context}");
            let received = server.received();
            assert!(received.iter().all(|it| it.method == "GET"), "{context}");
            assert!(
                !received.iter().any(|it| it.target.contains(OTHER)),
                "{context}"
            );
        }
    }
}

#[test]
fn apply_writes_into_no_other_project() {
    let env = TestEnv::new();
    env.file("a.yaml", "kind: Agent\nname: a\nprompt: t\n");
    let server = Scripted::with(|request| match last(request) {
        "shop" => answer(
            200,
            &json!({"kind": "Project", "id": OTHER, "name": "shop"}),
        ),
        _ => list(json!([])),
    });
    let (code, stdout, stderr) = run(&env, &server, "apply -f a.yaml --project shop");
    assert_eq!((code, stdout.as_str()), (Some(10), ""), "{stderr}");
    assert!(server.received().iter().all(|it| it.method == "GET"));
}

/// Commands that act on a project, or on what it has.
const IN_PROJECT: &[&str] = &[
    "project delete shop --yes",
    "delete project shop --yes",
    "project transfer shop --to ID --yes",
    "credential bind ID --project shop --yes",
    "credential unbind ID --project shop",
    "credential create --provider github --name n --token t --bind shop",
    "create role-binding --role-id ID --scope project --scope-id shop",
    "create role-binding --role-id ID --scope credential --credential-id-fk ID --project-id-fk shop",
    "apply -f a.yaml --project shop",
];

/// How a server finds a project by its name: it takes the name for an ID, or searches for it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Finds {
    AsId,
    BySearch,
}

/// A server that finds a project by its name and says that its ID is `id`; by itself, this ID has the name `of_id`.
fn finding_by_name(finds: Finds, id: &'static str, of_id: &'static str) -> Scripted {
    let project = |id: &str, name: &str| json!({"kind": "Project", "id": id, "name": name});
    Scripted::with(move |request| match last(request) {
        _ if request.method == "DELETE" => crate::support::server::raw(204, "text/plain", ""),
        "transfer-ownership" => answer(200, &project(id, "shop")),
        _ if request.method == "POST" => {
            let mut made = request.json();
            made["id"] = ID.into();
            answer(201, &made)
        }
        "shop" if finds == Finds::AsId => answer(200, &project(id, "shop")),
        "projects" => list(json!([project(id, "shop")])),
        last if last == id && !of_id.is_empty() => answer(200, &project(id, of_id)),
        ID if request.target.contains("/users/") => {
            answer(200, &json!({"id": ID, "username": "alice"}))
        }
        ID => answer(200, &json!({"id": ID, "name": "x"})),
        "credential%3Aviewer" | "credential:viewer" => answer(200, &json!({"id": ID})),
        "roles" => list(json!([{"id": ID, "name": "credential:viewer"}])),
        last if last == "shop" || last == id => {
            crate::support::server::error(404, "ambient-api-server-7", "not found")
        }
        _ => list(json!([])),
    })
}

#[test]
fn a_project_that_is_found_by_its_name_is_no_other_project() {
    let env = TestEnv::new();
    env.file("a.yaml", "kind: Agent\nname: a\nprompt: t\n");
    for (id, of_id) in [
        ("other", "other"),
        ("other", ""),
        ("../other", "shop"),
        ("a/b", "shop"),
        (".", "shop"),
        ("--all", "shop"),
    ] {
        for (line, finds) in IN_PROJECT.iter().flat_map(|line| {
            // `apply` takes the name of a project for its ID alone.
            let searches = !line.starts_with("apply");
            let ways = [Some(Finds::AsId), searches.then_some(Finds::BySearch)];
            ways.into_iter().flatten().map(move |way| (line, way))
        }) {
            let server = finding_by_name(finds, id, of_id);
            let (code, stdout, stderr) = run(&env, &server, &line.replace("ID", ID));
            let context = format!("{line} with {id}, {finds:?}: {stdout} {stderr}");
            assert_eq!(code, Some(10), "{context}");
            assert_eq!(stdout, "", "{context}");
            let received = server.received();
            assert!(received.iter().all(|it| it.method == "GET"), "{context}");
        }
    }
}

#[test]
fn a_result_names_the_id_of_a_project_that_was_found_by_its_name() {
    let env = TestEnv::new();
    env.file("a.yaml", "kind: Agent\nname: a\nprompt: t\n");
    for (line, says) in IN_PROJECT.iter().zip([
        "project/shop (P-1) deleted\n",
        "project/shop (P-1) deleted\n",
        "project/P-1 transferred",
        "bound to project/shop (P-1)\n",
        "not bound to project/shop (P-1)\n",
        "bound to project/shop (P-1)\n",
        "created",
        "created",
        "agent/a created\n",
    ]) {
        let server = finding_by_name(Finds::AsId, "P-1", "shop");
        let (code, stdout, stderr) = run(&env, &server, &line.replace("ID", ID));
        let context = format!("{line}: {stdout} {stderr}");
        assert_eq!(code, Some(0), "{context}");
        assert!(stdout.contains(says), "{context}");
    }
}

#[test]
fn a_secret_is_that_of_the_credential_that_was_asked_for() {
    let env = TestEnv::new();
    for (owner, is_its_own) in [(OTHER, false), (ID, true), ("", true)] {
        let server = Scripted::with(move |request| match last(request) {
            "token" => {
                let token = "ghp_0123456789";
                answer(
                    200,
                    &json!({"credential_id": owner, "provider": "github", "token": token}),
                )
            }
            ID => answer(200, &object(ID, "x")),
            _ => list(json!([])),
        });
        for line in [
            "credential token ID",
            "session exec --credential ID -- true",
        ] {
            let (code, stdout, stderr) = run(&env, &server, &line.replace("ID", ID));
            let context = format!("{line} of {owner}: {stdout} {stderr}");
            assert_eq!(code == Some(0), is_its_own, "{context}");
            assert_eq!(
                stderr.contains("about another object"),
                !is_its_own,
                "{context}"
            );
            assert!(is_its_own || stdout.is_empty(), "{context}");
        }
    }
}

#[test]
fn an_id_that_is_none_becomes_no_part_of_a_path() {
    let env = TestEnv::new();
    for id in ["", "../x", "..", "a%2fb", "x\u{1b}[31m", "a/b", "--all"] {
        let server = Scripted::with(move |request| match request.method.as_str() {
            "GET" if last(request) == "p" => answer(200, &object("p", "p")),
            _ if last(request) == "x" || request.target.contains("/x/") => {
                crate::support::server::error(404, "ambient-api-server-7", "not found")
            }
            "GET" => list(json!([object(id, "x")])),
            _ => answer(200, &object(id, "x")),
        });
        for line in [
            "agent update x --project-id p --prompt q",
            "agent start x --project-id p",
            "agent delete x --project-id p --yes",
            "agent sessions x --project-id p",
            "credential update x --description d",
            "credential token x",
            "delete sessions --all --yes",
            "session send x hello",
            "session messages x",
            "stop x",
        ] {
            let (code, stdout, stderr) = run(&env, &server, line);
            let context = format!("{line} of {id:?}: {stdout} {stderr}");
            assert_ne!(code, Some(0), "{context}");
            assert!(!stderr.contains("did you mean"), "{context}");
        }
        let is_odd = |it: &Received| {
            let path = it.target.split('?').next().unwrap();
            path.contains("//") || path.contains('%') || path.contains("..") || path.ends_with('/')
        };
        let odd: Vec<String> = server
            .received()
            .iter()
            .filter(|it| is_odd(it))
            .map(Received::line)
            .collect();
        assert!(odd.is_empty(), "{id:?}: {odd:?}");
    }
}

fn written(
    line: &'static str,
    reply: impl Fn() -> Reply + Send + Sync + 'static,
) -> (Option<i32>, String, String) {
    let env = TestEnv::new();
    let server = Scripted::with(move |request| match request.method.as_str() {
        "GET" if last(request) == "p" => answer(200, &object("p", "p")),
        "GET" if last(request) == ID => answer(200, &object(ID, "x")),
        "GET" if line.contains("create") => list(json!([])),
        "GET" => list(json!([object(ID, "x")])),
        _ => reply(),
    });
    run(&env, &server, &line.replace("ID", ID))
}

#[test]
fn a_write_is_done_only_if_the_answer_has_the_id() {
    for line in [
        "create project --name n",
        "create session --name n --project-id p",
        "agent create --project-id p --name n --prompt t",
        "agent update ID --project-id p --prompt t",
        "credential create --provider github --name n --token t",
        "credential update ID --description d",
        "project update p --description d",
        "scheduled-session suspend ID --project-id p",
    ] {
        for body in [json!({"name": "n"}), json!({"name": "n", "id": ""})] {
            let (code, stdout, stderr) = written(line, move || answer(200, &body));
            assert_eq!((code, stdout.as_str()), (Some(10), ""), "{line}: {stderr}");
        }
    }
}

#[test]
fn an_id_that_this_program_refuses_is_not_passed_on() {
    for line in [
        "create project --name n",
        "project create n",
        "create session --name n --project-id p",
        "agent create --project-id p --name n --prompt t",
        "credential create --provider github --name n --token t",
        "create role --name n",
        "provider create --project-id p --name n --secret x",
        "agent start ID --project-id p",
    ] {
        for id in ["--all", "../x", "..", "a/b", "a b", "\u{fffd}"] {
            let body = json!({"id": id, "name": "n", "session": {"id": id, "kind": "Session"}});
            let (code, stdout, stderr) = written(line, move || answer(200, &body));
            let context = format!("{line} with {id}: {stdout} {stderr}");
            assert_eq!((code, stdout.as_str()), (Some(10), ""), "{context}");
        }
    }
}

#[test]
fn a_change_that_the_answer_does_not_show_is_not_done() {
    for (line, body) in [
        (
            "agent update ID --project-id p --prompt new",
            json!({"kind": "Agent", "id": ID, "name": "x", "prompt": "old"}),
        ),
        (
            "credential update ID --description new",
            json!({"kind": "Credential", "id": ID, "name": "x", "description": "old"}),
        ),
        (
            "project update p --labels {\"a\":\"b\"}",
            json!({"kind": "Project", "id": "p", "name": "p", "labels": "{\"a\":\"c\"}"}),
        ),
    ] {
        let (code, stdout, stderr) = written(line, move || answer(200, &body));
        assert_eq!((code, stdout.as_str()), (Some(10), ""), "{line}: {stderr}");
        assert!(
            stderr.contains("the server accepted the change, but its"),
            "{line}: {stderr}"
        );
    }
    // Other forms of what was sent are the same.
    for (line, body) in [
        (
            "agent update ID --project-id p --prompt new",
            json!({"kind": "Agent", "id": ID, "name": "x", "prompt": "new"}),
        ),
        (
            "agent update ID --project-id p --prompt new",
            json!({"id": ID, "name": "x"}),
        ),
        (
            "project update p --labels {\"a\":\"b\",\"c\":\"d\"}",
            json!({"kind": "Project", "id": "p", "name": "p", "labels": "{\"c\": \"d\", \"a\": \"b\"}"}),
        ),
    ] {
        let (code, stdout, stderr) = written(line, move || answer(200, &body));
        assert_eq!(code, Some(0), "{line}: {stdout} {stderr}");
    }
}

#[test]
fn an_object_of_another_name_was_not_changed() {
    for line in [
        "agent update x --project-id p --prompt t",
        "credential update x --description d",
        "scheduled-session suspend x --project-id p",
    ] {
        let body = json!({"id": ID, "name": "other-name", "enabled": false});
        let (code, stdout, stderr) = written(line, move || answer(200, &body));
        assert!(!stdout.contains("other-name"), "{line}: {stdout} {stderr}");
        assert!(
            code == Some(10) || stdout.contains("/x "),
            "{line}: {stdout} {stderr}"
        );
    }
}

#[test]
fn an_interruption_and_a_run_are_done_only_if_the_answer_says_so() {
    for line in [
        "session interrupt ID",
        "scheduled-session trigger ID --project-id p",
    ] {
        for body in [
            r#"{"error": "denied"}"#,
            "5",
            "[]",
            "null",
            &"[".repeat(10_000),
        ] {
            let body = body.to_owned();
            let reply = move || crate::support::server::raw(200, "application/json", body.as_str());
            let (code, stdout, stderr) = written(line, reply);
            assert_eq!((code, stdout.as_str()), (Some(10), ""), "{line}: {stderr}");
        }
    }
    for (line, body) in [
        (
            "session interrupt ID",
            json!({"message": "Interrupt signal sent"}),
        ),
        (
            "scheduled-session trigger ID --project-id p",
            json!({"status": "triggered"}),
        ),
        (
            "scheduled-session trigger ID --project-id p",
            json!({"kind": "Session", "id": OTHER, "name": "r"}),
        ),
    ] {
        let (code, stdout, stderr) = written(line, move || answer(200, &body));
        assert_eq!(code, Some(0), "{line}: {stdout} {stderr}");
    }
}

#[test]
fn items_that_are_not_messages_are_an_error() {
    let env = TestEnv::new();
    for (items, lack) in [
        (json!([{}]), "number"),
        (json!([{"error": "unauthorized"}]), "number"),
        (json!([{"seq": 0, "event_type": "user"}]), "number"),
        (json!([{"seq": -1, "event_type": "user"}]), "number"),
        (json!([{"seq": 1}]), "type"),
    ] {
        let server = Scripted::with(move |_| answer(200, &items));
        for line in ["session messages s", "session messages s -o json"] {
            let (code, stdout, stderr) = run(&env, &server, line);
            let why = format!(
                "Error: list messages: the server's answer holds an item that is not a message: it has no {lack}\n"
            );
            assert!(stderr.starts_with(&why), "{line} {stderr}");
            assert_eq!((code, stdout.contains("seq")), (Some(10), false), "{line}");
        }
    }
    let far = json!([{"seq": i64::MAX, "event_type": "user"}]);
    let server = Scripted::with(move |_| answer(200, &far));
    let (code, stdout, stderr) = run(&env, &server, "session messages s");
    let why = format!("holds a message whose number is damaged: {}\n", i64::MAX);
    assert!(stderr.contains(&why), "{stderr}");
    assert_eq!((code, stdout.as_str()), (Some(10), ""));
}

#[test]
fn a_list_of_a_project_holds_no_objects_of_another() {
    let env = TestEnv::new();
    for (owner, code) in [
        ("team-a", 0),
        ("", 0),
        ("2abPROJ00000000000000000001", 0),
        ("team-b", 10),
    ] {
        let agent = json!({"kind": "Agent", "id": "a1", "name": "lead", "project_id": owner});
        let server = Scripted::with(move |_| list(json!([agent])));
        for line in ["get agents --project team-a", "agent list --project team-a"] {
            let mut command = env.connected(server.url());
            let output = command.args(line.split_whitespace()).output().unwrap();
            let (stdout, stderr) = streams(&output);
            assert_eq!(
                output.status.code(),
                Some(code),
                "{line} {owner}: {stdout}{stderr}"
            );
            assert_eq!(
                stderr.contains("its project_id is \"team-b\""),
                code == 10,
                "{stderr}"
            );
        }
    }
}
