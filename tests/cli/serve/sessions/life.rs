//! From the start of a session to its end.

use std::fs;

use crate::serve::sessions::{
    follow, get, left, reaches, said, serve, serve_with, session, start, store,
};
use crate::support::run::{Line as _, Run as _};
use crate::support::serve::{Serve, wait_for};
use crate::support::{TestEnv, streams};

#[test]
fn a_session_runs_from_its_start_to_its_end() {
    let env = store();
    let go = env.home().join("go");
    let script = format!(
        "echo \"$SESSION_ID $SESSION_NAME $PROJECT_NAME $BACKEND_API_URL $LLM_MODEL\"\n\
         echo \"$INITIAL_PROMPT\" | tr '\\n' '/'; echo\necho to the log >&2\n\
         wc -c; until test -e {}; do sleep 0.01; done\n\
         echo done",
        go.display()
    );
    let server = serve(&env, &script);
    let id = session(&server, "näme 'x'", "first\nsecond");
    assert_eq!(
        server
            .request("GET", &format!("/sessions/{id}/events"), "")
            .0,
        502
    );
    start(&server, &id);
    let running = reaches(&server, &id, "Running");
    assert!(
        running["start_time"].is_string() && running["completion_time"].is_null(),
        "{running}"
    );
    let follower = follow(&env, &server, &id);
    fs::write(go, "").unwrap();
    let (code, stdout, stderr) = follower.finish();
    assert_eq!(code, Some(0), "{stderr}");
    let lines: Vec<&str> = stdout.lines().collect();
    let mut sorted = lines.clone();
    // Only the order within each of the two streams is certain.
    sorted.retain(|line| *line != "to the log");
    let url = &server.url;
    let first = format!("{id} näme 'x' web {url} claude-sonnet-4-6");
    assert_eq!(
        sorted,
        [
            "▶ run started",
            &first,
            "first/second/",
            "12",
            "done",
            "■ run finished"
        ]
    );
    assert!(lines.contains(&"to the log"), "{stdout}");
    let done = reaches(&server, &id, "Completed");
    assert!(done["completion_time"].is_string(), "{done}");
    assert_eq!(said(&server, &id, "user"), ["first\nsecond"]);
    assert_eq!(
        said(&server, &id, "assistant"),
        [first.as_str(), "first/second/", "12", "done"]
    );
    assert_eq!(said(&server, &id, "log"), ["to the log"]);
    // Who comes late sees the whole run.
    let late = follow(&env, &server, &id).finish();
    assert!(late.1.ends_with("done\n■ run finished\n"));
    let shown = env
        .connected(url)
        .args(["session", "messages", &id])
        .output()
        .unwrap();
    assert!(streams(&shown).0.contains("log"), "{}", streams(&shown).0);
    assert!(left(&env).is_empty());
}

#[test]
fn an_agents_start_runs_too_and_answers_go_on() {
    let env = store();
    let server = serve(&env, "cat; echo; echo \"$AGENT_ID\"");
    let connected = |args: &[&str]| {
        let output = env.connected(&server.url).args(args).output().unwrap();
        assert!(output.status.success(), "{}", streams(&output).1);
        streams(&output).0
    };
    connected(&["agent", "start", "lead", "--project-id", "web"]);
    let list = server.json("GET", "/sessions", "");
    let id = list["items"][0]["id"].as_str().unwrap();
    reaches(&server, id, "Completed");
    let first = said(&server, id, "assistant");
    assert_eq!(first[0], "# Agent Start: lead");
    assert_eq!(
        first.last().unwrap(),
        list["items"][0]["agent_id"].as_str().unwrap()
    );
    // No run reads the message yet, which is said; the last run is shown as before.
    let next =
        format!("the message is stored, and its next run reads it: acpctl session start {id}\n");
    let send = |flags: &[&str]| {
        let args = [&["session", "send", id, "one more thing"], flags].concat();
        let output = env.connected(&server.url).args(args).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(stdout.starts_with("sent (seq="), "{stdout}");
        assert!(
            stderr.ends_with(&next) && stderr.contains(" is Completed"),
            "{stderr}"
        );
        output.status.code()
    };
    assert_eq!(send(&[]), Some(0));
    assert_eq!(send(&["--follow"]), Some(6));
    let (code, stdout, stderr) = follow(&env, &server, id).finish();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.ends_with("■ run finished\n"), "{stdout}");
    start(&server, id);
    wait_for("the second run", || {
        said(&server, id, "assistant")
            .contains(&"one more thing".to_owned())
            .then_some(())
    });
    reaches(&server, id, "Completed");
    assert_eq!(said(&server, id, "RUN_STARTED").len(), 2);
}

/// The platform drops the prompt, and clients send it as a message; the command may have begun by then.
#[test]
fn the_task_of_a_start_is_there_when_the_command_begins() {
    let env = store();
    let server = serve(&env, "echo \"$INITIAL_PROMPT\"; cat");
    let start = [
        "agent",
        "start",
        "lead",
        "--project-id",
        "web",
        "--prompt",
        "TASK1",
    ];
    for mut command in [env.connected(&server.url), env.local()] {
        let output = command.args(start).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        assert!(!stderr.contains("as a message"), "{stderr}");
        let id = stdout.split(['/', ' ']).nth(1).unwrap();
        reaches(&server, id, "Completed");
        let said = said(&server, id, "assistant");
        let tasks = said.iter().filter(|line| *line == "TASK1").count();
        assert_eq!(tasks, 2, "{said:?}");
    }
}

#[test]
fn a_command_that_fails_fails_its_session() {
    let env = store();
    let server = serve(&env, "echo so far; exit 7");
    let id = session(&server, "s", "");
    start(&server, &id);
    let (code, stdout, stderr) = follow(&env, &server, &id).finish();
    assert_eq!(code, Some(1));
    assert!(
        stdout.contains("so far\n✗ error: the command ended with exit code 7\n"),
        "{stdout}"
    );
    assert_eq!(stderr, "Error: run failed\n");
    reaches(&server, &id, "Failed");
    // Started again, it waits and runs again.
    start(&server, &id);
    wait_for("the second run", || {
        (said(&server, &id, "RUN_ERROR").len() == 2).then_some(())
    });
}

#[test]
fn a_command_that_is_not_there_fails_its_session() {
    let env = store();
    let server = Serve::start(&env, &["--run-sessions", "--", "/nowhere/agent"]);
    let id = session(&server, "s", "");
    start(&server, &id);
    reaches(&server, &id, "Failed");
    let why = said(&server, &id, "RUN_ERROR").concat();
    assert!(
        why.contains("start \\\"/nowhere/agent\\\": there is no such command"),
        "{why}"
    );
    assert!(left(&env).is_empty());
}

#[test]
fn what_another_process_starts_runs_too() {
    let env = store();
    let server = serve(&env, "cat");
    env.local()
        .args(["agent", "start", "lead", "--project-id", "web"])
        .assert()
        .success();
    let list = server.json("GET", "/sessions", "");
    reaches(
        &server,
        list["items"][0]["id"].as_str().unwrap(),
        "Completed",
    );
}

#[test]
fn so_many_run_at_once_and_others_wait() {
    let env = store();
    let script =
        "touch \"at-$SESSION_NAME\"; until test -e \"go-$SESSION_NAME\"; do sleep 0.01; done";
    let server = serve_with(&env, &["--max-sessions", "2"], script);
    let ids = ["a", "b", "c", "d"].map(|name| session(&server, name, ""));
    for id in &ids {
        start(&server, id);
    }
    reaches(&server, &ids[0], "Running");
    reaches(&server, &ids[1], "Running");
    assert_eq!(left(&env).len(), 2, "each has a folder of its own");
    assert_eq!(get(&server, &ids[2])["phase"], "Pending");
    // One that waits can be stopped, and never ran.
    env.connected(&server.url)
        .args(["stop", &ids[2]])
        .assert()
        .success();
    reaches(&server, &ids[2], "Stopped");
    // It can be followed before it runs.
    let follower = follow(&env, &server, &ids[3]);
    fs::write(env.work().join("go-a"), "").unwrap();
    reaches(&server, &ids[0], "Completed");
    reaches(&server, &ids[3], "Running");
    fs::write(env.work().join("go-d"), "").unwrap();
    let (_, followed, _) = follower.finish();
    assert!(
        followed.ends_with("▶ run started\n■ run finished\n"),
        "{followed}"
    );
    assert!(!env.work().join("at-c").exists());
    fs::write(env.work().join("go-b"), "").unwrap();
    reaches(&server, &ids[1], "Completed");
}

#[test]
fn one_server_runs_the_sessions_of_a_store() {
    let env = store();
    let _server = serve(&env, "true");
    let second = env
        .acpctl()
        .line("serve --listen 127.0.0.1:0 --run-sessions -- true")
        .output()
        .unwrap();
    assert!(!second.status.success());
    let stderr = streams(&second).1;
    assert!(
        stderr.contains("another process runs the sessions of the store in "),
        "{stderr}"
    );
}

#[test]
fn the_flag_and_the_command_go_together() {
    let env = TestEnv::new();
    for (args, words) in [
        (
            &["serve", "--run-sessions"][..],
            "--run-sessions requires a command",
        ),
        (
            &["serve", "--", "true"][..],
            "a command requires --run-sessions",
        ),
    ] {
        let output = env.acpctl().args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(streams(&output).1.contains(words), "{}", streams(&output).1);
    }
}

#[test]
fn a_run_that_starts_nothing_keeps_its_prompt() {
    let env = TestEnv::new();
    env.local().line("project create web").stdout();
    env.local()
        .line("agent create --name lead --project web")
        .stdout();
    let server = serve(&env, "cat");
    let acpctl = |line: &str| streams(&env.connected(&server.url).line(line).output().unwrap());
    let (stdout, stderr) = acpctl("agent start lead --project-id web --prompt TASK1");
    let id = stdout.split(['/', ' ']).nth(1).unwrap().to_owned();
    let again = format!("start it again with the same prompt: acpctl session start {id}\n");
    assert!(
        stderr.contains("no credential is bound to this session")
            && stderr.contains("acpctl credential bind CREDENTIAL --project web")
            && stderr.ends_with(&again),
        "{stderr}"
    );
    reaches(&server, &id, "Failed");
    let why = "nothing was started: no credential is bound, and serve runs without --allow-empty";
    let (_, shown) = acpctl(&format!("describe session {id} -o table"));
    let failed = format!(" failed: {why}\nTo {again}");
    assert!(shown.ends_with(&failed), "{shown}");
    let (_, waited) = acpctl(&format!("wait {id}"));
    assert!(waited.contains(why) && waited.ends_with(&again), "{waited}");
    env.local()
        .line("credential create --provider github --name gh --token t --bind web")
        .stdout();
    let (_, stderr) = acpctl(&format!("session start {id}"));
    assert_eq!(stderr, "");
    reaches(&server, &id, "Completed");
    let heard = said(&server, &id, "assistant");
    assert!(heard.contains(&"TASK1".to_owned()), "{heard:?}");
}

#[test]
fn a_run_that_failed_or_was_stopped_has_answered_nothing() {
    let env = store();
    let server = serve(&env, "cat; echo; test -e wait && sleep 600; test -e well");
    let id = session(&server, "s", "TASK1");
    let heard = || {
        let heard = said(&server, &id, "assistant");
        heard.iter().filter(|line| *line == "TASK1").count()
    };
    start(&server, &id);
    reaches(&server, &id, "Failed");
    fs::write(env.work().join("wait"), "").unwrap();
    start(&server, &id);
    wait_for("the second run", || (heard() == 2).then_some(()));
    env.connected(&server.url)
        .args(["stop", &id])
        .assert()
        .success();
    reaches(&server, &id, "Stopped");
    fs::remove_file(env.work().join("wait")).unwrap();
    fs::write(env.work().join("well"), "").unwrap();
    start(&server, &id);
    reaches(&server, &id, "Completed");
    assert_eq!(heard(), 3);
}

#[test]
fn a_message_during_a_run_is_for_the_next_one() {
    let env = store();
    let server = serve(&env, "cat; echo; until test -e go; do sleep 0.01; done");
    let id = session(&server, "s", "TASK1");
    start(&server, &id);
    reaches(&server, &id, "Running");
    wait_for("the prompt", || {
        (!said(&server, &id, "assistant").is_empty()).then_some(())
    });
    for (flags, code) in [(&[][..], 0), (&["--follow"], 6)] {
        let args = [&["session", "send", &id, "TASK2"], flags].concat();
        let output = env.connected(&server.url).args(args).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
        assert!(!stdout.contains("TASK1"), "{stdout}");
        assert!(
            stderr.contains("session \"s\" is Running, and this run began before the message")
                && stderr.ends_with(&format!(": acpctl wait {id}; acpctl session start {id}\n")),
            "{stderr}"
        );
    }
    fs::write(env.work().join("go"), "").unwrap();
    reaches(&server, &id, "Completed");
    start(&server, &id);
    wait_for("the second run", || {
        (said(&server, &id, "RUN_FINISHED").len() == 2).then_some(())
    });
    assert_eq!(said(&server, &id, "assistant"), ["TASK1", "TASK2", "TASK2"]);
    // It wrote nothing to standard error.
    let mut command = env.connected(&server.url);
    let logs = command.args(["session", "logs", &id]).output().unwrap();
    let words = format!(
        "session \"{id}\" has no logs; what it says and does: acpctl session messages {id}\n"
    );
    assert_eq!(streams(&logs), (String::new(), words));
}
