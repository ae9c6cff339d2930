//! `credential bind --plan`, and what is asked before a credential is shadowed.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::TestEnv;
use crate::support::pty::Terminal;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Scripted, error, json as answer, list};

/// The project `demo` with the agents `lead` and `dev`. Sessions of the project get `old`; those of `lead` get `own`.
fn store() -> TestEnv {
    let env = TestEnv::new();
    for line in [
        "create project --name demo",
        "create project --name empty",
        "agent create --name lead --project-id demo",
        "agent create --name dev --project-id demo",
        "credential create --provider github --name old --token t",
        "credential create --provider github --name own --token t",
        "credential create --provider github --name new --token t",
        "credential create --provider jira --name issues --token t",
        "credential bind own --project demo --agent lead",
        "credential bind old --project demo --yes",
    ] {
        env.local().line(line).stdout();
    }
    env
}

fn bindings(env: &TestEnv) -> usize {
    let list = env.local().line("get role-bindings -o json").stdout();
    let list: Value = serde_json::from_str(&list).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items.filter(|item| item["user_id"].is_null()).count()
}

#[test]
fn a_plan_shows_every_agent_and_binds_nothing() {
    let env = store();
    let before = bindings(&env);
    let said = |line: &str| env.local().line(line).shown();
    assert_snapshot!(said("credential bind new --project demo --plan"), @r"
    AGENT        NOW   THEN   EFFECT
    dev          old   old    new is shadowed by old (project binding)
    lead         own   own    new is shadowed by own (agent binding)
    (no agent)   old   old    new is shadowed by old (project binding)
    ");
    assert_snapshot!(said("credential bind new --project demo --agent dev --plan"), @r"
    AGENT   NOW   THEN   EFFECT
    dev     old   new    old is shadowed
    ");
    assert_snapshot!(said("credential bind issues --project demo --plan"), @r"
    AGENT        NOW   THEN     EFFECT
    dev          -     issues   gets issues
    lead         -     issues   gets issues
    (no agent)   -     issues   gets issues
    ");
    assert_snapshot!(said("credential bind old --project demo --plan"), @r"
    AGENT        NOW   THEN   EFFECT
    dev          old   old    nothing changes
    lead         own   own    old is shadowed by own (agent binding)
    (no agent)   old   old    nothing changes
    ");
    assert_snapshot!(said("credential bind new --project empty --plan"), @r"
    AGENT        NOW   THEN   EFFECT
    (no agent)   -     new    gets new
    ");
    assert_snapshot!(said("credential bind new --project demo --agent dev --dry-run"), @r"
    credential/new bound to agent/dev of project/demo (dry run)
    --- standard error
    The credentials of sessions of agent/dev of project/demo, now and then:
    AGENT   NOW   THEN   EFFECT
    dev     old   new    old is shadowed
    ");
    let plan = env
        .local()
        .line("credential bind new --project demo --agent lead --plan -o json")
        .stdout();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["provider"], "github");
    assert_eq!(plan["exists"], false);
    let lead = &plan["agents"][0];
    assert_eq!(lead["agent"], "lead");
    assert_eq!(lead["effect"], "shadowed");
    assert_eq!(lead["then"]["credential"], "own");
    assert_eq!(bindings(&env), before);
}

#[test]
fn a_dry_run_of_a_new_credential_shows_the_plan() {
    let env = store();
    let before = bindings(&env);
    env.file("token", "ghp_0123456789");
    let said = |line: &str| env.local().line(line).shown();
    let line = "credential create --provider github --name newest -f token --dry-run";
    assert_snapshot!(said(&format!("{line} --bind demo --bind empty")), @r"
    credential/newest created (dry run)
    credential/newest bound to project/demo (dry run)
    credential/newest bound to project/empty (dry run)
    --- standard error
    The credentials of sessions of project/demo, now and then:
    AGENT        NOW   THEN   EFFECT
    dev          old   old    newest is shadowed by old (project binding)
    lead         own   own    newest is shadowed by own (agent binding)
    (no agent)   old   old    newest is shadowed by old (project binding)
    The credentials of sessions of project/empty, now and then:
    AGENT        NOW   THEN     EFFECT
    (no agent)   -     newest   gets newest
    ");
    let missing = env.local().line(line).line("--bind nope").told();
    assert_eq!(
        (missing.0, missing.1.as_str()),
        (Some(3), ""),
        "{}",
        missing.2
    );
    assert_eq!(bindings(&env), before);
}

#[test]
fn where_a_credential_is_shadowed_consent_is_needed() {
    let env = store();
    let before = bindings(&env);
    assert_snapshot!(env.local().line("credential bind new --project demo").shown(), @r"
    --- standard error
    AGENT        NOW   THEN   EFFECT
    dev          old   old    new is shadowed by old (project binding)
    lead         own   own    new is shadowed by own (agent binding)
    (no agent)   old   old    new is shadowed by old (project binding)
    Error: add --yes to bind credential/new to project/demo: a credential is shadowed
    Hint: with --yes, no session uses it before the older one is taken away: acpctl --local credential unbind old --project demo
    --- exit status 11
    ");
    assert_eq!(bindings(&env), before);
    // Nothing is shadowed: by another provider, in another project, or by what is bound already.
    for line in [
        "credential bind issues --project demo",
        "credential bind new --project empty",
        "credential bind old --project demo",
    ] {
        let (code, _, stderr) = env.local().line(line).told();
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{line}");
    }
    let (code, stdout, _) = env
        .local()
        .line("credential bind new --project demo --yes")
        .told();
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), "credential/new bound to project/demo\n")
    );
}

/// The flag has the rule of the command, and is decided before anything is stored.
#[test]
fn the_flag_bind_needs_the_same_consent() {
    let env = store();
    let before = bindings(&env);
    let create = "credential create --provider github --name extra --token t --bind demo";
    assert_snapshot!(env.local().line(create).shown(), @r"
    --- standard error
    Warning: a secret on the command line can be seen in the process list and the shell's history; use --from-file or a pipe
    AGENT        NOW   THEN   EFFECT
    dev          old   old    extra is shadowed by old (project binding)
    lead         own   own    extra is shadowed by own (agent binding)
    (no agent)   old   old    extra is shadowed by old (project binding)
    Error: add --yes to bind credential/extra to project/demo: a credential is shadowed
    Hint: with --yes, no session uses it before the older one is taken away: acpctl --local credential unbind old --project demo
    --- exit status 11
    ");
    assert_eq!(env.local().line("credential get extra").told().0, Some(3));
    let update = "credential update new --description x --bind demo";
    assert_snapshot!(env.local().line(update).shown(), @r"
    --- standard error
    AGENT        NOW   THEN   EFFECT
    dev          old   old    new is shadowed by old (project binding)
    lead         own   own    new is shadowed by own (agent binding)
    (no agent)   old   old    new is shadowed by old (project binding)
    Error: add --yes to bind credential/new to project/demo: a credential is shadowed
    Hint: with --yes, no session uses it before the older one is taken away: acpctl --local credential unbind old --project demo
    --- exit status 11
    ");
    let shown = env.local().line("credential get new -o json").stdout();
    assert!(!shown.contains("\"description\": \"x\""), "{shown}");
    assert_eq!(bindings(&env), before);
    for line in [create, update] {
        let (code, stdout, stderr) = env.local().line(line).line("--yes").told();
        assert_eq!(code, Some(0), "{line}");
        assert!(!stderr.contains("shadowed"), "{stderr}");
        assert!(
            stderr.contains("Warning: sessions of project/demo keep old and do not get "),
            "{stderr}"
        );
        assert!(stdout.contains(" bound to project/demo\n"), "{stdout}");
    }
    // Nothing is shadowed by what is bound already, or in another project.
    for line in [
        "credential update old --description y --bind demo",
        "credential update new --description z --bind empty",
    ] {
        let (code, _, stderr) = env.local().line(line).told();
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{line}");
    }
    let alone = "credential create --provider github --name alone --token t --yes";
    assert_eq!(env.local().line(alone).told().0, Some(2));
}

#[test]
fn on_a_terminal_the_user_decides() {
    let env = store();
    for (key, said) in [
        ("n", "Aborted."),
        ("y", "credential/new bound to project/demo"),
    ] {
        let before = bindings(&env);
        let mut command = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_acpctl"))
            .args(["--local", "credential", "bind", "new", "--project", "demo"])
            .env_clear()
            .env("TERM", "xterm")
            .current_dir(env.work());
        for (name, value) in env.variables() {
            command = command.env(name, value);
        }
        let terminal = Terminal::start(command, 24, 80);
        let screen = terminal.wait_for("nevertheless?");
        assert!(screen.contains("new is shadowed by own"), "{screen}");
        terminal.type_text(key);
        terminal.type_text("\r");
        terminal.wait_for(said);
        assert_eq!(bindings(&env) - before, usize::from(key == "y"));
    }
}

/// Consent given beforehand leaves a warning; what it names gives the sessions the new credential. With `--strict`
/// nothing is stored or bound for nobody.
#[test]
fn a_binding_that_nobody_uses_is_told_or_refused() {
    let env = store();
    let before = bindings(&env);
    env.file("secret", "t");
    let strict = "credential create --provider github --name extra --from-file secret --bind demo --yes --strict";
    assert_snapshot!(env.local().line(strict).shown(), @r"
    --- standard error
    Error: sessions of project/demo keep old and do not get extra: its binding is older (--strict)
    Hint: take it away first: acpctl --local credential unbind old --project demo
    --- exit status 8
    ");
    assert_eq!(env.local().line("credential get extra").told().0, Some(3));
    for line in [
        "credential update new --description x --bind demo --yes --strict",
        "credential bind new --project demo --yes --strict",
    ] {
        assert_eq!(env.local().line(line).told().0, Some(8), "{line}");
    }
    assert_eq!(bindings(&env), before);
    // The first binding, and each repetition.
    for _ in 0..2 {
        let bind = "credential bind new --project demo --yes";
        let (code, _, stderr) = env.local().line(bind).told();
        assert_eq!(code, Some(0));
        assert!(
            stderr.contains(
                "Warning: sessions of project/demo keep old and do not get new: its binding is older; \
                 take it away: acpctl --local credential unbind old --project demo\n"
            ),
            "{stderr}"
        );
    }
    env.local()
        .line("credential unbind old --project demo")
        .stdout();
    // One agent keeps its own, which is meant.
    let (code, _, stderr) = env
        .local()
        .line("credential bind new --project demo --strict")
        .told();
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let plan = env
        .local()
        .line("credential bind new --project demo --plan -o json")
        .stdout();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let agents = plan["agents"].as_array().unwrap();
    let gets = |name: &str| {
        agents
            .iter()
            .filter(|row| row["then"]["credential"] == name)
            .count()
    };
    assert_eq!((gets("new"), gets("own"), gets("old")), (2, 1, 0));
}

/// A caller who may bind, but not read what others bound, is told so. A server that fails stops the binding.
#[test]
fn a_plan_that_cannot_be_made_is_not_taken_for_a_free_way() {
    let env = TestEnv::new();
    for (refusal, code, posts) in [(403, 0, 1), (500, 10, 0)] {
        let server = Scripted::with(move |request| {
            let target = request.target.trim_start_matches("/api/ambient/v1");
            let credential = serde_json::json!({"id": "c1", "name": "git", "provider": "github"});
            match (request.method.as_str(), target.split('?').next().unwrap()) {
                ("GET", "/credentials/c1") => answer(200, &credential),
                ("GET", "/projects/demo") => {
                    answer(200, &serde_json::json!({"id": "demo", "name": "demo"}))
                }
                ("GET", "/roles") => {
                    list([serde_json::json!({"id": "r1", "name": "credential:viewer"})])
                }
                ("POST", "/role_bindings") => answer(201, &serde_json::json!({"id": "b1"})),
                _ => error(refusal, "ambient-api-server-4", "no"),
            }
        });
        let (status, stdout, stderr) = env
            .connected(server.url())
            .line("credential bind c1 --project demo --retries 0")
            .told();
        assert_eq!(status, Some(code), "{stdout}{stderr}");
        let sent = server
            .lines()
            .iter()
            .filter(|line| line.starts_with("POST "))
            .count();
        assert_eq!(sent, posts);
        let warned =
            stderr.contains("Warning: cannot check whether another credential is shadowed");
        assert_eq!(warned, code == 0, "{stderr}");
        let (status, ..) = env
            .connected(server.url())
            .line("credential bind c1 --project demo --plan --retries 0")
            .told();
        assert_eq!(status, Some(if refusal == 403 { 5 } else { 10 }));
    }
}
