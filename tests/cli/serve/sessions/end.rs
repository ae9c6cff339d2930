//! Each way to end: a stop, a limit, a signal, a deletion, the server's death.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::serve::sessions::{follow, get, left, reaches, said, serve, session, start, store};
use crate::support::process::is_alive;
use crate::support::serve::wait_for;

#[test]
fn stop_ends_the_command_and_what_it_started() {
    let env = store();
    let script = "trap 'echo asked to end; exit 0' TERM; sleep 1000 & echo $! ; echo ready; wait";
    let server = serve(&env, script);
    let id = session(&server, "s", "");
    start(&server, &id);
    let child = wait_for("the command", || {
        said(&server, &id, "assistant")
            .get(1)
            .is_some()
            .then(|| said(&server, &id, "assistant")[0].clone())
    });
    let follower = follow(&env, &server, &id);
    env.connected(&server.url)
        .args(["stop", &id])
        .assert()
        .success();
    let stopped = reaches(&server, &id, "Stopped");
    assert!(stopped["completion_time"].is_string());
    assert!(said(&server, &id, "assistant").contains(&"asked to end".to_owned()));
    let (_, followed, _) = follower.finish();
    assert!(followed.ends_with("✗ error: stopped\n"), "{followed}");
    wait_for("the end of what it started", || {
        (!is_alive(&child)).then_some(())
    });
    assert!(left(&env).is_empty());
}

#[test]
fn what_the_command_leaves_running_ends_with_it() {
    let env = store();
    let script = "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!; sleep 1000 & echo $!";
    let server = serve(&env, script);
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Completed");
    for pid in said(&server, &id, "assistant") {
        wait_for("the end of what it started", || {
            (!is_alive(&pid)).then_some(())
        });
    }
}

#[test]
fn what_leaves_the_commands_process_group_ends_too() {
    let env = store();
    let script = "setsid sleep 1000 >/dev/null 2>&1 & echo $!
setsid env -i sleep 1000 >/dev/null 2>&1 & echo $!";
    let mut server = serve(&env, script);
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Completed");
    let pids = said(&server, &id, "assistant");
    assert_eq!(pids.len(), 2);
    assert!(!is_alive(&pids[0]), "it has the session's variables");
    // One without any variable is nobody's until the server ends.
    server.signal(Signal::TERM);
    server.wait();
    assert!(!is_alive(&pids[1]));
}

#[test]
fn a_command_that_will_not_end_is_killed() {
    let env = store();
    let server = serve(&env, "trap '' TERM; echo $$; while :; do sleep 0.1; done");
    let id = session(&server, "s", "");
    start(&server, &id);
    let pid = wait_for("the command", || {
        said(&server, &id, "assistant").first().cloned()
    });
    env.connected(&server.url)
        .args(["stop", &id])
        .assert()
        .success();
    reaches(&server, &id, "Stopped");
    assert!(!is_alive(&pid) && left(&env).is_empty());
}

#[test]
fn the_servers_end_ends_all_and_leaves_nothing() {
    let env = store();
    let server = serve(&env, "echo $$; exec sleep 1000");
    let id = session(&server, "s", "");
    start(&server, &id);
    let pid = wait_for("the command", || {
        said(&server, &id, "assistant").first().cloned()
    });
    assert!(is_alive(&pid));
    let follower = follow(&env, &server, &id);
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
    assert!(!is_alive(&pid) && left(&env).is_empty());
    let (_, followed, _) = follower.finish();
    assert!(
        followed.ends_with("✗ error: the server was stopped\n"),
        "{followed}"
    );
    let list = env
        .local()
        .args(["get", "sessions", "-o", "json"])
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list["items"][0]["phase"], "Stopped");
}

#[test]
fn a_second_signal_ends_the_server_where_it_stands() {
    let env = store();
    let mut server = serve(&env, "trap '' TERM; echo $$; while :; do sleep 0.1; done");
    let id = session(&server, "s", "");
    start(&server, &id);
    let pid = wait_for("the command", || {
        said(&server, &id, "assistant").first().cloned()
    });
    server.signal(Signal::TERM);
    server.signal(Signal::INT);
    let status = server.wait();
    assert!(
        [Some(130), Some(143)].contains(&status.code()),
        "{status:?}"
    );
    wait_for("the command's end", || (!is_alive(&pid)).then_some(()));
    assert!(left(&env).is_empty());
}

#[test]
fn a_server_that_was_killed_leaves_no_session_running() {
    let env = store();
    let mut server = serve(&env, "echo $$; exec sleep 1000");
    let id = session(&server, "s", "");
    start(&server, &id);
    let pid = wait_for("the command", || {
        said(&server, &id, "assistant").first().cloned()
    });
    server.signal(Signal::KILL);
    server.wait();
    assert_eq!(left(&env).len(), 1);
    let next = serve(&env, "true");
    let session = get(&next, &id);
    assert_eq!(session["phase"], "Failed");
    assert!(session["completion_time"].is_string());
    assert_eq!(
        said(&next, &id, "RUN_ERROR"),
        [r#"{"message":"the server that ran it ended"}"#]
    );
    wait_for("the command's end", || (!is_alive(&pid)).then_some(()));
    assert!(
        left(&env).is_empty(),
        "the files of the killed server are gone"
    );
}

#[test]
fn output_has_its_limits() {
    let env = store();
    let script = "head -c 200000 /dev/zero | tr '\\0' x; echo; yes line | head -n 12000; echo end";
    let server = serve(&env, script);
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Completed");
    let found = said(&server, &id, "assistant");
    assert_eq!(found.len(), 10_000);
    assert_eq!(found[0], format!("{} […]", "x".repeat(64 << 10)));
    assert_eq!(
        said(&server, &id, "log"),
        ["output beyond 10000 messages is not kept"]
    );
}

#[test]
fn the_time_limit_of_a_session_counts() {
    let env = store();
    let server = serve(&env, "exec sleep 1000");
    let body = json!({"name": "s", "project_id": "web", "timeout": 1}).to_string();
    let made = server.json("POST", "/sessions", &body);
    let id = made["id"].as_str().unwrap();
    start(&server, id);
    reaches(&server, id, "Failed");
    assert_eq!(
        said(&server, id, "RUN_ERROR"),
        [r#"{"message":"the session's limit of 1 s is over"}"#]
    );
}

#[test]
fn a_deleted_session_ends() {
    let env = store();
    let server = serve(&env, "echo $$; exec sleep 1000");
    let id = session(&server, "s", "");
    start(&server, &id);
    let pid = wait_for("the command", || {
        said(&server, &id, "assistant").first().cloned()
    });
    assert_eq!(
        server.request("DELETE", &format!("/sessions/{id}"), "").0,
        204
    );
    wait_for("its end", || {
        (!is_alive(&pid) && left(&env).is_empty()).then_some(())
    });
}
