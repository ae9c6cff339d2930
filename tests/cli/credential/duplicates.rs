//! `credential create --if-exists` beside another run that creates a credential of the same name.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::TestEnv;
use crate::support::process::until;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Received, Reply, Scripted, error, json as answer, list, raw};

/// A server on which another run creates `c1` between our first look and our creation of `c2`.
fn server(deletes: bool) -> Scripted {
    let is_created = AtomicBool::new(false);
    let record = |id: &str, created_at: &str| json!({"id": id, "name": "bot", "provider": "github", "created_at": created_at});
    let older = record("c1", "2026-01-01T00:00:00Z");
    let ours = record("c2", "2026-01-01T00:00:01Z");
    Scripted::with(move |request: &Received| -> Reply {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        match (request.method.as_str(), target.split('?').next().unwrap()) {
            ("GET", "/credentials") if is_created.load(Ordering::SeqCst) => {
                list(json!([ours, older]))
            }
            ("GET", "/credentials") => list(json!([])),
            ("POST", "/credentials") => {
                is_created.store(true, Ordering::SeqCst);
                answer(201, &ours)
            }
            ("PATCH", "/credentials/c1") => answer(200, &older),
            ("DELETE", "/credentials/c2") if deletes => raw(204, "application/json", ""),
            _ => error(403, "ambient-api-server-4", "no"),
        }
    })
}

#[test]
fn the_younger_credential_gives_way() {
    let env = TestEnv::new();
    env.file("secret", "t");
    for (what, code, said, last) in [
        ("skip", 0, "credential/bot skipped: it exists\n", "DELETE"),
        ("update", 0, "credential/bot updated\n", "PATCH"),
        ("error", 6, "", "DELETE"),
    ] {
        let server = server(true);
        let line = format!(
            "credential create --provider github --name bot --from-file secret --if-exists {what}"
        );
        let (status, stdout, stderr) = env.connected(server.url()).line(&line).told();
        assert_eq!((status, stdout.as_str()), (Some(code), said), "{stderr}");
        let sent = server.received();
        let writes: Vec<_> = sent.iter().filter(|it| it.method != "GET").collect();
        assert!(
            writes
                .iter()
                .any(|it| it.method == "DELETE" && it.target.ends_with("/credentials/c2"))
        );
        assert_eq!(writes.last().unwrap().method, last);
    }
}

#[test]
fn a_second_credential_that_stays_is_named() {
    let env = TestEnv::new();
    env.file("secret", "t");
    let server = server(false);
    let line = "credential create --provider github --name bot --from-file secret --if-exists skip";
    let (status, _, stderr) = env.connected(server.url()).line(line).told();
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stderr.contains("the second one can't be deleted"),
        "{stderr}"
    );
    assert!(
        stderr.contains("acpctl credential delete c2 --yes"),
        "{stderr}"
    );
}

/// Several runs on the embedded API leave one credential.
#[test]
fn runs_at_the_same_time_leave_one() {
    let env = TestEnv::new();
    env.file("secret", "t");
    env.local().line("get projects").stdout();
    let runs: Vec<_> = (0..4)
        .map(|_| {
            let line = "--local credential create --provider github --name bot --from-file secret --if-exists update";
            Command::new(env!("CARGO_BIN_EXE_acpctl"))
                .env_clear()
                .envs(env.variables())
                .current_dir(env.work())
                .line(line)
                .stdin(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut run in runs {
        assert!(run.wait().unwrap().success());
    }
    assert_eq!(
        env.local().line("credential list -o name").stdout(),
        "credential/bot\n"
    );
}

/// Jobs in new homes recognize a credential by a key that they share.
#[test]
fn a_shared_key_recognizes_a_secret_in_another_home() {
    let first = TestEnv::new();
    let store = first.home().join(".local/share");
    let key = "0123456789abcdef0123456789abcdef";
    let run = |env: &TestEnv, key: Option<&str>| {
        let mut command = env.local();
        command.env("XDG_DATA_HOME", &store);
        if let Some(key) = key {
            command.env("AMBIENT_DIGEST_KEY", key);
        }
        command
            .line("credential create --name k --if-exists update -f")
            .arg(crate::support::SAMPLE);
        command.told()
    };
    assert_eq!(run(&first, Some(key)).1, "credential/k created\n");
    assert_eq!(
        run(&TestEnv::new(), Some(key)).1,
        "credential/k unchanged\n"
    );
    assert_eq!(run(&TestEnv::new(), None).1, "credential/k updated\n");
    let (code, _, stderr) = run(&TestEnv::new(), Some("too-short-canary"));
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("AMBIENT_DIGEST_KEY is shorter than 32 characters"),
        "{stderr}"
    );
    assert!(!stderr.contains("canary"), "{stderr}");
}

/// Of several runs that create it at once, all but one delete theirs again: an update waits for that.
#[test]
fn an_update_waits_until_one_credential_is_left() {
    let looks = AtomicUsize::new(0);
    let now = Timestamp::now().to_string();
    let record =
        move |id: &str| json!({"id": id, "name": "bot", "provider": "github", "created_at": now});
    let server = Scripted::with(move |request: &Received| -> Reply {
        match request.method.as_str() {
            "GET" if looks.fetch_add(1, Ordering::SeqCst) < 2 => {
                list(json!([record("c1"), record("c2")]))
            }
            "GET" => list(json!([record("c1")])),
            _ => answer(200, &record("c1")),
        }
    });
    let env = TestEnv::new();
    env.file("secret", "t");
    let line =
        "credential create --provider github --name bot --from-file secret --if-exists update";
    let (status, stdout, stderr) = env.connected(server.url()).line(line).told();
    assert_eq!(
        (status, stdout.as_str()),
        (Some(0), "credential/bot updated\n"),
        "{stderr}"
    );
    let sent = server.received();
    let writes: Vec<_> = sent.iter().filter(|it| it.method != "GET").collect();
    assert_eq!(writes.len(), 1);
    assert!(writes[0].target.ends_with("/credentials/c1"));
}

#[test]
fn the_same_secret_of_any_provider_is_unchanged_the_second_time() {
    let env = TestEnv::new();
    let create = |secret: &str| {
        let mut line = env.local();
        line.line("credential create --provider github --name bot --token - --if-exists update");
        line.write_stdin(secret.to_owned()).told().1
    };
    assert_eq!(create("secret-number-one"), "credential/bot created\n");
    assert_eq!(create("secret-number-one"), "credential/bot unchanged\n");
    assert_eq!(create("secret-number-two"), "credential/bot updated\n");
    assert_eq!(create("secret-number-two"), "credential/bot unchanged\n");
    let mut update = env.local();
    update.line("credential update bot --token -");
    update.write_stdin("secret-number-one").assert().success();
    assert_eq!(create("secret-number-two"), "credential/bot updated\n");
}

/// The platform's answer to a creation gives the time in nanoseconds, its list in microseconds.
#[test]
fn a_credential_does_not_give_way_to_itself() {
    let record =
        |at: &str| json!({"id": "c1", "name": "bot", "provider": "github", "created_at": at});
    let is_created = AtomicBool::new(false);
    let server = Scripted::with(move |request: &Received| -> Reply {
        match request.method.as_str() {
            "GET" if is_created.load(Ordering::SeqCst) => {
                list(json!([record("2026-01-01T00:00:00.123456Z")]))
            }
            "GET" => list(json!([])),
            _ => {
                is_created.store(true, Ordering::SeqCst);
                answer(201, &record("2026-01-01T00:00:00.123456789Z"))
            }
        }
    });
    let env = TestEnv::new();
    env.file("secret", "t");
    let line =
        "credential create --provider github --name bot --from-file secret --if-exists update";
    let (_, stdout, stderr) = env.connected(server.url()).line(line).told();
    assert_eq!(stdout, "credential/bot created\n", "{stderr}");
}

/// The step after a creation finds one credential of the name, although another run still has to delete its own.
#[test]
fn a_look_up_waits_until_one_credential_is_left() {
    let env = TestEnv::new();
    for (age, code) in [(0, 0), (3600, 6)] {
        let looks = AtomicUsize::new(0);
        let now = Timestamp::now();
        let made = now - jiff::SignedDuration::from_secs(age);
        let record = move |id: &str| json!({"id": id, "name": "bot", "provider": "github", "created_at": made});
        let server = Scripted::with(move |request: &Received| -> Reply {
            if !request.target.contains('?') {
                return error(404, "ambient-api-server-7", "not found");
            }
            let both = looks.fetch_add(1, Ordering::SeqCst) < 2;
            list(if both {
                json!([record("c1"), record("c2")])
            } else {
                json!([record("c1")])
            })
        });
        let line = "credential get bot -o name";
        let (status, _, stderr) = env.connected(server.url()).line(line).told();
        assert_eq!(status, Some(code), "{stderr}");
    }
}

/// A run that was killed after its creation has left two.
#[test]
fn of_two_credentials_the_error_says_which_is_younger() {
    let record = |id: &str, at: &str| json!({"id": id, "name": "bot", "created_at": at});
    let younger = record("c1", "2026-01-01T00:00:00.123Z");
    // As text, this time comes after the other one.
    let older = record("c2", "2026-01-01T00:00:00.12Z");
    let server = Scripted::with(move |request: &Received| {
        if request.target.contains('?') {
            list(json!([younger, older]))
        } else {
            error(404, "ambient-api-server-7", "not found")
        }
    });
    let env = TestEnv::new();
    let (status, _, stderr) = env
        .connected(server.url())
        .line("credential get bot")
        .told();
    assert_eq!(status, Some(6));
    let wanted = "the oldest is c2 (created 2026-01-01T00:00:00.12Z), the youngest c1 (created 2026-01-01T00:00:00.123Z)";
    assert!(stderr.contains(wanted), "{stderr}");
    assert!(
        stderr.contains("acpctl credential delete c1 --yes"),
        "{stderr}"
    );
}

/// A signal between the creation and the second look waits until the younger credential is deleted.
#[test]
fn a_run_that_is_ended_leaves_no_second_credential() {
    let env = TestEnv::new();
    env.file("secret", "t");
    let is_told = Arc::new(AtomicBool::new(false));
    let may_answer = Arc::clone(&is_told);
    let is_created = AtomicBool::new(false);
    let record = |id: &str, at: &str| json!({"id": id, "name": "bot", "provider": "github", "created_at": at});
    let older = record("c1", "2026-01-01T00:00:00Z");
    let ours = record("c2", "2026-01-01T00:00:01Z");
    let server = Scripted::with(move |request: &Received| match request.method.as_str() {
        "GET" if is_created.load(Ordering::SeqCst) => list(json!([older, ours])),
        "GET" => list(json!([])),
        "POST" => {
            is_created.store(true, Ordering::SeqCst);
            until("the signal", || may_answer.load(Ordering::SeqCst));
            answer(201, &ours)
        }
        "DELETE" => raw(204, "application/json", ""),
        _ => error(500, "ambient-api-server-9", "not reached"),
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", "sha256~token-of-a-user")
        .current_dir(env.work())
        .line(
            "credential create --provider github --name bot --from-file secret --if-exists update",
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("the creation", || {
        server.received().iter().any(|it| it.method == "POST")
    });
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said = lines.find(|line| line.as_ref().unwrap().contains("Interrupted: first"));
    assert!(said.is_some());
    is_told.store(true, Ordering::SeqCst);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"");
    assert!(!output.status.success());
    let sent = server.received();
    let last = sent.last().unwrap();
    assert_eq!(
        (
            last.method.as_str(),
            last.target.ends_with("/credentials/c2")
        ),
        ("DELETE", true)
    );
}
