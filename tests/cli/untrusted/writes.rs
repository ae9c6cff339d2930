//! Answers to writes that are a success only at first sight.

use serde_json::{Value, json};

use crate::support::server::{Received, Reply, Scripted, error, json as answer, list, raw};
use crate::support::{TestEnv, streams};

fn run(env: &TestEnv, server: &Scripted, line: &str) -> (Option<i32>, String, String) {
    let mut command = env.connected(server.url());
    let output = command.args(line.split_whitespace()).output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

fn html() -> Reply {
    raw(200, "text/html", "<html><body>Please sign in</body></html>")
}

fn accepted() -> Reply {
    raw(202, "application/json", "")
}

fn foreign() -> Reply {
    raw(200, "application/json", r#"{"status":"ok"}"#)
}

fn failed() -> Reply {
    let reason = "quota \u{1b}[2Jexceeded";
    answer(200, &json!({"kind": "Error", "id": "1", "reason": reason}))
}

const ID: &str = "2abCRED00000000000000000001";

fn object() -> Value {
    json!({
        "id": ID, "name": "x", "provider": "github", "scope": "credential", "credential_id": ID, "role_id": ID,
        "project_id": "p", "schedule": "0 9 * * *", "enabled": true,
    })
}

/// Every object exists, whatever is asked for.
fn found(request: &Received) -> Reply {
    let path = request.target.split('?').next().unwrap();
    let last = path.rsplit('/').next().unwrap();
    if last == "p" {
        return answer(200, &json!({"id": "p", "name": "p"}));
    }
    if path.contains("/roles/") {
        return answer(200, &json!({"id": ID, "name": last}));
    }
    if last.ends_with('s') {
        list(json!([object()]))
    } else {
        answer(200, &object())
    }
}

const DELETIONS: &[&str] = &[
    "credential delete x --yes",
    "delete credentials --all --yes",
    "credential unbind x --project p",
    "agent delete x --project-id p --yes",
    "application delete x --yes",
    "scheduled-session delete x --project-id p --yes",
    "provider delete x --project-id p --yes",
    "project delete --name p --yes",
    "delete session x --yes",
    "inbox delete --project-id p --pa-id x --msg-id m",
];

#[test]
fn a_deletion_is_reported_only_if_the_object_is_gone() {
    let env = TestEnv::new();
    let answers: [(&str, fn() -> Reply); 4] = [
        ("a page", html),
        ("202", accepted),
        ("other JSON", foreign),
        ("200", || raw(200, "application/json", "")),
    ];
    for line in DELETIONS {
        for (name, reply) in answers {
            let server = Scripted::with(move |request| match request.method.as_str() {
                "DELETE" => reply(),
                _ => found(request),
            });
            let (code, stdout, stderr) = run(&env, &server, line);
            let context = format!("{line} answered by {name}: {stdout} {stderr}");
            assert!(
                !stdout.contains("deleted\n") || stdout.starts_with("0 "),
                "{context}"
            );
            assert!(!stdout.contains("unbound"), "{context}");
            assert!(matches!(code, Some(1 | 10)), "{context}");
            assert!(
                stderr.contains("but the object is still there"),
                "{context}"
            );
            let requests = server.received();
            let deletions = requests.iter().filter(|it| it.method == "DELETE");
            assert_eq!(deletions.count(), 1, "{context}");
        }
    }
}

#[test]
fn a_deletion_with_another_answer_counts_once_the_object_is_gone() {
    let env = TestEnv::new();
    for reply in [html, accepted, foreign] {
        let is_gone = std::sync::atomic::AtomicBool::new(false);
        let server = Scripted::with(move |request| {
            let ordering = std::sync::atomic::Ordering::SeqCst;
            match request.method.as_str() {
                "DELETE" => {
                    is_gone.store(true, ordering);
                    reply()
                }
                _ if is_gone.load(ordering) => error(404, "ambient-api-server-7", "not found"),
                _ => found(request),
            }
        });
        let (code, stdout, stderr) = run(&env, &server, "credential delete x --yes");
        assert_eq!(
            (code, stdout.as_str()),
            (Some(0), "credential/x deleted\n"),
            "{stderr}"
        );
    }
}

#[test]
fn a_page_in_the_place_of_every_answer_is_no_deletion() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| match request.method.as_str() {
        "DELETE" => html(),
        _ => {
            let is_first = !request.target.ends_with(ID);
            if is_first { found(request) } else { html() }
        }
    });
    let (code, stdout, stderr) = run(&env, &server, "credential delete x --yes");
    assert_eq!((code, stdout.as_str()), (Some(10), ""), "{stderr}");
    assert!(stderr.contains("HTML"), "{stderr}");
}

const WRITES: &[&str] = &[
    "credential update x --description d",
    "credential bind x --project p --yes",
    "project create --name n",
    "project update p --description d",
    "agent create --project-id p --name n --prompt t",
    "agent update x --project-id p --prompt t",
    "agent start x --project-id p --prompt t",
    "create session --name n --project-id p",
    "start x --project-id p",
    "stop x",
    "application create --name n --source-repo-url https://r.test --source-path d --destination-project p",
    "application sync x",
    "scheduled-session create --project-id p --name n --agent-id x --schedule @daily",
    "scheduled-session update x --project-id p --description d",
    "scheduled-session suspend x --project-id p",
    "provider create --project-id p --name n --secret x",
    "inbox send --project-id p --pa-id x --body t",
    "session send x hello",
];

#[test]
fn a_write_is_reported_only_if_its_answer_shows_it() {
    let env = TestEnv::new();
    let answers: [(&str, fn() -> Reply); 5] = [
        ("a page", html),
        ("202", accepted),
        ("other JSON", foreign),
        ("an error", failed),
        ("a status", || {
            answer(200, &json!({"kind": "Status", "id": "zz", "name": "zz"}))
        }),
    ];
    for line in WRITES {
        for (name, reply) in answers {
            let server = Scripted::with(move |request| match request.method.as_str() {
                "GET" => found(request),
                _ => reply(),
            });
            let (code, stdout, stderr) = run(&env, &server, line);
            let context = format!("{line} answered by {name}: {stdout} {stderr}");
            assert!(
                server.received().iter().any(|it| it.method != "GET"),
                "nothing was sent: {context}"
            );
            assert_eq!(code, Some(10), "{context}");
            assert_eq!(stdout, "", "{context}");
        }
    }
    // Neither a page nor an error is an answer of a runner.
    for reply in [html, failed] {
        let server = Scripted::with(move |request| match request.method.as_str() {
            "GET" => found(request),
            _ => reply(),
        });
        for line in [
            "session interrupt x",
            "scheduled-session trigger x --project-id p",
        ] {
            let (code, stdout, stderr) = run(&env, &server, line);
            assert_eq!((code, stdout.as_str()), (Some(10), ""), "{line}: {stderr}");
            assert!(!stderr.contains('\u{1b}'), "{line}: {stderr:?}");
        }
    }
}

#[test]
fn an_answer_about_another_object_shows_no_write() {
    let env = TestEnv::new();
    let of_kind = |kind: &'static str| {
        Scripted::with(move |request| match request.method.as_str() {
            "GET" => found(request),
            _ => answer(200, &json!({"kind": kind, "id": "zz", "name": "zz"})),
        })
    };
    for (line, kind, says) in [
        (
            "credential update x --description d",
            "Credential",
            "about another object, zz",
        ),
        (
            "agent update x --project-id p --prompt t",
            "Agent",
            "about another object, zz",
        ),
        (
            "scheduled-session update x --project-id p --description d",
            "ScheduledSession",
            "about another object, zz",
        ),
        (
            "scheduled-session suspend x --project-id p",
            "Credential",
            "about another object, zz",
        ),
        (
            "create role --name zz",
            "Credential",
            "of the kind Credential instead of Role",
        ),
        (
            "credential bind x --project p --yes",
            "Credential",
            "of the kind Credential instead of RoleBinding",
        ),
    ] {
        let (code, stdout, stderr) = run(&env, &of_kind(kind), line);
        assert_eq!((code, stdout.as_str()), (Some(10), ""), "{line}: {stderr}");
        assert!(stderr.contains(says), "{line}: {stderr}");
    }
}

#[test]
fn an_answer_repeats_the_fields_that_say_which_object_is_meant() {
    let env = TestEnv::new();
    let other = "2abOTHR00000000000000000001";
    for (line, body, says) in [
        (
            "credential create --provider github --name n --token t",
            json!({"kind": "Credential", "id": "c", "name": "m", "provider": "github"}),
            "its name is \"m\"",
        ),
        (
            "credential create --provider github --name n --token t",
            json!({"kind": "Credential", "id": "c", "name": "n", "provider": "gitlab"}),
            "its provider is \"gitlab\"",
        ),
        (
            "credential create --provider github --name n --token t",
            json!({"kind": "Credential", "id": "c", "NAME": "m"}),
            "its name is \"m\"",
        ),
        (
            "project create n",
            json!({"kind": "Project", "id": "m", "name": "m"}),
            "its name is \"m\"",
        ),
        (
            "agent create --project-id p --name n --prompt t",
            json!({"kind": "Agent", "id": "a", "name": "n", "project_id": "q"}),
            "its project_id is \"q\"",
        ),
        (
            "create session --name n --project-id p",
            json!({"kind": "Session", "id": "s", "name": "n", "project_id": "q"}),
            "its project_id is \"q\"",
        ),
        (
            "credential bind x --project p --yes",
            json!({"kind": "RoleBinding", "id": "b", "credential_id": other}),
            "its credential_id is",
        ),
        (
            "credential bind x --project p --yes",
            json!({"kind": "RoleBinding", "id": "b", "scope": "global"}),
            "its scope is \"global\"",
        ),
        (
            "session send x hello",
            json!({"kind": "SessionMessage", "id": "m", "seq": 1, "session_id": "zz"}),
            "its session_id is \"zz\"",
        ),
        (
            "session send x hello",
            json!({"id": "m", "seq": 1, "event_type": "assistant", "payload": "hello"}),
            "its event_type is \"assistant\"",
        ),
        (
            "session send x hello",
            json!({"id": "m", "seq": 1, "event_type": "user", "payload": "bye"}),
            "its payload is \"bye\"",
        ),
        (
            "session send x hello",
            json!({"seq": i64::MAX}),
            "whose number is damaged: 9223372036854775807",
        ),
        (
            "session send x hello",
            json!({"seq": u64::MAX}),
            "whose number is damaged: 18446744073709551615",
        ),
        (
            "stop x",
            json!({"kind": "Session", "id": "zz", "name": "zz"}),
            "about another object, zz",
        ),
        (
            "application sync x",
            json!({"kind": "Application", "id": "zz", "name": "zz"}),
            "about another object, zz",
        ),
        (
            "scheduled-session suspend x --project-id p",
            json!({"kind": "ScheduledSession", "id": "zz", "name": "zz", "enabled": false}),
            "about another object, zz",
        ),
        (
            "scheduled-session suspend x --project-id p",
            json!({"kind": "Credential", "id": ID, "name": "x", "enabled": false}),
            "of the kind Credential instead of ScheduledSession",
        ),
        (
            "scheduled-session resume x --project-id p",
            json!({"kind": "ScheduledSession", "id": ID, "project_id": "q", "enabled": true}),
            "its project_id is \"q\"",
        ),
        (
            "start x --project-id p",
            json!({"session": {"kind": "Session", "id": "s", "agent_id": "zz"}}),
            "its agent_id is \"zz\"",
        ),
        (
            "agent start x --project-id p",
            json!({"session": {"kind": "Session", "id": "s", "project_id": "q"}}),
            "its project_id is \"q\"",
        ),
        (
            "agent start x --project-id p",
            json!({"session": {"kind": "Agent", "id": "s"}}),
            "of the kind Agent instead of Session",
        ),
    ] {
        let sent = body.clone();
        let server = Scripted::with(move |request| match request.method.as_str() {
            "GET" if line.contains("create") => list(json!([])),
            "GET" => found(request),
            _ => answer(200, &sent),
        });
        let (code, stdout, stderr) = run(&env, &server, line);
        let context = format!("{line} answered by {body}: {stdout} {stderr}");
        assert_eq!((code, stdout.as_str()), (Some(10), ""), "{context}");
        assert!(stderr.contains(says), "{context}");
    }
}

#[test]
fn a_server_may_answer_with_the_id_of_a_name() {
    let env = TestEnv::new();
    let id = "2abAGNT00000000000000000001";
    for line in [
        "stop x",
        "start x --project-id p",
        "create session --name n --project-id p",
    ] {
        let server = Scripted::with(move |request| match request.method.as_str() {
            "GET" if line.contains("create") => list(json!([])),
            "GET" => found(request),
            _ if line.starts_with("start") => answer(
                201,
                &json!({"session": {"kind": "Session", "id": ID, "agent_id": id, "project_id": "p"}}),
            ),
            _ => {
                let name = if line.starts_with("create") { "n" } else { "x" };
                answer(201, &json!({"kind": "Session", "id": ID, "name": name}))
            }
        });
        let (code, stdout, stderr) = run(&env, &server, line);
        assert_eq!(code, Some(0), "{line}: {stdout} {stderr}");
    }
}

#[test]
fn the_server_does_not_choose_the_current_project() {
    let env = TestEnv::new();
    for line in ["project create n", "create project --name n"] {
        for (kind, name, is_current) in [
            ("Agent", "evil", false),
            ("Project", "evil", false),
            ("Project", "n", true),
        ] {
            let server = Scripted::with(move |request| match request.method.as_str() {
                "GET" => found(request),
                _ => answer(201, &json!({"kind": kind, "id": "zz", "name": name})),
            });
            let mut set = env.connected(server.url());
            set.args(["config", "set", "project", "before"])
                .assert()
                .success();
            let (_, stdout, stderr) = run(&env, &server, line);
            let context = format!("{line} {kind} {name}: {stdout} {stderr}");
            assert_eq!(stdout.contains("Switched to"), is_current, "{context}");
            let current = if is_current { "n" } else { "before" };
            assert_eq!(env.saved()["project"], current, "{context}");
        }
    }
}

#[test]
fn a_session_is_not_started_if_the_answer_is_about_another_one() {
    let env = TestEnv::new();
    let other = "2abSESS00000000000000000002";
    let session = |id: &str| json!({"kind": "Session", "id": id, "name": "n", "phase": "Running"});
    for (answered, code) in [(ID, 0), (other, 10)] {
        let (own, started) = (session(ID), session(answered));
        let server = Scripted::with(move |request| match request.method.as_str() {
            "GET" => answer(200, &own),
            _ => answer(200, &started),
        });
        let (status, stdout, stderr) = run(&env, &server, &format!("session start {ID}"));
        assert_eq!(status, Some(code), "{answered}: {stdout}{stderr}");
        assert_eq!(stdout.contains("started"), code == 0, "{stdout}");
        assert_eq!(stderr.contains(other), code == 10, "{stderr}");
    }
}

#[test]
fn an_agent_of_another_project_is_not_the_one_to_create() {
    let env = TestEnv::new();
    for (owner, is_there) in [("other", false), ("p", true), ("P-ID", true), ("", true)] {
        let id = if owner == "P-ID" { owner } else { "p" };
        let agent = json!({"id": ID, "name": "n", "prompt": "t", "project_id": owner});
        let server = Scripted::with(move |request| match request.method.as_str() {
            "GET" if request.target.contains("/agents") => list(json!([agent])),
            "GET" => answer(200, &json!({"id": id, "name": "p"})),
            _ => answer(201, &json!({"kind": "Agent", "id": "new", "name": "n"})),
        });
        for line in [
            "agent create --project-id p --name n --prompt t",
            "create agent --project-id p --name n --prompt t",
        ] {
            let before = server.received().len();
            let (code, stdout, stderr) = run(&env, &server, line);
            let context = format!("{line} {owner}: {stdout} {stderr}");
            assert_eq!(code, Some(0), "{context}");
            assert_eq!(stdout.contains("unchanged"), is_there, "{context}");
            let received = server.received().split_off(before);
            let is_sent = received.iter().any(|it| it.method == "POST");
            assert_eq!(is_sent, !is_there, "{context}");
        }
    }
}
