//! A verb that is repeated, a name that is taken or unknown, and the forms in which names may be typed.

use serde_json::{Value, json};

use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Scripted, error, json as answer, raw};

/// An environment with a project.
fn with_project() -> TestEnv {
    let env = TestEnv::new();
    env.local().line("project create demo").assert().success();
    env
}

fn told(env: &TestEnv, line: &str) -> (Option<i32>, String, String) {
    env.local().line(line).told()
}

#[test]
fn creating_the_same_agent_again_changes_nothing() {
    let env = with_project();
    let create = "agent create lead --prompt Leads --project-id demo";
    assert_eq!(told(&env, create).1, "agent/lead created\n");
    let (code, stdout, stderr) = told(&env, create);
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), "agent/lead unchanged\n"),
        "{stderr}"
    );
    let (code, stdout, _) = told(&env, "create agent --name lead --project-id demo");
    assert_eq!(code, Some(0));
    assert!(stdout.ends_with(" unchanged\n"), "{stdout}");
    for other in [
        "agent create lead --prompt Other --project-id demo",
        "create agent --name lead --prompt Other --project-id demo",
    ] {
        let (code, stdout, stderr) = told(&env, other);
        assert_eq!((code, stdout.as_str()), (Some(6), ""), "{other}: {stderr}");
        assert!(
            stderr.contains("agent \"lead\" already exists in \"demo\"")
                && stderr.contains("agent update lead --project-id demo"),
            "{stderr}"
        );
    }
    let agents: Value =
        serde_json::from_str(&told(&env, "agent list --project-id demo -o json").1).unwrap();
    assert_eq!(agents["total"], 1);
}

#[test]
fn nothing_is_created_in_a_project_that_does_not_exist() {
    let env = with_project();
    for line in [
        "agent create x --project-id demos",
        "create agent --name x --project-id demos",
        "create session --name x --project-id demos",
        "create session --name x --project demos",
        "provider create x --project-id demos",
        "policy create x --project-id demos",
    ] {
        let (code, stdout, stderr) = told(&env, line);
        assert_eq!((code, stdout.as_str()), (Some(3), ""), "{line}: {stderr}");
        assert!(
            stderr.contains("project \"demos\" not found")
                && stderr.contains("did you mean \"demo\"?"),
            "{line}: {stderr}"
        );
    }
}

#[test]
fn a_name_may_be_an_argument_or_a_flag_but_not_both() {
    let env = with_project();
    let (code, _, stderr) = told(&env, "agent create lead --name lead --project-id demo");
    assert_eq!(code, Some(2));
    assert!(stderr.contains("the name is given twice"), "{stderr}");
    for (line, said) in [
        ("project create web", "project/web created\n"),
        (
            "agent create lead --project-id demo",
            "agent/lead created\n",
        ),
        (
            "application create shop --source-repo-url https://git.test/r --source-path . --destination-project demo",
            "application/shop created\n",
        ),
        (
            "scheduled-session create nightly --schedule @daily --project-id demo",
            "scheduled-session/nightly created\n",
        ),
        ("project delete web --yes", "project/web deleted\n"),
    ] {
        let (code, stdout, stderr) = told(&env, line);
        assert_eq!((code, stdout.as_str()), (Some(0), said), "{line}: {stderr}");
    }
}

#[test]
fn a_kind_and_a_name_may_be_one_word() {
    let env = with_project();
    for name in ["a", "b"] {
        let line = format!("credential create --provider github --name {name} --token t");
        env.local().line(&line).assert().success();
    }
    for verb in ["describe", "get"] {
        let (_, apart, _) = told(&env, &format!("{verb} credential a b -o json"));
        let (code, together, stderr) = told(&env, &format!("{verb} credential/a cred/b -o json"));
        assert_eq!(code, Some(0), "{stderr}");
        assert_eq!(together, apart);
    }
    let (code, _, stderr) = told(&env, "edit credential/a");
    assert_eq!(code, Some(11), "{stderr}");
    assert!(stderr.contains("no editor is set"), "{stderr}");
    let (code, stdout, _) = told(&env, "delete credential/a --yes");
    assert_eq!((code, stdout.as_str()), (Some(0), "credential/a deleted\n"));
    let (code, _, stderr) = told(&env, "get project/demo credential/b");
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("this command takes projects, and"),
        "{stderr}"
    );
    let (code, _, stderr) = told(&env, "get nope/a");
    assert_eq!(code, Some(2));
    assert!(stderr.contains("unknown resource type: nope/a"), "{stderr}");
}

#[test]
fn a_taken_name_leads_to_the_project() {
    let env = with_project();
    for create in ["project create demo", "create project --name demo"] {
        let (code, _, stderr) = told(&env, create);
        assert_eq!(code, Some(6));
        assert!(
            stderr
                .contains("Hint: to switch to it, if it exists: acpctl --local project set demo; "),
            "{stderr}"
        );
    }
}

#[test]
fn hints_name_what_exists() {
    let env = with_project();
    env.local()
        .line("credential create --provider github --name c --token t")
        .assert()
        .success();
    for (line, code, said) in [
        (
            "credential unbind c --project demo",
            0,
            "See where it is bound: acpctl --local credential bindings c\n",
        ),
        (
            "credential rotate c",
            2,
            "Hint: did you mean 'acpctl --local credential update' or 'acpctl --local credential renew'?\n",
        ),
        (
            "exec c kubectl get pods",
            2,
            "Error: -- is missing before the command\nHint: write acpctl --local exec c -- kubectl get pods\n",
        ),
        (
            "serve --max-sessions 2 --run-sessions sh -c true",
            2,
            "Error: -- is missing before the command\nHint: write acpctl --local serve --max-sessions 2 --run-sessions -- sh -c true\n",
        ),
        (
            "exec c kubectl get pods -n x",
            2,
            "Hint: write acpctl --local exec c -- kubectl get pods -n x\n",
        ),
        (
            "session exec --credential c kubectl get pods",
            2,
            "Hint: write acpctl --local session exec --credential c -- kubectl get pods\n",
        ),
    ] {
        let (status, _, stderr) = told(&env, line);
        assert_eq!(status, Some(code), "{line}: {stderr}");
        assert!(stderr.contains(said), "{line}: {stderr}");
    }
    let line = ["alias", "set", "k", "exec c -- kubectl"];
    let (status, _, stderr) = env.local().args(line).told();
    assert_eq!(status, Some(2));
    assert!(
        stderr.contains("Hint: write acpctl --local alias set k -- exec c -- kubectl\n"),
        "{stderr}"
    );
}

#[test]
fn a_wait_says_why_the_run_failed() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let path = request.target.split('?').next().unwrap_or_default();
        if path.ends_with("/sessions/s1") {
            return answer(200, &json!({"id": "s1", "name": "fix", "phase": "Failed"}));
        }
        if path.ends_with("/sessions/s1/messages") {
            let said = json!([
                {"seq": 1, "event_type": "RUN_ERROR", "payload": "{\"message\": \"an older one\"}"},
                {"seq": 2, "event_type": "RUN_STARTED", "payload": "{}"},
                {"seq": 3, "event_type": "log", "payload": "oops"},
                {"seq": 4, "event_type": "RUN_ERROR",
                 "payload": "{\"message\": \"the command ended\\u001b[31m with exit code 7\"}"},
            ]);
            return raw(200, "application/json", said.to_string());
        }
        error(404, "ambient-api-server-7", "not found")
    });
    for (line, first) in [
        ("wait s1", "Error: session \"fix\" failed: "),
        (
            "wait s1 --for Running",
            "Error: session \"fix\" is Failed, and will not become Running: ",
        ),
    ] {
        let (code, _, stderr) = env.connected(server.url()).line(line).told();
        assert_eq!(code, Some(1), "{stderr}");
        let said = format!(
            "{first}the command ended\\x1b[31m with exit code 7\nHint: see what it said: acpctl session messages s1\n"
        );
        assert_eq!(stderr, said);
    }
}

#[test]
fn only_bindings_of_the_user_are_counted() {
    let env = with_project();
    for line in [
        "credential create --provider github --name mine --token t",
        "credential create --provider github --name other --token t",
        "credential bind mine --project demo",
    ] {
        env.local().line(line).assert().success();
    }
    let (_, stdout, stderr) = told(&env, "session explain --project demo");
    assert!(stdout.contains("mine"), "{stdout}");
    assert!(!stderr.contains("decide"), "{stderr}");
}

#[test]
fn nobody_is_asked_where_there_is_no_answer() {
    let env = with_project();
    env.local()
        .line("credential create --provider github --name c --token t")
        .assert()
        .success();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .line("--local delete credential c")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let (code, _, stderr) = crate::support::run::told(&output);
    assert_eq!(code, Some(11));
    assert_eq!(
        stderr,
        "Error: interactive confirmation required; use --yes/-y to skip\n"
    );
    let (code, stdout, stderr) = env
        .local()
        .line("delete credential c")
        .write_stdin("y\n")
        .told();
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), "credential/c deleted\n"),
        "{stderr}"
    );
    assert!(
        stderr.contains("Its bindings stay, without effect."),
        "{stderr}"
    );
}

#[test]
fn a_verb_takes_the_kind_of_its_noun_before_the_name() {
    let env = with_project();
    let create = "credential create --provider github --name c --token t";
    told(&env, create);
    told(&env, "agent create --name lead --project-id demo");
    for (line, code, said) in [
        ("credential get credential/c -o name", 0, "credential/c\n"),
        (
            "credential bind credential/c --project demo",
            0,
            "credential/c bound to project/demo\n",
        ),
        ("exec cred/c -- echo credential/c", 0, "credential/c\n"),
        (
            "agent get agent/lead --project-id demo -o name",
            0,
            "agent/lead\n",
        ),
        (
            "credential unbind Credential/c --project demo --ignore-not-found",
            0,
            "credential/c unbound from project/demo\n",
        ),
        ("credential delete agent/lead --ignore-not-found -y", 2, ""),
        ("stop agent/lead", 2, ""),
        ("credential get agent/lead --help", 0, "Usage:"),
        (
            "credential delete credential/c --ignore-not-found -y",
            0,
            "credential/c deleted\n",
        ),
    ] {
        let (status, stdout, stderr) = told(&env, line);
        assert_eq!(status, Some(code), "{line}: {stderr}");
        assert!(stdout.contains(said), "{line}: {stdout}");
    }
    let (_, _, stderr) = told(&env, "credential get agent/lead");
    assert_eq!(
        stderr,
        "Error: this command takes credentials, and \"agent/lead\" is of kind agent\nHint: to see it: acpctl --local get agent/lead; if \"agent/lead\" is the whole name, write credential/agent/lead\n"
    );
    let (_, _, stderr) = told(&env, "stop agent/lead");
    assert!(stderr.contains("write \"lead\" alone\n"), "{stderr}");
}

#[test]
fn the_name_of_a_deleted_project_is_not_one_to_switch_to() {
    let env = with_project();
    told(&env, "project delete demo --yes");
    let (code, _, stderr) = told(&env, "project create demo --if-exists skip");
    assert_eq!(code, Some(6));
    assert!(
        stderr.starts_with(
            "Error: project \"demo\" already exists, but it was deleted, or you can't see it\nHint: the name of a deleted project stays taken"
        ),
        "{stderr}"
    );
}
