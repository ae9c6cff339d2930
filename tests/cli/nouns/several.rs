//! Several objects in one call, and verbs under a noun that stand for other commands.

use serde_json::Value;

use crate::nouns::{items, local};
use crate::support::{TestEnv, streams};

/// A store with the project `demo` and the agents `a`, `b` and `c`, of which `c` has a label.
fn store() -> TestEnv {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    for name in ["a", "b", "c"] {
        local(&env, &["agent", "create", "--name", name]);
    }
    local(&env, &["agent", "update", "c", "--labels", "{\"t\":\"1\"}"]);
    env
}

fn run(env: &TestEnv, line: &str) -> (i32, String, String) {
    let mut command = env.local();
    command.args(["--project", "demo"]).args(line.split(' '));
    let output = command.output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code().unwrap(), stdout, stderr)
}

#[test]
fn several_objects_are_shown_and_deleted_in_one_call() {
    let env = store();
    assert_eq!(
        local(&env, &["get", "agents", "b", "a", "-o", "name"]),
        "agent/b\nagent/a\n"
    );
    let (code, stdout, stderr) = run(&env, "delete agent a nope b --yes");
    assert_eq!((code, stdout.as_str()), (3, ""), "{stderr}");
    assert_eq!(items(&env, &["agent", "list", "-o", "json"]), 3);

    let (code, stdout, stderr) = run(&env, "delete agent a nope b a --yes --ignore-not-found");
    assert_eq!(
        (code, stdout.as_str()),
        (0, "agent/a deleted\nagent/b deleted\n"),
        "{stderr}"
    );
    let (code, stdout, _) = run(&env, "delete agent nope --yes --ignore-not-found");
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert_eq!(items(&env, &["agent", "list", "-o", "json"]), 1);
}

#[test]
fn labels_choose_what_is_deleted() {
    let env = store();
    let (code, _, stderr) = run(&env, "delete agents a -l t=1 --yes");
    assert_eq!(code, 2, "{stderr}");
    let (code, _, stderr) = run(&env, "delete role-bindings -l t=1 --yes");
    assert_eq!(code, 2, "{stderr}");
    let (code, stdout, _) = run(&env, "delete agents -l t=1 --yes -o json");
    let deleted: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &deleted["items"][0]["name"]), (0, &"c".into()));
    assert_eq!(items(&env, &["agent", "list", "-o", "json"]), 2);
    assert_eq!(run(&env, "delete agents --all").0, 11, "without consent");
    assert_eq!(
        run(&env, "delete agents --all --yes").1,
        "2 agents deleted\n"
    );
}

#[test]
fn a_failure_does_not_keep_the_others_from_their_turn() {
    let env = store();
    local(&env, &["start", "a", "b"]);
    let (code, stdout, stderr) = run(&env, "session stop a nope b -o json");
    let list: Value = serde_json::from_str(&stdout[..stdout.find("\n{").unwrap_or(stdout.len())])
        .unwrap_or_else(|_| panic!("{stdout}"));
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2), "{stdout}");
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("Error: 1 of 3 sessions failed"), "{stderr}");
}

#[test]
fn verbs_under_a_noun_stand_for_other_commands() {
    let env = store();
    local(&env, &["session", "start", "a"]);
    for (short, long) in [
        ("session list -o json", "get sessions -o json"),
        ("session get a", "get session a"),
        ("session describe a", "describe session a"),
        ("agent describe a", "describe agent a"),
        ("credential ls", "credential list"),
    ] {
        let of = |line: &str| run(&env, line);
        assert_eq!(of(short), of(long), "{short}");
    }
    assert_eq!(run(&env, "credential show nope").0, 3);
    assert_eq!(run(&env, "credential rm nope --yes").0, 3);
    let (code, _, stderr) = run(&env, "session lst");
    assert_eq!(code, 2, "{stderr}");
}
