//! Several objects in one call, and verbs under a noun that stand for other commands.

use serde_json::Value;

use crate::nouns::{items, local};
use crate::support::run::{Line as _, Run as _};
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
    let (code, stdout, stderr) = run(&env, "delete agent nope --yes --ignore-not-found");
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert_eq!(stderr, "agent/nope does not exist\n");
    let lines = ["agent delete a -y", "get agent a"];
    for line in lines {
        let mut other = env.local();
        let other = other
            .line("--project dmeo")
            .line(line)
            .arg("--ignore-not-found");
        assert_eq!(other.told().0, Some(3), "{line}");
    }
    assert_eq!(items(&env, &["agent", "list", "-o", "json"]), 1);
}

#[test]
fn what_is_gone_can_be_taken_away_and_stopped_again() {
    let env = store();
    for line in ["credential unbind nope", "stop nope", "session stop nope"] {
        assert_eq!(run(&env, line).0, 3, "{line}");
        let (code, stdout, stderr) = run(&env, &format!("{line} --ignore-not-found"));
        assert_eq!((code, stdout.as_str()), (0, ""), "{line}: {stderr}");
        assert!(
            stderr.contains("nope") && stderr.contains(" does not exist"),
            "{stderr}"
        );
        // The project is not the object that may be missing.
        let mut other = env.local();
        other
            .line("--project dmeo")
            .line(line)
            .arg("--ignore-not-found");
        let (code, stdout, stderr) = other.told();
        assert_eq!((code, stdout.as_str()), (Some(3), ""), "{line}: {stderr}");
        assert!(stderr.contains("project \"dmeo\" not found"), "{stderr}");
    }
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
fn every_noun_deletes_and_shows_several_objects() {
    let env = store();
    for name in ["x", "y"] {
        for line in [
            "scheduled-session create --agent-id a --schedule @daily --name",
            "application create --source-repo-url https://git.example.com/a.git --source-path d --destination-project demo --name",
            "policy create --spec {\"network\":{}} --name",
            "provider create --secret token --name",
            "credential create --provider github --token canary-0123 --name",
        ] {
            let (code, _, stderr) = run(&env, &format!("{line} {name}"));
            assert_eq!(code, 0, "{line}: {stderr}");
        }
    }
    run(&env, "agent create --name x");
    run(&env, "agent create --name y");
    for noun in [
        "agent",
        "application",
        "credential",
        "policy",
        "provider",
        "scheduled-session",
    ] {
        let of = |line: &str| run(&env, &format!("{noun} {line}"));
        let both = format!("{noun}/y\n{noun}/x\n");
        assert_eq!(of("get y x -o name").1, both);
        let (code, stdout, stderr) = of("get y nope");
        assert_eq!((code, stdout.as_str()), (3, ""), "{noun}: {stderr}");
        // Nothing is deleted if one is missing, unless that is allowed.
        let (code, stdout, stderr) = of("delete x nope --yes");
        assert_eq!((code, stdout.as_str()), (3, ""), "{noun}: {stderr}");
        let (_, stdout, stderr) = of("delete x nope x --yes --ignore-not-found -o json");
        let list: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{stderr}");
        assert_eq!(list["items"][0]["name"], "x");
        assert!(!stdout.contains("canary"), "{stdout}");
        let (code, stdout, stderr) = of("delete x --yes --ignore-not-found");
        assert_eq!((code, stdout.as_str()), (0, ""), "{noun}: {stderr}");
        let (code, _, stderr) = of("delete x --all --yes");
        assert_eq!(code, 2, "{noun}: {stderr}");
        let (code, _, stderr) = of("delete --yes");
        assert!(stderr.contains("--label or --all"), "{stderr}");
        assert_eq!(code, 2);
        let (code, _, stderr) = of("delete y");
        assert_eq!(code, 11, "without consent: {stderr}");
        let (code, stdout, stderr) = of("delete -l none=1 --yes");
        match noun {
            "scheduled-session" => assert_eq!(code, 2, "{stderr}"),
            _ => assert!(stdout.starts_with("no "), "{stdout}{stderr}"),
        }
        let (code, stdout, stderr) = of("delete --all --yes");
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.ends_with(" deleted\n"), "{stdout}");
        let left = of("list -o json").1;
        let left: Value = serde_json::from_str(&left).unwrap();
        assert_eq!(left["total"], 0, "{noun}: {left}");
    }
}

#[test]
fn a_project_that_is_gone_may_be_deleted_again() {
    let env = store();
    let line = "project delete --name nope";
    assert_eq!(run(&env, line).0, 3);
    let (code, stdout, stderr) = run(&env, &format!("{line} --ignore-not-found"));
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
}

#[test]
fn projects_messages_and_aliases_are_deleted_several_at_once() {
    let env = store();
    local(&env, &["create", "project", "--name", "other"]);
    let line = "project delete --name other --name nope -y";
    assert_eq!(run(&env, line).0, 3);
    assert!(run(&env, "project list -o json").1.contains("\"other\""));
    let (code, stdout, stderr) = run(&env, "project delete --name other --name demo -y");
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(stdout, "project/other deleted\nproject/demo deleted\n");
    // A flag named it: it was not the current project of the next commands.
    assert_eq!(stderr, "");

    let env = store();
    let of = |words: &str| run(&env, &format!("inbox {words} --pa-id a"));
    let ids: Vec<String> = ["one", "two", "three"]
        .map(|body| of(&format!("send --body {body}")).1)
        .iter()
        .map(|said| said.trim()["inbox-message/".len()..].replace(" sent", ""))
        .collect();
    let line = format!("delete --msg-id {} --msg-id {}", ids[0], ids[2]);
    let (code, stdout, stderr) = of(&line);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(
        stdout,
        format!(
            "inbox-message/{} deleted\ninbox-message/{} deleted\n",
            ids[0], ids[2]
        )
    );
    assert!(of("list -o json").1.contains(&ids[1]));
    let (code, _, stderr) = of(&format!("{line} --msg-id {}", ids[1]));
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("2 of 3"), "{stderr}");
    assert!(!of("list -o json").1.contains(&ids[1]));

    for name in ["x", "y", "z"] {
        assert_eq!(run(&env, &format!("alias set {name} -- version")).0, 0);
    }
    assert_eq!(run(&env, "alias delete x nope").0, 3);
    let (code, stdout, _) = run(&env, "alias delete x z");
    assert_eq!(
        (code, stdout.as_str()),
        (0, "alias/x deleted\nalias/z deleted\n")
    );
    let left: Value = serde_json::from_str(&run(&env, "alias list -o json").1).unwrap();
    assert_eq!(left, serde_json::json!({"y": ["version"]}));
}

#[test]
fn several_objects_are_described() {
    let env = store();
    let (_, stdout, stderr) = run(&env, "describe agent b a");
    let list: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"));
    assert_eq!(list["items"][1]["name"], "a");
    let (_, stdout, _) = run(&env, "describe agent b a -o table");
    let titles = stdout.lines().filter(|line| line.starts_with("Agent "));
    assert_eq!(titles.collect::<Vec<_>>(), ["Agent b", "Agent a"]);
    assert_eq!(run(&env, "describe agent b nope").0, 3);
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
fn the_error_takes_the_place_of_an_empty_list() {
    let env = store();
    for line in ["session stop nope no -o json", "start nope no -o json"] {
        let (code, stdout, stderr) = run(&env, line);
        let said: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}"));
        assert_eq!(
            (code, &said["error"]["exit_code"]),
            (3, &3.into()),
            "{stderr}"
        );
    }
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

#[test]
fn a_name_that_does_not_exist_deletes_none_of_several() {
    let env = TestEnv::new();
    for name in ["one", "two"] {
        env.local().line("create project --name").arg(name).stdout();
        let words = [
            "credential",
            "create",
            "--provider",
            "github",
            "--name",
            name,
        ];
        env.local().args(words).write_stdin("s3cret").stdout();
    }
    for line in [
        "credential delete one two nope --yes",
        "delete credential one nope --yes",
        "project delete --name one --name nope --yes",
    ] {
        let (status, stdout, stderr) = env.local().line(line).told();
        assert_eq!((status, stdout.as_str()), (Some(3), ""), "{line}: {stderr}");
        assert!(
            stderr.starts_with("Error: nothing was deleted: "),
            "{line}: {stderr}"
        );
    }
    assert_eq!(
        env.local()
            .line("credential list -o name")
            .stdout()
            .lines()
            .count(),
        2
    );
}
