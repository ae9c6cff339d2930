//! `create`: what is checked, warned about and sent.

use serde_json::{Value, json};

use crate::nouns::{SOURCE, local};
use crate::support::run::credential_create;
use crate::support::server::{Scripted, json as answer};
use crate::support::{TestEnv, streams};

#[test]
fn create_checks_before_it_sends() {
    let env = TestEnv::new();
    for (line, message) in [
        (
            "create session extra more --name n",
            "accepts 1 arg(s), received 3",
        ),
        (
            "create session --name n -o nope",
            "unknown output format \"nope\"",
        ),
        (
            "create rb --role-id r --scope global --scope-id x",
            "--scope-id not supported for scope \"global\"",
        ),
        ("create role", "--name is required"),
        ("delete session ..", "\"..\" is not a resource name"),
        (
            "get session x --project-agent a --project-id p",
            "mutually exclusive",
        ),
        (
            "get sessions -l nonsense",
            "--label \"nonsense\" is not KEY=VALUE",
        ),
        (
            "get sessions -l a=1,b!=2",
            "--label \"b!=2\" is not KEY=VALUE",
        ),
    ] {
        let server = Scripted::new([]);
        let output = env
            .connected(server.url())
            .env("AMBIENT_PROJECT", "p")
            .args(line.split(' '))
            .output()
            .unwrap();
        let stderr = streams(&output).1;
        assert!(
            !output.status.success() && stderr.contains(message),
            "{line}: {stderr}"
        );
        assert_eq!(server.received().len(), 0, "{line}");
    }
}

#[test]
fn create_warns_of_each_flag_it_does_not_use_and_sends_zeros() {
    let env = TestEnv::new();
    let server = Scripted::new([answer(201, &json!({"id": "s1", "name": "n"}))]);
    env.connected(server.url())
        .args("create session --name n --project-id p --temperature 0 --timeout 0 --description d --labels {}".split(' '))
        .assert()
        .success()
        .stdout("session/s1 created\n")
        .stderr(
            "Warning: --description is not applicable to this resource type and will be ignored\n\
             Warning: --labels is not applicable to this resource type and will be ignored\n",
        );
    assert_eq!(
        server.received()[0].json(),
        json!({"llm_temperature": 0, "name": "n", "project_id": "p", "timeout": 0})
    );
}

#[test]
fn every_change_can_be_shown_as_json() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    local(&env, &["create", "project", "--name", "other"]);
    local(&env, &["agent", "create", "--name", "lead"]);
    local(&env, &["create", "session", "--name", "fix"]);
    local(&env, &credential_create("github", "git", &["--token", "t"]));
    local(
        &env,
        &[
            "scheduled-session",
            "create",
            "--name",
            "daily",
            "--schedule",
            "@daily",
        ],
    );
    local(
        &env,
        &[&["application", "create", "--name", "app"][..], SOURCE].concat(),
    );
    for (line, kind) in [
        ("agent update lead --prompt p", "Agent"),
        ("project update other --description d", "Project"),
        (
            "scheduled-session update daily --description d",
            "ScheduledSession",
        ),
        ("scheduled-session resume daily", "ScheduledSession"),
        ("scheduled-session suspend daily", "ScheduledSession"),
        ("scheduled-session trigger daily", "ScheduledSession"),
        ("application update app --source-path p", "Application"),
        ("credential bind git --project demo", "RoleBinding"),
        ("credential unbind git --project demo", "RoleBinding"),
        ("start lead", "Session"),
        ("stop lead", "Session"),
        ("agent stop lead", "Session"),
        ("scheduled-session delete daily --yes", "ScheduledSession"),
        ("application delete app --yes", "Application"),
        ("credential delete git --yes", "Credential"),
        ("delete session fix --yes", "Session"),
        ("delete sessions --all --yes", "SessionList"),
        ("agent delete lead --yes", "Agent"),
        ("delete project other --yes", "Project"),
    ] {
        let words: Vec<&str> = line.split(' ').chain(["-o", "json"]).collect();
        let shown: Value = serde_json::from_str(&local(&env, &words)).unwrap();
        assert_eq!(shown["kind"], kind, "{line}");
        assert!(shown.get("token").is_none(), "{line}");
    }
}
