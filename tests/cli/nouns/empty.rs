//! Flags whose values are empty, as in a job whose variable is not defined.

use serde_json::json;

use crate::nouns::local;
use crate::support::run::told;
use crate::support::server::Scripted;
use crate::support::{TestEnv, streams};

const CHECK: &str = "Hint: its value is empty: check the variable that it comes from\n";

#[test]
fn an_empty_project_is_refused_by_every_command() {
    let env = TestEnv::new();
    env.file("m.yaml", "kind: Agent\nname: lead\n");
    let server = Scripted::new([]);
    env.config(&json!({"project": "current"}).to_string());
    for line in [
        "delete sessions --all --yes --project",
        "agent delete lead --yes --project",
        "agent delete --all --yes --project-id",
        "agent create lead --project",
        "create agent lead --project-id",
        "apply -f m.yaml --project",
        "credential bind prod --project",
        "credential unbind prod --project",
        "get sessions --project-id",
        "start lead --project-id",
        "login https://a.test --project",
    ] {
        let mut words: Vec<&str> = line.split(' ').collect();
        let flag = *words.last().unwrap();
        words.push("");
        let output = env.connected(server.url()).args(words).output().unwrap();
        let (code, stdout, stderr) = told(&output);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{line}: {stderr}");
        assert_eq!(
            stderr,
            format!("Error: {flag} is required\n{CHECK}"),
            "{line}"
        );
    }
    assert_eq!(server.received().len(), 0);
}

#[test]
fn an_empty_variable_of_the_project_counts_as_unset() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "demo"]);
    let mut line = env.local();
    line.args(["project", "set", "demo"]).assert().success();
    let mut line = env.local();
    line.args(["agent", "create", "lead"])
        .env("AMBIENT_PROJECT", "");
    line.assert().success();
}

#[test]
fn an_empty_reference_makes_no_object() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "demo"]);
    let bindings = local(&env, &["get", "role-bindings", "-o", "name"]);
    for (line, flag) in [
        (
            "role-binding --role-id project:viewer --scope project --scope-id demo",
            "--user-id",
        ),
        (
            "role-binding --role-id project:viewer --scope project --user-id u",
            "--scope-id",
        ),
        (
            "role-binding --role-id project:viewer --scope project --user-id u",
            "--project-id-fk",
        ),
        ("session --name s --project-id demo", "--agent-id"),
    ] {
        let words = line.split(' ').chain([flag, ""]);
        let output = env.local().arg("create").args(words).output().unwrap();
        let (code, stdout, stderr) = told(&output);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{line}: {stderr}");
        let wanted = format!("Error: {flag} is given without a value\n{CHECK}");
        assert_eq!(stderr, wanted, "{line}");
    }
    let after = local(&env, &["get", "role-bindings", "-o", "name"]);
    assert_eq!(after, bindings);
}

#[test]
fn sessions_of_all_projects_are_deleted_only_on_request() {
    let env = TestEnv::new();
    for project in ["one", "two"] {
        env.local()
            .args(["create", "project", project])
            .assert()
            .success();
        let line = ["create", "session", "fix", "--project-id", project];
        env.local().args(line).assert().success();
    }

    env.local()
        .args(["config", "unset", "project"])
        .assert()
        .success();
    let run = |line: &str| {
        let output = env.local().args(line.split(' ')).output().unwrap();
        told(&output)
    };
    for choice in ["--all", "--label a=b"] {
        let (code, stdout, stderr) = run(&format!("delete sessions --yes {choice}"));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(
            stderr.contains("would delete sessions of all projects"),
            "{stderr}"
        );
        assert!(stderr.contains("--all-projects"), "{stderr}");
    }
    let (code, ..) = run("delete agents --all --all-projects --yes");
    assert_eq!(code, Some(2));
    let (code, ..) = run("delete session fix --all-projects --yes");
    assert_eq!(code, Some(2));
    let mut asked = env.local();
    asked.args(["delete", "sessions", "--all", "--all-projects"]);
    let (_, stderr) = streams(&asked.write_stdin("n\n").output().unwrap());
    assert!(stderr.contains("They are of all projects."), "{stderr}");
    assert_eq!(
        run("delete sessions --all --all-projects --yes"),
        (Some(0), "2 sessions deleted\n".to_owned(), String::new())
    );
}
