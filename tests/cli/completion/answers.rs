//! The answers of `acpctl __complete`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;

use crate::completion::{KUBECONFIG, PATIENT, platform};
use crate::support::run::Line as _;
use crate::support::server::{Reply, Scripted, error, json as answer, list};
use crate::support::{TestEnv, streams};

/// The lines of an answer.
fn complete(env: &TestEnv, url: &str, words: &[&str]) -> Vec<String> {
    let mut command = env.connected(url);
    command.env(PATIENT.0, PATIENT.1);
    answer_of(command, words)
}

fn answer_of(mut command: assert_cmd::Command, words: &[&str]) -> Vec<String> {
    let output = command.arg("__complete").args(words).output().unwrap();
    assert!(output.status.success());
    let (stdout, stderr) = streams(&output);
    assert!(
        stderr.starts_with("Completion ended with directive: ") && stderr.lines().count() == 1,
        "{stderr}"
    );
    stdout.lines().map(str::to_owned).collect()
}

#[test]
fn commands_flags_and_fixed_values() {
    let env = TestEnv::new();
    let cases: &[(&[&str], &[&str])] = &[
        (&["cred"], &["credential\tManage credentials", ":4"]),
        (
            &["credential", "create", "--provider", "k"],
            &["kubeconfig\taccess to a cluster", ":4"],
        ),
        (
            &["credential", "create", "--provider=k"],
            &["kubeconfig\taccess to a cluster", ":4"],
        ),
        (
            &["credential", "create", "--allow-d"],
            &[
                "--allow-duplicate\tCreate a second credential if one with this name exists",
                ":4",
            ],
        ),
        (
            &["credential", "list", "--sort-by", "e"],
            &["expires", ":4"],
        ),
        (&["get", "sessions", "--sort-by", "ph"], &["phase", ":4"]),
        (&["config", "set", "local", "t"], &["true", ":4"]),
        (&["config", "set", "pager", ""], &[":4"]),
        (&["credential", "create", "--from-file", ""], &[":0"]),
        (&["credential", "create", "-f", ""], &[":0"]),
        (&["credential", "validate", ""], &[":0"]),
        (&["session", "exec", "--", ""], &[":0"]),
        (&["session", "exec", "s1", "--", "env", ""], &[":0"]),
        (
            &["session", "exec", "s1", "--comp"],
            &[
                "--compat-path\tWrite the kubeconfig to the platform's own path, /tmp/.ambient_kubeconfig",
                ":4",
            ],
        ),
        (&["credential", "create", "--name", ""], &[":4"]),
        (
            &["credential", "validate", "--rules", "r"],
            &[
                "runner\tAccept what works inside a session's container",
                ":4",
            ],
        ),
        (
            &["completion", "po"],
            &["powershell\ta line of $PROFILE", ":4"],
        ),
        (
            &["--color", "a"],
            &["auto\tOn a terminal", "always\tIn a pipe too", ":4"],
        ),
        (
            &["help", "env"],
            &["environment\tvariables that acpctl reads", ":4"],
        ),
        (
            &["config", "set", "retr"],
            &[
                "retries\thow often to retry a request that is safe to repeat",
                ":4",
            ],
        ),
        (
            &["help", "credential", "b"],
            &[
                "bind\tLet the sessions of a project use a credential",
                "bindings\tList the projects and agents whose sessions may use a credential",
                ":4",
            ],
        ),
        (&["credential", "list", "--limit", "5", "--lim"], &[":4"]),
        (&["nope", ""], &[":4"]),
    ];
    for (words, wanted) in cases {
        assert_eq!(
            complete(&env, "http://127.0.0.1:1", words),
            *wanted,
            "{words:?}"
        );
    }
}

/// The words of a command line up to each argument that has fixed values.
fn fixed_values(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let has_values = !arg.get_possible_values().is_empty() && arg.get_action().takes_values();
        if let Some(long) = arg.get_long().filter(|_| has_values) {
            found.push([path, &[format!("--{long}"), String::new()]].concat());
        }
    }
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let path = [path, &[sub.get_name().to_owned()]].concat();
        fixed_values(sub, &path, found);
    }
}

#[test]
fn every_fixed_value_kind_and_command_has_a_description() {
    let env = TestEnv::new();
    let mut lines = Vec::new();
    fixed_values(&acpctl::testing::cli::tree(), &[], &mut lines);
    assert!(lines.len() > 5, "{lines:?}");
    for line in [
        "",
        "get ",
        "create ",
        "describe ",
        "wait --for ",
        "api ",
        "config get ",
        "completion ",
        "help ",
        "credential list -o ",
        "credential create --provider ",
        "credential create --mint ",
        "local import -o ",
    ] {
        lines.push(line.split(' ').map(str::to_owned).collect());
    }
    for line in lines {
        let words: Vec<&str> = line.iter().map(String::as_str).collect();
        let mut candidates = complete(&env, "http://127.0.0.1:9", &words);
        assert_eq!(candidates.pop().as_deref(), Some(":4"), "{words:?}");
        let bare: Vec<&String> = candidates.iter().filter(|it| !it.contains('\t')).collect();
        assert!(
            !candidates.is_empty() && bare.is_empty(),
            "{words:?} {bare:?}"
        );
    }
}

#[test]
fn programs_codes_and_names_with_their_kind_are_offered() {
    let env = TestEnv::new();
    let server = platform();
    let bin = env.file("bin/kubectl-of-test", "#!/bin/sh\n");
    fs::set_permissions(&bin, fs::Permissions::from_mode(0o755)).unwrap();
    env.file("bin/kubectl-no-program", "");
    let offered = |words: &[&str]| {
        let mut command = env.connected(server.url());
        command.env(PATIENT.0, PATIENT.1);
        command.env("PATH", bin.parent().unwrap());
        answer_of(command, words)
    };
    assert_eq!(
        offered(&["exec", "prod", "--", "kube"]),
        ["kubectl-of-test", ":4"]
    );
    assert_eq!(offered(&["exec", "prod", "--", "kubectl", "kube"]), [":0"]);
    let found = offered(&["wait", "credential/p"]);
    assert!(found[0].starts_with("credential/prod\t"), "{found:?}");
    let found = offered(&["credential", "create", "--allow", "token-exp"]);
    assert!(found[0].starts_with("token-expired\t"), "{found:?}");
}

#[test]
fn descriptions_can_be_left_out() {
    let env = TestEnv::new();
    let output = env
        .acpctl()
        .env(PATIENT.0, PATIENT.1)
        .args(["__completeNoDesc", "credential", "b"])
        .output()
        .unwrap();
    assert_eq!(streams(&output).0, "bind\nbindings\n:4\n");
}

#[test]
fn names_come_from_the_server_once_a_minute() {
    let env = TestEnv::new();
    let server = platform();
    let wanted = [
        "prod\tkubeconfig https://prod.example.org",
        "$(touch pwned) `x`;\tgithub",
        "3MX85aKNFVYjNaWSBgG3UcSclTW\tbadname[2J github",
        ":4",
    ];
    for _ in 0..2 {
        assert_eq!(
            complete(&env, server.url(), &["credential", "get", ""]),
            wanted
        );
    }
    assert_eq!(server.lines(), ["GET /credentials?page=1&size=500"]);

    let folder = env.home().join(".cache/ambient");
    let files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&files[0])), (0o700, 0o600));
    let stored = fs::read_to_string(&files[0]).unwrap();
    assert!(!stored.contains("canary"), "names only");

    // Another login may see other names.
    env.config(r#"{"project": "team-a"}"#);
    complete(&env, server.url(), &["credential", "get", ""]);
    assert_eq!(server.received().len(), 2);
}

/// As in lists: a credential that the platform made for its own gateways is not for people.
#[test]
fn credentials_of_the_platforms_gateways_are_not_offered() {
    let env = TestEnv::new();
    let made = "hypershell-0123456789abcdef0123456789abcdef";
    let server = Scripted::with(move |_| {
        list(json!([
            {"id": "c1", "name": made, "provider": "openshell-gateway"},
            {"id": "c2", "name": "mine", "provider": "openshell-gateway"},
            {"id": "c3", "name": "hypershell-0123", "provider": "openshell-gateway"},
            {"id": "c4", "name": "other", "provider": "github"},
        ]))
    });
    let offered = complete(&env, server.url(), &["credential", "get", ""]);
    let names: Vec<&str> = offered
        .iter()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, _)| name)
        .collect();
    assert!(
        !names.contains(&made) && !names.contains(&"c1"),
        "{names:?}"
    );
    for name in ["mine", "hypershell-0123", "other"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[test]
fn a_login_that_the_server_quotes_is_neither_offered_nor_kept() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let login = request.header("Authorization").unwrap_or_default();
        let items = json!([
            {"id": "c1", "name": "prod", "provider": "github"},
            {"id": "c2", "name": login.trim_start_matches("Bearer "), "provider": "github"},
            {"id": "c3", "name": "other", "provider": login},
        ]);
        list(items)
    });
    let lines = complete(&env, server.url(), &["credential", "get", ""]);
    assert_eq!(lines, ["prod\tgithub", ":4"]);
    for entry in fs::read_dir(env.home().join(".cache/ambient")).unwrap() {
        let stored = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(
            stored.contains("prod") && !stored.contains("canary"),
            "{stored}"
        );
    }
}

#[test]
fn each_kind_of_name() {
    let env = TestEnv::new();
    let server = platform();
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["credential", "bind", "pr"],
            &["prod\tkubeconfig https://prod.example.org", ":4"],
        ),
        (
            &["credential", "bind", "prod", "--project", ""],
            &["team-a\tFirst", ":4"],
        ),
        (
            &["credential", "bind", "prod", "--project=t"],
            &["team-a\tFirst", ":4"],
        ),
    ];
    for (words, wanted) in cases {
        assert_eq!(complete(&env, server.url(), words), *wanted, "{words:?}");
    }
}

/// What is offered is taken: each candidate for an object is tried.
#[test]
fn every_name_that_is_offered_works() {
    let env = TestEnv::new();
    let run = |line: &[&str]| {
        let mut command = env.local();
        command.env("AMBIENT_PROJECT", "demo").args(line);
        command.output().unwrap()
    };
    let source = "--source-repo-url https://git.test/r --source-path . --destination-project demo";
    for line in [
        "create project --name demo",
        "agent create --name lead",
        "credential create --provider github --name prod --token t",
        "credential create --provider github --name twin --token t",
        "credential create --provider github --name twin --token t --allow-duplicate",
        "create session --name fix",
        "scheduled-session create --name daily --schedule @daily",
        &format!("application create --name app {source}"),
    ] {
        let output = run(&line.split(' ').collect::<Vec<_>>());
        assert!(output.status.success(), "{line}: {}", streams(&output).1);
    }
    for line in [
        "credential get",
        "credential update --description d",
        "credential token",
        "get credential",
        "describe credential",
        "agent get",
        "get agent",
        "describe agent",
        "describe role",
        "describe project",
        "project set",
        "describe session",
        "session messages",
        "wait --timeout 1ms --for Pending,Running,Completed",
        "scheduled-session get",
        "application get",
        "get application",
        "agent start",
        "start",
        "inbox list --pa-id",
        "get sessions --project-agent",
        "create session --name other --agent-id",
        "create role-binding --scope credential --credential-id-fk prod --project-id-fk demo --role-id",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let mut asked = env.connected("local:");
        asked
            .env(PATIENT.0, PATIENT.1)
            .env("AMBIENT_PROJECT", "demo");
        let offered = answer_of(asked, &[&words[..], &[""]].concat());
        let names = offered.iter().filter(|line| !line.starts_with(':'));
        let names: Vec<&str> = names.map(|line| line.split('\t').next().unwrap()).collect();
        assert!(!names.is_empty(), "{line}");
        assert!(!names.contains(&"twin"), "{line}: two have this name");
        for name in names {
            let output = run(&[&words[..], &[name]].concat());
            let (code, stderr) = (output.status.code(), streams(&output).1);
            // Not every role can be granted, and a wait may take too long: the name was found all the same.
            let found = match words[0] {
                "create" => code != Some(3) && !stderr.contains("not found"),
                "wait" => code == Some(9) || code == Some(0),
                _ => code == Some(0),
            };
            assert!(found, "{line} {name}: {stderr}");
        }
    }
}

#[test]
fn contexts_come_from_the_file_on_the_line_or_kubeconfig() {
    let env = TestEnv::new();
    let url = "http://127.0.0.1:1";
    let words = ["credential", "create", "--from-file", "kc", "--context", ""];
    assert_eq!(complete(&env, url, &words), [":4"], "no file");
    env.file("kc", KUBECONFIG);
    let wanted = [
        "dev\thttps://dev.example.org:6443",
        "arn:aws:eks:demo\thttps://dev.example.org:6443",
        ":4",
    ];
    assert_eq!(complete(&env, url, &words), wanted);

    let mut command = env.acpctl();
    command.env(PATIENT.0, PATIENT.1);
    command.env(
        "KUBECONFIG",
        format!("missing:{}", env.work().join("kc").display()),
    );
    command.args(["__complete", "credential", "create", "--context", "a"]);
    let stdout = streams(&command.output().unwrap()).0;
    assert_eq!(
        stdout,
        "arn:aws:eks:demo\thttps://dev.example.org:6443\n:4\n"
    );
}

#[test]
fn nothing_is_said_or_sent_when_logged_out() {
    let env = TestEnv::new();
    let server = platform();
    let output = env
        .acpctl()
        .env(PATIENT.0, PATIENT.1)
        .line("__complete --api-url")
        .arg(server.url())
        .line("credential get")
        .arg("")
        .output()
        .unwrap();
    assert_eq!(streams(&output).0, ":4\n");
    assert!(server.received().is_empty());
    assert!(!env.config_path().exists());
}

#[test]
fn a_server_that_fails_or_never_answers_gives_nothing() {
    for reply in [
        error(401, "x", "y"),
        error(500, "x", "y"),
        Reply::Close,
        Reply::Hang,
        Reply::Endless,
    ] {
        let env = TestEnv::new();
        let shown = format!("{reply:?}");
        let server = Scripted::with(move |_| reply.clone());
        // `Hang` lasts until the server is dropped, after the answer is here: the limit ends the wait.
        let words = ["--trace", "credential", "get", ""];
        let found = answer_of(env.connected(server.url()), &words);
        assert_eq!(found, [":4"], "{shown}");
    }
}

#[test]
fn what_is_not_json_or_not_a_list_gives_nothing() {
    for body in [
        json!(null),
        json!([]),
        json!({"items": {}}),
        json!({"items": [1, {"name": 2}]}),
    ] {
        let env = TestEnv::new();
        let server = Scripted::with({
            let body = body.clone();
            move |_| answer(200, &body)
        });
        assert_eq!(
            complete(&env, server.url(), &["credential", "get", ""]),
            [":4"],
            "{body}"
        );
    }
}

#[test]
fn the_project_of_a_binding_is_completed() {
    let env = TestEnv::new();
    let server = platform();
    for line in [
        "credential bind prod --project",
        "credential unbind prod --project",
        "apply -f x --project",
        "agent list --project",
    ] {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.push("te");
        let answer = complete(&env, server.url(), &words);
        assert_eq!(answer, ["team-a\tFirst", ":4"], "{line}");
    }
}
