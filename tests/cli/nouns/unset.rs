//! Values from variables that are not set: an empty word, or none at all, so that the next flag takes its place.

use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};

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
