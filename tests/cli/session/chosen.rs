//! Which credentials a session gets, and from where they are taken.

use std::collections::BTreeMap;
use std::fs;

use acpctl::testing::table;
use serde_json::{Value, json};

use crate::session::{SECRET, bound, kubeconfig, platform, route, session};
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Scripted, error, json as answer};
use crate::support::{TestEnv, streams};

#[test]
fn a_project_gets_what_is_bound_to_it() {
    let env = TestEnv::new();
    let server = platform(json!([
        bound("kubeconfig", "team-a", "r-viewer"),
        bound("gitlab", "team-b", "r-viewer"),
        bound("github", "", "r-viewer"),
        bound("jira", "", "r-owner"),
    ]));
    let names = |words: &[&str]| -> Vec<String> {
        let output = session(&env, &server, words).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        let value: Value = serde_json::from_str(&stdout).unwrap();
        let names = value["credentials"].as_array().unwrap().iter();
        names
            .map(|it| it["credential"].as_str().unwrap().to_owned())
            .collect()
    };
    let expected = ["github", "kubeconfig"];
    assert_eq!(
        names(&["preview", "--project", "team-a", "-o", "json"]),
        expected
    );
    assert_eq!(names(&["preview", "s1", "-o", "json"]), expected);
    let explained = session(
        &env,
        &server,
        &["explain", "--project", "team-a", "-o", "json"],
    )
    .output()
    .unwrap();
    let explained: Value = serde_json::from_slice(&explained.stdout).unwrap();
    for (format, titles) in [
        (
            "table",
            "PROVIDER     CREDENTIAL   CHOSEN   TIER      AGE   ",
        ),
        (
            "wide",
            "PROVIDER     CREDENTIAL   CHOSEN   TIER      CREATED                ROLE                ",
        ),
    ] {
        let words = ["explain", "--project", "team-a", "-o", format];
        let output = session(&env, &server, &words).output().unwrap();
        let (stdout, _) = streams(&output);
        assert!(stdout.starts_with(titles), "{stdout}");
        assert!(
            stdout.lines().all(|line| line == line.trim_end()),
            "{stdout}"
        );
    }
    let why: BTreeMap<&str, &str> = explained["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["credential"].as_str().unwrap(),
                it["reason"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(why["gitlab"], "bound elsewhere");
    assert_eq!(why["jira"], "states the owner, grants no use");
}

#[test]
fn one_secret_that_cannot_be_had_starts_nothing() {
    let env = TestEnv::new();
    let marker = env.work().join("started");
    let touch = marker.to_str().unwrap();
    let one_forbidden = |status, code: &'static str| {
        Scripted::with(move |request| {
            if request.target.ends_with("/credentials/gitlab/token") {
                return error(status, code, "refused");
            }
            route(request, &json!([]))
        })
    };
    let words = [
        "exec",
        "--credential",
        "github",
        "--credential",
        "gitlab",
        "--",
        "touch",
        touch,
    ];
    for (server, code) in [
        (one_forbidden(403, "FORBIDDEN"), 5),
        (one_forbidden(404, "NOT-FOUND"), 3),
    ] {
        session(&env, &server, &words).assert().code(code);
        assert!(!marker.exists());
        let preview = session(&env, &server, &["preview", "--credential", "gitlab"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&preview);
        assert!(preview.status.success() && stdout.contains("GITLAB_TOKEN"));
        assert!(stderr.contains("can't be read"), "{stderr}");
    }
    // Another provider's secret, an empty one, a broken kubeconfig, one that is too large.
    for (provider, token) in [
        ("other", SECRET.to_owned()),
        ("kubeconfig", String::new()),
        ("kubeconfig", "kind: [".to_owned()),
        ("kubeconfig", kubeconfig(&"x".repeat(table::MAX_TOKEN))),
    ] {
        let server = Scripted::with(move |request| {
            if request.target.ends_with("/token") {
                return answer(
                    200,
                    &json!({"credential_id": "kubeconfig", "provider": provider, "token": token}),
                );
            }
            route(request, &json!([]))
        });
        session(
            &env,
            &server,
            &["exec", "--credential", "kubeconfig", "--", "touch", touch],
        )
        .assert()
        .code(7);
        assert!(!marker.exists());
    }
}

#[test]
fn the_mcp_entry_joins_others() {
    let env = TestEnv::new();
    let path = env.file(
        ".mcp.json",
        r#"{"mcpServers":{"mine":{"command":"x"}},"other":[1]}"#,
    );
    for _ in 0..2 {
        env.acpctl()
            .line("session mcp-config --merge .mcp.json --read-only")
            .assert()
            .success()
            .stdout("");
    }
    let merged: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(merged["other"], json!([1]));
    assert_eq!(merged["mcpServers"]["mine"]["command"], "x");
    assert_eq!(
        merged["mcpServers"]["openshift"]["args"],
        json!([
            "--yes",
            "kubernetes-mcp-server@0.0.67",
            "--kubeconfig",
            "${KUBECONFIG}",
            "--disable-multi-cluster",
            "--read-only"
        ])
    );
    env.file(".mcp.json", "[]");
    env.acpctl()
        .args(["session", "mcp-config", "--merge", ".mcp.json"])
        .assert()
        .code(7);
    assert_eq!(fs::read_to_string(&path).unwrap(), "[]");
}

#[test]
fn sources_that_contradict_each_other_are_refused() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    for verb in ["preview", "explain", "probe"] {
        session(&env, &server, &[verb, "s1", "-o", "name"])
            .assert()
            .code(2)
            .stderr("Error: valid formats are table, wide, json, yaml\n");
    }
    assert!(server.received().is_empty());
    session(&env, &server, &["preview", "s1", "--credential", "github"])
        .assert()
        .code(2);
    session(&env, &server, &["preview"]).assert().code(2);
    session(
        &env,
        &server,
        &[
            "preview",
            "--credential",
            "github",
            "--credential",
            "github",
        ],
    )
    .assert()
    .code(6);
}

#[test]
fn exec_takes_a_session_before_the_dashes_and_the_command_after_them() {
    let env = TestEnv::new();
    let server = platform(json!([bound("github", "team-a", "r-viewer")]));
    let run = |words: &[&str]| {
        let output = session(&env, &server, &[&["exec"], words].concat())
            .output()
            .unwrap();
        (output.status.code(), streams(&output).0)
    };
    // A flag of the command is not ours, whatever its name.
    let command = [
        "sh",
        "-c",
        "echo $GITHUB_TOKEN $@",
        "sh",
        "--session",
        "--",
        "-v",
    ];
    let expected = (Some(0), "******** --session -- -v\n".to_owned());
    for before in [
        &["t60", "--"][..],
        &["--session", "t60", "--"],
        &["--session=t60", "--project", "elsewhere", "--"],
        &["--project", "team-a", "--"],
    ] {
        assert_eq!(run(&[before, &command].concat()), expected, "{before:?}");
    }
    let usage = "Hint: write acpctl session exec ";
    for (words, why) in [
        (&[][..], "the command after -- is missing"),
        (&["t60"], "the command after -- is missing"),
        (&["t60", "--"], "the command after -- is missing"),
        (
            &["--credential", "github", "env"],
            "-- is missing before the command",
        ),
        (
            &["t60", "t61", "--", "env"],
            "accepts at most 1 arg(s) before --, received 2",
        ),
    ] {
        let output = session(&env, &server, &[&["exec"], words].concat()).output();
        let output = output.unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(
            stderr.starts_with(&format!("Error: {why}\n{usage}")),
            "{stderr}"
        );
    }
    for words in [
        &["t60", "--session", "t61", "--", "env"][..],
        &["t60", "--from-env", "--", "env"],
        &["t60", "--credential", "github", "--", "env"],
        &["", "--", "env"],
        &["t60", "--refresh", "0s", "--", "env"],
        &["t60", "--refresh=-5m", "--", "env"],
        &["t60", "--refresh", "soon", "--", "env"],
    ] {
        assert_eq!(run(words), (Some(2), String::new()), "{words:?}");
    }
}

#[test]
fn a_context_of_a_file_is_chosen_and_never_mistaken_for_a_server() {
    let env = TestEnv::new();
    let kubeconfig = "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
         contexts:\n- {name: dev, context: {cluster: dev, user: u}}\n- {name: prod, context: {cluster: prod, user: u}}\n\
         clusters:\n- {name: dev, cluster: {server: 'https://dev.example.org'}}\n\
         - {name: prod, cluster: {server: 'https://prod.example.org'}}\n\
         users:\n- {name: u, user: {token: t0123456789}}\n";
    env.file("kc", kubeconfig);
    env.acpctl()
        .line("config set-context prod --server https://acp.example.org")
        .assert()
        .success();
    let exec = |flags: &str| {
        let mut command = env.acpctl();
        command.env("KUBECONFIG", env.work().join("kc"));
        command.line("session exec").line(flags);
        command.args(["--", "sh", "-c", "grep server: \"$KUBECONFIG\""]);
        command.told()
    };
    for (flags, server) in [
        ("-f kc", "dev"),
        ("-f kc --context prod", "prod"),
        ("--context prod", "prod"),
    ] {
        let (code, stdout, stderr) = exec(flags);
        assert_eq!(code, Some(0), "{flags}: {stderr}");
        let address = format!("https://{server}.example.org");
        assert!(stdout.contains(&address), "{flags}: {stdout}");
    }
    for (flags, says) in [
        (
            "-f kc --context-name prod",
            "--context-name names a server, and a file needs none\n\
             Hint: for a context of the file, write --context prod\n",
        ),
        (
            "--credential c1 --context prod",
            "--context is for a file, and a credential has one context\nHint: leave out --context prod\n",
        ),
    ] {
        let (code, stdout, stderr) = exec(flags);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{flags}: {stderr}");
        assert_eq!(stderr, format!("Error: {says}"), "{flags}");
    }
    let (code, _, stderr) = exec("-f kc --context pord");
    assert_eq!(code, Some(7), "{stderr}");
    assert!(stderr.contains("prod"), "{stderr}");
    let preview = env
        .acpctl()
        .line("session preview -f kc --context prod -o json")
        .stdout();
    assert!(preview.contains("kubeconfig"), "{preview}");
}
