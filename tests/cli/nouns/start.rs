//! `start` and `wait`: the prompt reaches the session, and a wait ends.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::nouns::local;
use crate::support::server::{Scripted, error, json as answer, list, raw};
use crate::support::{ID, TestEnv, streams};

/// A platform with one agent, whose start drops the prompt or returns it.
fn starting(returned: &'static str, message_status: u16) -> Scripted {
    Scripted::with(move |request| {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        match (request.method.as_str(), target.split('?').next().unwrap()) {
            ("GET", "/projects/demo/agents") => answer(
                200,
                &json!({"items": [{"id": "a1", "name": "lead"}], "total": 1, "size": 1, "page": 1}),
            ),
            ("POST", "/projects/demo/agents/a1/start") => answer(
                201,
                &json!({"session": {"id": "s1", "name": "lead-1"}, "starting_prompt": returned}),
            ),
            ("POST", "/sessions/s1/messages") if message_status == 201 => {
                assert_eq!(
                    request.json(),
                    json!({"event_type": "user", "payload": "fix it"})
                );
                answer(201, &json!({"id": "m1", "seq": 7}))
            }
            ("POST", "/sessions/s1/messages") => error(message_status, "c", "refused"),
            _ => error(404, "ambient-api-server-7", "not found"),
        }
    })
}

#[test]
fn the_prompt_of_a_start_reaches_the_session() {
    let env = TestEnv::new();
    for (line, returned, status, code, messages) in [
        (
            "agent start lead --prompt",
            "# Agent Start: lead\n",
            201,
            0,
            1,
        ),
        ("start lead --prompt", "# Agent Start: lead\n", 201, 0, 1),
        ("agent start --all --prompt", "Do not fix it", 201, 0, 1),
        (
            "agent start lead --prompt",
            "# Start\n\n## Task\n\nfix it\n\n",
            201,
            0,
            0,
        ),
        (
            "start lead --prompt",
            "# Start\n\n## Task\n\nfix it\n\n",
            201,
            0,
            0,
        ),
        ("agent start lead --prompt", "", 403, 5, 1),
        ("start lead --prompt", "", 403, 5, 1),
    ] {
        let server = starting(returned, status);
        let output = env
            .connected(server.url())
            .env("AMBIENT_PROJECT", "demo")
            .args(line.split(' '))
            .arg("fix it")
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        let case = format!("{line}, returned {returned:?}: {stderr}");
        assert_eq!(output.status.code(), Some(code), "{case}");
        assert_eq!(stdout, "session/s1 started\n", "{case}");
        let sent = server.lines().into_iter();
        let sent = sent.filter(|asked| asked == "POST /sessions/s1/messages");
        assert_eq!(sent.count(), messages, "{case}");
        let told = stderr.contains("prompt sent to session/s1 as a message (seq=7)");
        assert_eq!(told, messages == 1 && code == 0, "{case}");
    }
    let server = starting("", 201);
    env.connected(server.url())
        .env("AMBIENT_PROJECT", "demo")
        .args(["agent", "start", "lead"])
        .assert()
        .success()
        .stderr("");
}

#[test]
fn a_prompt_that_was_not_delivered_is_no_success() {
    let env = TestEnv::new();
    for body in [
        json!({}),
        json!({"starting_prompt": "another"}),
        json!({"session": null}),
        json!({"session": {"id": "../x"}}),
        json!({"session": {"id": "--all"}}),
    ] {
        for line in ["agent start lead --prompt go", "start lead --prompt go"] {
            let started = answer(201, &body);
            let server = Scripted::with(move |request| match request.method.as_str() {
                "POST" => started.clone(),
                _ => list(json!([{"id": "a1", "name": "lead"}])),
            });
            let output = env
                .connected(server.url())
                .env("AMBIENT_PROJECT", "demo")
                .args(line.split(' '))
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            let context = format!("{line} answered by {body}: {stdout} {stderr}");
            assert_eq!(output.status.code(), Some(10), "{context}");
            assert!(stderr.contains("names no session"), "{context}");
            let sent = server.lines();
            let posts = sent.iter().filter(|it| it.starts_with("POST"));
            assert_eq!(posts.count(), 1, "{context}");
        }
    }
}

/// A session that goes through these phases, one a request; then it is gone.
fn phases(phases: &'static [&'static str]) -> Scripted {
    let asked = AtomicUsize::new(0);
    Scripted::with(move |request| {
        if request.target.ends_with("/sessions/s1") {
            let at = asked.fetch_add(1, Ordering::SeqCst);
            return match phases.get(at) {
                Some(&"502") => raw(502, "text/plain", ""),
                Some(phase) => answer(200, &json!({"id": "s1", "name": "fix", "phase": phase})),
                None => error(
                    404,
                    "ambient-api-server-7",
                    "Session with id='s1' not found",
                ),
            };
        }
        error(404, "ambient-api-server-7", "not found")
    })
}

#[test]
fn a_wait_ends_with_the_phase_the_time_or_the_session() {
    let cases = [
        (
            &["", "Pending", "Running", "Completed"][..],
            "",
            0,
            "session/s1 is Completed\n",
        ),
        (&["Running", "Stopped"], "", 0, "session/s1 is Stopped\n"),
        (&["Running", "Failed"], "", 1, "session \"fix\" failed"),
        (
            &["Pending", "Running"],
            "--for running",
            0,
            "session/s1 is Running\n",
        ),
        (
            &["Pending", "Completed"],
            "--for Running",
            1,
            "is Completed, and will not become Running",
        ),
        (
            &["Pending", "Failed"],
            "--for Completed,Failed",
            0,
            "session/s1 is Failed\n",
        ),
        (
            &["Running", "502", "502", "Completed"],
            "",
            0,
            "session/s1 is Completed\n",
        ),
        (&["Running"], "", 3, "Session with id='s1' not found"),
        (
            &["Running"],
            "--timeout 1ms",
            9,
            "timed out waiting for session \"fix\" to end",
        ),
        (&[], "--for Nothing", 2, "\"Nothing\" is not a phase"),
    ];
    std::thread::scope(|scope| {
        for (seen, flags, code, said) in cases {
            scope.spawn(move || waited(seen, flags, code, said));
        }
    });
}

fn waited(seen: &'static [&'static str], flags: &str, code: i32, said: &str) {
    let env = TestEnv::new();
    let server = phases(seen);
    let output = env
        .connected(server.url())
        .env("AMBIENT_POLLING_INTERVAL", "1")
        .args(["wait", "s1", "--retries", "0"])
        .args(flags.split_whitespace())
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let case = format!("{seen:?} {flags}: {stdout}{stderr}");
    assert_eq!(output.status.code(), Some(code), "{case}");
    assert!(
        if code == 0 {
            stdout == said
        } else {
            stderr.contains(said)
        },
        "{case}"
    );
}

#[test]
fn a_wait_ends_when_an_object_exists_or_is_gone() {
    // What the server says of the credential, one request after the other; the last word stays.
    for (goal, answers, said) in [
        ("exists", &[404, 500, 200][..], "credential/prod exists\n"),
        ("deleted", &[200, 503, 404], "credential/prod is gone\n"),
        ("deleted", &[404], "credential/prod is gone\n"),
    ] {
        let asked = AtomicUsize::new(0);
        let server = Scripted::with(move |request| {
            if request.target.contains("search=") {
                return list(json!([]));
            }
            let turn = asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            match answers[turn] {
                200 => answer(200, &json!({"id": ID, "name": "prod", "token": "canary"})),
                status => error(status, "x", "no"),
            }
        });
        let env = TestEnv::new();
        let mut command = env.connected(server.url());
        let output = command
            .args(["wait", "credential/prod", "--retries", "0", "--for", goal])
            .env("AMBIENT_POLLING_INTERVAL", "1")
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(stdout, said, "{goal}: {stderr}");
        assert!(output.status.success());
    }
}

#[test]
fn a_wait_for_an_object_has_a_limit_and_known_words() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    for (line, code, said) in [
        (
            "wait project/nope --for exists --timeout 1ms",
            9,
            "timed out waiting for project/nope: ",
        ),
        (
            "wait project/demo --for deleted --timeout 100ms",
            9,
            "timed out waiting for project/demo: it still exists",
        ),
        (
            "wait agent/lead --for deleted --project dmeo",
            3,
            "project \"dmeo\" not found\nHint: did you mean \"demo\"?",
        ),
        (
            "wait lead --for deleted --project dmeo",
            3,
            "project \"dmeo\" not found",
        ),
        (
            "wait credentail/prod --for deleted",
            2,
            "Hint: did you mean credential?",
        ),
        (
            "wait fix/it --for exists",
            2,
            "a session with a slash in its name is \"session/fix/it\"",
        ),
        ("wait project/demo", 2, "projects have no phases"),
        ("wait x --for exists,Running", 2, "stand alone"),
        ("wait x --for Runing", 2, "Hint: did you mean Running?"),
    ] {
        let output = env.local().args(line.split(' ')).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!((output.status.code(), stdout.as_str()), (Some(code), ""));
        assert!(stderr.contains(said), "{line}: {stderr}");
    }
    let shown = local(
        &env,
        &["wait", "project/demo", "--for", "exists", "-o", "name"],
    );
    assert_eq!(shown, "project/demo\n");
}

#[test]
fn a_session_that_was_never_seen_is_gone_with_a_warning() {
    let env = TestEnv::new();
    let line = ["wait", "lead", "--for", "deleted"];
    let output = env.local().args(line).output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout, "session/lead is gone\n");
    assert!(
        stderr.starts_with("Warning: no session \"lead\" was there")
            && stderr.contains("--project"),
        "{stderr}"
    );
}
