//! Every noun on the embedded API, from its first object to its last.

use serde_json::{Value, json};

use crate::nouns::{SOURCE, items, local};
use crate::support::{TestEnv, streams};

fn first_id(env: &TestEnv, line: &[&str]) -> String {
    let list: Value = serde_json::from_str(&local(env, line)).unwrap();
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn generic_verbs_on_the_embedded_api() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    for (line, collection) in [
        (&["create", "session", "--name", "s"][..], "sessions"),
        (
            &["create", "agent", "--name", "a", "--project-id", "demo"],
            "agents",
        ),
        (&["create", "role", "--name", "reader-of-logs"], "roles"),
        (
            &[&["create", "application", "--name", "app"][..], SOURCE].concat(),
            "applications",
        ),
    ] {
        let said = local(&env, line);
        let id = said
            .trim()
            .strip_suffix(" created")
            .and_then(|said| said.split_once('/'))
            .unwrap_or_else(|| panic!("{said}"))
            .1;
        let word = line[1];
        let described: Value = serde_json::from_str(&local(&env, &["describe", word, id])).unwrap();
        assert_eq!(described["id"], id);
        let listed = local(&env, &["get", collection, "-o", "jsonpath={.items[*].id}"]);
        assert!(
            listed.split_whitespace().any(|listed| listed == id),
            "{listed}"
        );
        assert!(local(&env, &["get", word, id]).contains(&id[..20]));
        if word != "agent" {
            assert_eq!(
                local(&env, &["delete", word, id, "--yes"]),
                format!("{word}/{id} deleted\n")
            );
            env.local().args(["describe", word, id]).assert().code(3);
        }
    }
}

#[test]
fn agents_inboxes_and_sessions_on_the_embedded_api() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    local(
        &env,
        &[
            "agent", "create", "--name", "o'brien", "--prompt", "Be kind",
        ],
    );
    local(
        &env,
        &["agent", "update", "o'brien", "--labels", "{\"team\":\"a\"}"],
    );
    let id = first_id(&env, &["agent", "list", "-o", "json"]);
    assert_eq!(
        local(&env, &["agent", "get", "o'brien", "-o", "name"]),
        "agent/o'brien\n"
    );
    assert_eq!(
        items(&env, &["agent", "list", "-l", "team=a", "-o", "json"]),
        1
    );
    assert_eq!(
        items(&env, &["agent", "list", "-l", "team=b", "-o", "json"]),
        0
    );
    assert!(local(&env, &["agent", "start-preview", "o'brien"]).contains("Be kind"));

    let owner = ["--project-id", "demo", "--pa-id", &id];
    let inbox = |line: &[&str]| local(&env, &[line, &owner].concat());
    let sent = inbox(&["inbox", "send", "--body", "hello"]);
    let message = sent
        .trim()
        .strip_prefix("inbox-message/")
        .and_then(|said| said.strip_suffix(" sent"))
        .unwrap();
    inbox(&["inbox", "mark-read", "--msg-id", message]);
    let messages: Value = serde_json::from_str(&inbox(&["inbox", "list", "-o", "json"])).unwrap();
    assert_eq!(messages["items"][0]["read"], true);
    inbox(&["inbox", "delete", "--msg-id", message]);

    assert!(local(&env, &["agent", "start", "o'brien", "--prompt", "go"]).starts_with("session/"));
    assert_eq!(
        items(&env, &["agent", "sessions", "o'brien", "-o", "json"]),
        1
    );
    local(&env, &["agent", "stop", "--all"]);
    assert!(
        local(&env, &["delete", "sessions", "--all", "--yes"]).starts_with("1 sessions deleted")
    );
    assert_eq!(
        local(&env, &["delete", "sessions", "--all", "--yes"]),
        "no sessions to delete\n"
    );
    local(&env, &["agent", "delete", "o'brien", "--yes"]);
    assert_eq!(items(&env, &["agent", "list", "-o", "json"]), 0);
}

#[test]
fn projects_start_and_stop_on_the_embedded_api() {
    let env = TestEnv::new();
    let said = |line: &str| {
        let output = env.local().args(line.split(' ')).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{line}: {stderr}");
        stdout
    };
    said("create project --name demo");
    said("create project --name other");
    assert_eq!(said("project set other"), "Switched to project \"other\"\n");
    assert_eq!(said("project demo"), "Switched to project \"demo\"\n");
    assert_eq!(said("project current"), "Current project: demo\n");
    assert_eq!(said("project"), "Current project: demo\n");
    assert_eq!(
        said("project update demo --description First"),
        "project/demo updated\n"
    );
    let listed: Value = serde_json::from_str(&said("project list -o json")).unwrap();
    let items = listed["items"].as_array().unwrap();
    let demo = items.iter().find(|item| item["name"] == "demo").unwrap();
    assert_eq!((items.len(), &demo["description"]), (2, &json!("First")));
    env.local()
        .args(["project", "set", "none"])
        .assert()
        .code(3);
    assert_eq!(said("project current"), "Current project: demo\n");

    // The short forms at the top level, in the project just chosen.
    said("agent create --name lead --prompt hi");
    let agent = said("agent list -o jsonpath={.items[0].id}");
    let started = said(&format!("start {} --prompt go", agent.trim()));
    let session = started
        .trim()
        .strip_prefix("session/")
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    assert!(started.ends_with(" started\n"), "{started}");
    // Starting again gives the session that runs already.
    assert!(said(&format!("start {}", agent.trim())).contains(session));
    let described: Value =
        serde_json::from_str(&said(&format!("describe session {session}"))).unwrap();
    assert_eq!(described["agent_id"], agent.trim());
    assert!(said(&format!("stop {session}")).starts_with(&format!("session/{session} stop")));
    for line in ["start none", "stop none", "describe session none"] {
        env.local().args(line.split(' ')).assert().code(3);
    }
}

#[test]
fn schedules_and_applications_on_the_embedded_api() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    local(
        &env,
        &[
            "scheduled-session",
            "create",
            "--name",
            "daily",
            "--schedule",
            "0 9 * * 1-5",
        ],
    );
    let switched = |verb, said: &str| {
        assert_eq!(
            local(&env, &["scheduled-session", verb, "daily"]),
            format!("scheduled-session/daily {said}\n")
        );
    };
    switched("suspend", "suspended (enabled=false)");
    switched("resume", "resumed (enabled=true)");
    switched("trigger", "triggered");
    local(
        &env,
        &["scheduled-session", "update", "daily", "--timeout", "0"],
    );
    local(&env, &["scheduled-session", "runs", "daily"]);
    local(&env, &["scheduled-session", "delete", "daily", "--confirm"]);
    env.local()
        .args(["--project", "demo", "scheduled-session", "get", "daily"])
        .assert()
        .code(3);

    local(
        &env,
        &[&["app", "create", "--name", "fleet"][..], SOURCE].concat(),
    );
    let id = first_id(&env, &["app", "list", "-o", "json"]);
    assert_eq!(
        local(&env, &["app", "sync", &id]),
        "application/fleet sync triggered\n"
    );
    assert_eq!(
        local(&env, &["app", "refresh", &id]),
        "application/fleet refreshed (sync: Unknown, health: )\n"
    );
    local(
        &env,
        &["app", "update", &id, "--self-heal", "--retry-limit", "0"],
    );
    let shown: Value =
        serde_json::from_str(&local(&env, &["app", "get", &id, "-o", "json"])).unwrap();
    assert_eq!(shown["self_heal"], true);
    local(&env, &["app", "delete", &id, "-y"]);
}
