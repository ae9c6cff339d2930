//! What people stumble over who have never used the program: each slip gets the line to type.

use std::fs;

use crate::support::run::{Line as _, Run as _, credential_create};
use crate::support::{SAMPLE, TOKEN, TestEnv};

/// A store with two projects, an agent in the first one, and a credential.
fn store() -> TestEnv {
    let env = TestEnv::new();
    for line in [
        "project create team-a",
        "project create team-b",
        "agent create lead --project team-a --prompt Lead",
        "credential create --provider github --name git --token t",
    ] {
        env.local().line(line).stdout();
    }
    env
}

/// Standard error of a run that fails with this status.
fn refused(env: &TestEnv, line: &str, status: i32) -> String {
    let (code, stdout, stderr) = env.local().line(line).told();
    assert_eq!(code, Some(status), "{line}: {stdout}{stderr}");
    stderr
}

#[test]
fn a_word_too_many_becomes_the_value_of_its_flag() {
    let env = store();
    for (line, wanted) in [
        (
            "credential bind git team-a",
            "credential bind git --project team-a",
        ),
        (
            "credential unbind git team-a",
            "credential unbind git --project team-a",
        ),
        (
            "agent start lead team-a",
            "agent start lead --project team-a",
        ),
        (
            "agent create dev team-a",
            "agent create dev --project team-a",
        ),
    ] {
        let stderr = refused(&env, line, 2);
        let hint = format!("Hint: write acpctl --local {wanted}\n");
        assert!(stderr.ends_with(&hint), "{line}: {stderr}");
    }
    // The line that the hint names works.
    let bind = "credential bind git --project team-a";
    env.local().line(bind).stdout();
    let (_, _, stderr) = env
        .local()
        .line("agent start lead")
        .arg("Fix the build")
        .told();
    let hint = "agent start lead --prompt 'Fix the build'\n";
    assert!(stderr.ends_with(hint), "{stderr}");
    // Flags that the hint would lose are named in their place.
    let stderr = refused(&env, "agent start lead team-a --prompt Fix", 2);
    let hint = "Hint: write --project team-a in place of team-a\n";
    assert!(stderr.ends_with(hint), "{stderr}");
}

#[test]
fn a_token_in_the_place_of_an_argument_is_not_repeated() {
    let env = TestEnv::new();
    let (code, stdout, stderr) = env
        .acpctl()
        .args(["login", "https://acp.example.org", TOKEN])
        .told();
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("acpctl login URL --token @PATH"),
        "{stderr}"
    );
    assert!(!format!("{stdout}{stderr}").contains(TOKEN), "{stderr}");
}

#[test]
fn a_path_is_not_taken_for_a_token() {
    let env = store();
    let path = env.file("token.txt", TOKEN);
    let path = path.to_str().unwrap();
    for (mut command, line) in [
        (env.acpctl(), "login https://acp.example.org --token"),
        (
            env.local(),
            "credential create --provider github --name c --token",
        ),
    ] {
        let (code, _, stderr) = command.line(line).arg(path).told();
        assert_eq!(code, Some(2), "{line}: {stderr}");
        let hint = format!("Hint: to read the file: --token @{path}\n");
        assert!(stderr.ends_with(&hint), "{line}: {stderr}");
    }
    assert!(fs::metadata(env.config_path()).is_err(), "nothing is saved");
}

#[test]
fn a_url_with_a_slip_is_refused_with_the_right_one() {
    let env = TestEnv::new();
    let url = "http://127.0.0.1:9";
    for slip in [
        "http://127.0.0.1:9/api/ambient/v1",
        "http://127.0.0.1:9/api/ambient/v1/",
        "http://127.0.0.1:9 ",
        "http:// 127.0.0.1:9",
    ] {
        for (words, wanted) in [
            (
                ["login", slip, "--token", TOKEN].as_slice(),
                format!("acpctl login {url}"),
            ),
            (&["config", "set", "api_url", slip], url.to_owned()),
            (
                &["get", "projects", "--api-url", slip],
                format!("--api-url {url}"),
            ),
        ] {
            let (code, _, stderr) = env.acpctl().args(words).told();
            assert_eq!(code, Some(2), "{words:?}: {stderr}");
            let hint = format!("Hint: write {wanted}\n");
            assert!(stderr.ends_with(&hint), "{words:?}: {stderr}");
        }
        let mut from_variable = env.acpctl();
        from_variable.env("AMBIENT_API_URL", slip);
        let (code, _, stderr) = from_variable.line("get projects").told();
        assert_eq!(code, Some(2), "{stderr}");
        let hint = format!("Hint: write export AMBIENT_API_URL={url}\n");
        assert!(stderr.ends_with(&hint), "{stderr}");
    }
}

#[test]
fn an_empty_token_is_named() {
    let env = TestEnv::new();
    let (code, _, stderr) = env
        .acpctl()
        .env("AMBIENT_API_URL", "http://127.0.0.1:9")
        .env("AMBIENT_TOKEN", "")
        .line("get projects")
        .told();
    assert_eq!(code, Some(4), "{stderr}");
    assert!(
        stderr.contains("AMBIENT_TOKEN is set and empty"),
        "{stderr}"
    );
}

#[test]
fn a_name_that_no_project_can_have_gets_one_that_fits() {
    let env = TestEnv::new();
    for (words, wanted) in [
        (
            ["project", "create", "Team A"].as_slice(),
            "acpctl project create team-a",
        ),
        (
            &["create", "project", "1team_a."],
            "acpctl create project p-1team-a",
        ),
        (
            &["create", "project", "--name", "TEAM"],
            "acpctl create project team",
        ),
    ] {
        // Nothing listens there: the name is refused before anything is sent.
        let mut command = env.connected("http://127.0.0.1:9");
        let (code, _, stderr) = command.args(words).told();
        assert_eq!(code, Some(7), "{words:?}: {stderr}");
        let hint = format!("Hint: a name that fits: {wanted}\n");
        assert!(stderr.ends_with(&hint), "{words:?}: {stderr}");
    }
}

#[test]
fn each_object_that_is_not_found_leads_to_its_list() {
    let env = store();
    let of_project = "Hint: project \"team-b\" has no agent of this ID or name; those that exist: \
                      acpctl --local agent list --project team-b; the other projects: acpctl --local project list\n";
    for line in [
        "agent start lead --project team-b",
        "agent get lead --project team-b",
        "get agent lead --project team-b",
        "agent sessions lead --project team-b",
    ] {
        let stderr = refused(&env, line, 3);
        assert!(stderr.ends_with(of_project), "{line}: {stderr}");
    }
    let of_credential = "Hint: no credential that you may see has this ID or name; those that exist: \
                         acpctl --local credential list\n";
    for line in [
        "credential get none",
        "credential bindings none",
        "credential bind none --project team-a",
        "exec none -- true",
    ] {
        let stderr = refused(&env, line, 3);
        assert!(stderr.ends_with(of_credential), "{line}: {stderr}");
    }
    let of_session = "Hint: no session has this ID or name, and no agent of project \"team-b\" has this name; those \
                      that exist: acpctl --local --project=team-b get sessions; the other projects: acpctl --local \
                      project list\n";
    for line in [
        "session messages none",
        "session logs none",
        "session events none",
        "session send none hello",
        "session stop none",
        "wait none --timeout 1s",
    ] {
        let stderr = refused(&env, &format!("--project team-b {line}"), 3);
        assert!(stderr.ends_with(of_session), "{line}: {stderr}");
        let stderr = refused(&env, line, 3);
        assert!(
            stderr.contains("add --project NAME") && stderr.contains("get sessions"),
            "{line}: {stderr}"
        );
    }
    for line in ["agent list", "get agents", "agent get lead"] {
        let stderr = refused(&env, line, 2);
        assert!(
            stderr.contains("acpctl --local project list"),
            "{line}: {stderr}"
        );
    }
}

#[test]
fn a_refused_binding_says_that_nothing_was_stored() {
    let env = store();
    let create = credential_create(
        "kubeconfig",
        "prod",
        &["--from-file", SAMPLE, "--bind", "none"],
    );
    let (code, _, stderr) = env.local().args(&create).told();
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("Hint: nothing was stored; "), "{stderr}");
    refused(&env, "credential get prod", 3);
}

#[test]
fn a_flag_takes_an_object_as_the_program_writes_it() {
    let env = store();
    let bound = "credential/git bound to agent/lead of project/team-a\n";
    let bind = "credential bind credential/git --project project/team-a --agent agent/lead";
    assert_eq!(env.local().line(bind).stdout(), bound);
    let again = "credential bind git --project=project/team-a --agent=agents/lead";
    let (_, stdout, _) = env.local().line(again).told();
    assert!(
        stdout.contains("already bound to agent/lead of"),
        "{stdout}"
    );
    let other = "credential bind git --project team-a --agent credential/git";
    let stderr = refused(&env, other, 2);
    assert!(stderr.contains("is of kind credential"), "{stderr}");
}

#[test]
fn a_wait_that_ends_early_names_the_session_as_it_was_given() {
    let env = store();
    env.local()
        .line("--project team-a create session fix --prompt Fix")
        .stdout();
    env.local()
        .line("--project team-a agent start lead")
        .stdout();
    for name in ["lead", "session/lead"] {
        let wait = format!("--project team-a wait {name} --timeout 1ms --for Running");
        let stderr = refused(&env, &wait, 9);
        let ids = stderr.split_whitespace().filter(|word| word.len() == 27);
        assert_eq!(ids.count(), 0, "{stderr}");
    }
}

#[test]
fn a_log_holds_no_count_of_bytes() {
    let env = TestEnv::new();
    let create = credential_create("kubeconfig", "prod", &["--from-file", SAMPLE]);
    for _ in 0..2 {
        let (code, _, stderr) = env.local().args(&create).told();
        assert_eq!(code, Some(0), "{stderr}");
        assert!(!stderr.contains("bytes"), "{stderr}");
    }
}

#[test]
fn words_of_other_tools_for_contexts_lead_to_ours() {
    let env = TestEnv::new();
    for (line, wanted) in [
        ("context use prod", "config use-context"),
        ("ctx use prod", "config use-context"),
        ("config context use prod", "config use-context"),
        ("context set prod", "config set-context"),
        ("current-context", "config current-context"),
        ("get-contexts", "config get-contexts"),
        ("bindings", "credential bindings"),
        ("me", "whoami"),
    ] {
        let (code, _, stderr) = env.acpctl().line(line).told();
        assert_eq!(code, Some(2), "{stderr}");
        let hint = format!("Hint: did you mean 'acpctl {wanted}'?\n");
        assert!(stderr.ends_with(&hint), "{line}: {stderr}");
    }
}

#[test]
fn a_session_that_cannot_be_started_or_interrupted_gets_the_verb_that_works() {
    let env = store();
    env.local()
        .line("create session --name s1 --project-id team-a")
        .stdout();
    let stderr = refused(&env, "--project team-a start s1", 3);
    assert!(
        stderr.contains(
            "Hint: if \"s1\" is a session: acpctl --local --project=team-a session start s1; "
        ),
        "{stderr}"
    );
    let stderr = refused(&env, "session interrupt s1", 10);
    let hint =
        "Hint: no runner answers for the session; to end it: acpctl --local session stop s1\n";
    assert!(stderr.ends_with(hint), "{stderr}");
}

#[test]
fn an_empty_source_is_named_before_the_provider_that_is_missing() {
    let env = TestEnv::new();
    env.file("empty", "\n");
    for (line, name) in [
        ("credential create --name z -f -", "standard input"),
        ("credential create --name z -f empty", "empty"),
    ] {
        let (code, stdout, stderr) = env.local().line(line).write_stdin("").told();
        assert_eq!((code, stdout.as_str()), (Some(7), ""), "{line}: {stderr}");
        assert!(
            stderr.contains(name) && stderr.contains("empty") && !stderr.contains("--provider"),
            "{line}: {stderr}"
        );
    }
}

#[test]
fn a_name_that_is_taken_is_refused_before_the_question_about_its_binding() {
    let env = store();
    for line in [
        "credential create --provider github --name bound --token t --bind team-a",
        "credential bindings bound",
    ] {
        env.local().line(line).stdout();
    }
    let line =
        "credential create --provider github --name git --token u --if-exists error --bind team-a";
    for dry in ["", " --dry-run"] {
        let stderr = refused(&env, &format!("{line}{dry}"), 6);
        assert!(stderr.contains("\"git\" already exists"), "{stderr}");
    }
}
