//! Values from variables that are not set: an empty word, or none at all, so that the next flag takes its place.

use serde_json::json;

use crate::nouns::local;
use crate::support::run::{Line as _, Run as _, told};
use crate::support::server::Scripted;
use crate::support::{TestEnv, streams};

const CHECK: &str = "Hint: its value is empty: check the variable that it comes from\n";
const SECRET: &str = "ghp_0123456789abcdef";

fn stored() -> TestEnv {
    let env = TestEnv::new();
    env.file("t", SECRET);
    env.file("m.yaml", "kind: Project\nname: team-a\n");
    for line in [
        "credential create --provider github --name gh -f t",
        "project create team-a",
        "agent create lead --project team-a",
    ] {
        env.local().line(line).stdout();
    }
    env
}

/// Everything that the store holds, as JSON.
fn everything(env: &TestEnv) -> String {
    let lists = [
        "credential token gh",
        "credential list -o json",
        "agent list --project team-a -o json",
    ];
    lists.map(|line| env.local().line(line).stdout()).concat()
}

#[test]
fn an_empty_word_takes_nothing_away() {
    let env = stored();
    let before = everything(&env);
    for (line, message) in [
        ("credential update gh --name", "a name can't be empty"),
        (
            "credential update gh --description x --name",
            "a name can't be empty",
        ),
        (
            "agent update lead --project team-a --name",
            "a name can't be empty",
        ),
        (
            "credential update gh --token",
            "the secret from --token is empty",
        ),
        (
            "credential delete gh --yes --context-name",
            "--context-name is required",
        ),
        (
            "credential delete gh --yes --api-url",
            "--api-url is required",
        ),
        (
            "delete credentials --all --yes --label",
            "--label is given without labels",
        ),
        (
            "agent delete --all --yes --project team-a -l",
            "--label is given without labels",
        ),
        (
            "apply -f m.yaml --prune -l a=b -l",
            "--selector is given without labels",
        ),
    ] {
        let (status, stdout, stderr) = env.local().line(line).arg("").told();
        let code = if message.contains("secret") { 7 } else { 2 };
        assert_eq!(status, Some(code), "{line}: {stdout}{stderr}");
        assert!(stderr.contains(message), "{line}: {stderr}");
        assert!(stderr.contains("check the variable"), "{line}: {stderr}");
    }
    assert_eq!(everything(&env), before);
}

#[test]
fn an_empty_value_takes_nothing_away_that_sessions_work_with() {
    let env = stored();
    env.file("nothing", "\n");
    env.local()
        .line("agent update lead --project team-a --prompt Mend")
        .stdout();
    let before = everything(&env);
    for line in [
        "agent update lead --project team-a --prompt",
        "agent create new --project team-a --prompt",
        "create agent new --project-id team-a --prompt",
        "create session new --project-id team-a --prompt",
        "agent start lead --project team-a --prompt",
        "start lead --project-id team-a --prompt",
        "credential update gh --url",
        "project update team-a --prompt",
        "scheduled-session create n --project team-a --schedule @daily --agent-id",
        "scheduled-session update n --project team-a --schedule",
        "application update shop --source-path",
        "provider update p --project team-a --secret",
        "policy create p --project team-a --spec",
    ] {
        let flag = line.rsplit(' ').next().unwrap();
        let message = format!(
            "Error: {flag} is given without a value\n{}",
            CHECK.trim_end()
        );
        for words in [vec![flag, ""], vec![&format!("{flag}=")]] {
            let start = line.strip_suffix(flag).unwrap().trim_end();
            let (status, stdout, stderr) = env.local().line(start).args(words).told();
            assert_eq!((status, stdout.as_str()), (Some(2), ""), "{line}: {stderr}");
            assert!(stderr.starts_with(&message), "{line}: {stderr}");
        }
    }
    let (_, _, stderr) = env
        .local()
        .line("agent update lead --project team-a --prompt=")
        .told();
    let hint = "; to clear the field: acpctl --local --project=team-a edit agent NAME\n";
    assert!(stderr.ends_with(hint), "{stderr}");
    let line = "policy create p --project team-a -f nothing";
    let (status, _, stderr) = env.local().line(line).told();
    assert_eq!(status, Some(7), "{stderr}");
    assert!(stderr.starts_with("Error: nothing is empty\n"), "{stderr}");
    assert_eq!(everything(&env), before);
    let edited = env
        .local()
        .line("edit agent lead --project team-a")
        .env("EDITOR", "sed -i s/^prompt:.*/prompt:/")
        .env("PATH", "/usr/bin:/bin")
        .told();
    assert_eq!(edited.0, Some(0), "{}", edited.2);
    assert!(!everything(&env).contains("Mend"));
    // A text for people is cleared as by the Go tool.
    let line = "project update team-a --description";
    let (status, stdout, stderr) = env.local().line(line).arg("").told();
    assert_eq!(
        (status, stdout.as_str()),
        (Some(0), "project/team-a updated\n")
    );
    assert_eq!(
        stderr,
        "Warning: --description is empty, which clears the field\n"
    );
}

#[test]
fn an_empty_word_names_nothing() {
    let env = stored();
    for line in [
        "get credential",
        "get sessions",
        "session get",
        "describe credential",
        "delete credential --yes",
        "credential token",
        "config use-context",
        "config delete-context",
    ] {
        let (status, stdout, stderr) = env.local().line(line).arg("").told();
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{line}: {stderr}");
        assert!(
            stderr.ends_with(&format!(" is required\n{CHECK}")),
            "{line}: {stderr}"
        );
    }
}

#[test]
fn a_flag_is_not_the_value_of_the_flag_before_it() {
    let env = stored();
    let before = everything(&env);
    for (line, flag, next) in [
        (
            "credential create --provider github --name --if-exists update --token @t",
            "--name",
            "--if-exists",
        ),
        (
            "credential update gh --token --description=x",
            "--token",
            "--description",
        ),
        ("credential list -o --no-headers", "-o", "--no-headers"),
        ("agent delete lead --project -y", "--project", "-y"),
        ("credential create -f t --mint --name x", "--mint", "--name"),
    ] {
        let (status, stdout, stderr) = env.local().line(line).told();
        assert_eq!(status, Some(2), "{line}: {stdout}{stderr}");
        let message = format!("flag needs an argument: {flag} (behind it stands {next})");
        assert!(stderr.contains(&message), "{line}: {stderr}");
        assert!(
            stderr.contains(&format!("if {next} is the value: {flag}={next}")),
            "{line}: {stderr}"
        );
    }
    assert_eq!(everything(&env), before);
    // With a sign, everything is a value; what no flag is called is one too.
    let line = "agent create other --project team-a --prompt";
    env.local().line(line).arg("--think first").stdout();
    env.local()
        .line("agent create third --project team-a --prompt=--name")
        .stdout();
}

#[test]
fn a_filter_that_fails_quotes_no_secret() {
    let env = stored();
    for filter in [
        ".token.x",
        ".token|tonumber",
        ".token|error",
        ".token|fromjson",
        ".token - 1",
        ".token[0]",
        "{}|.[$__loc__]|error",
        "error(.)",
        ".token|test(\"(\")",
        "[.token]|join(1;2)",
        ".token|@base64d",
        ".token|ltrimstr(1)|.[\"x\"]",
        ".token|splits(\"(\")",
        ".|tojson|fromjson|.token.a",
        "input.token.x",
    ] {
        let run = env
            .local()
            .line("credential token gh --jq")
            .arg(filter)
            .told();
        let (_, _, stderr) = run;
        assert!(!stderr.contains("ghp_"), "{filter}: {stderr}");
    }
    for line in ["whoami -t -o json", "whoami -t --jq .user"] {
        let (status, stdout, stderr) = env.local().line(line).told();
        assert_eq!(status, Some(2), "{line}: {stdout}{stderr}");
        assert!(stderr.contains("leave out -o and --jq"), "{line}: {stderr}");
    }
}

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

#[test]
fn two_flags_do_not_name_different_servers() {
    let env = TestEnv::new();
    let line = ["--api-url", "https://a.test", "project", "list"];
    let (code, stdout, stderr) = told(&env.local().args(line).output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(
        stderr.contains("--local and --api-url name different servers"),
        "{stderr}"
    );
    let line = ["--api-url", "local:", "project", "list"];
    env.local().args(line).assert().success();
}

/// As `--token <(command)` of a shell gives it.
#[test]
fn the_path_of_a_pipe_is_not_a_secret() {
    let env = TestEnv::new();
    let line = [
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "x",
        "--token",
    ];
    let mut create = env.local();
    create
        .args(line)
        .arg("/dev/fd/0")
        .write_stdin("the-secret-itself");
    let (code, stdout, stderr) = told(&create.output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(
        stderr.contains("to read the file: --token @/dev/fd/0"),
        "{stderr}"
    );
}
