//! How a secret comes in: what is judged is what is stored, and nothing given is lost or taken for something else.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::oidc::jwt;
use crate::support::{TestEnv, pty, streams};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/kubeconfig.yaml");
const CERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/kubeconfigs/certs");

fn sample() -> String {
    fs::read_to_string(SAMPLE).unwrap()
}

/// A kubeconfig of one context; cluster and user are flow-style bodies.
fn config(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
         contexts: [{{name: dev, context: {{cluster: c, user: u, namespace: ns}}}}]\n\
         clusters:\n- name: c\n  cluster: {{server: 'https://api.example.com:6443'{cluster}}}\n\
         users:\n- name: u\n  user:\n    {user}\n"
    )
}

/// The environment with the test certificates beside the kubeconfigs.
fn with_certificates() -> TestEnv {
    let env = TestEnv::new();
    for entry in fs::read_dir(CERTS).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        env.file(&name, fs::read(entry.path()).unwrap());
    }
    env
}

fn run(env: &TestEnv, args: &[&str]) -> (Option<i32>, String, String) {
    told(&env.local().args(args).output().unwrap())
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let (stdout, stderr) = streams(output);
    (output.status.code(), stdout, stderr)
}

fn create(env: &TestEnv, file: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let args = [
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--name",
        "n",
        "--from-file",
        file,
    ];
    run(env, &[&args, more].concat())
}

fn validate(env: &TestEnv, file: &str, more: &[&str]) -> (Option<i32>, String, String) {
    run(env, &[&["credential", "validate", file], more].concat())
}

#[test]
fn what_stands_in_files_is_judged_as_it_is_stored() {
    let env = with_certificates();
    env.file("ended.jwt", jwt(&json!({"exp": 1_700_000_000})));
    env.file("day.jwt", jwt(&json!({"exp": 4_070_908_800_i64})));
    env.file("redacted", "REDACTED\n");
    env.file("bearer", "Bearer abcdef\n");
    for (cluster, user, flags, code, part) in [
        (
            "",
            "{client-certificate: expired.crt, client-key: expired.key}",
            vec![],
            7,
            "error[client-cert-expired]",
        ),
        (
            ", certificate-authority: ca-expired.crt",
            "token: abcdef",
            vec![],
            7,
            "error[ca-expired]",
        ),
        (
            ", certificate-authority: garbage.pem",
            "token: abcdef",
            vec![],
            7,
            "error[bad-ca]",
        ),
        (
            ", certificate-authority: rsa.key",
            "token: abcdef",
            vec![],
            7,
            "error[bad-ca]",
        ),
        (
            "",
            "{client-certificate: rsa.crt, client-key: rsa2.key}",
            vec![],
            7,
            "error[key-mismatch]",
        ),
        (
            "",
            "{token: abc, client-key: ca.crt}",
            vec![],
            7,
            "error[bad-private-key]",
        ),
        (
            "",
            "tokenFile: ended.jwt",
            vec![],
            7,
            "error[token-expired]",
        ),
        (
            "",
            "tokenFile: day.jwt",
            vec!["--min-ttl", "60000d"],
            8,
            "error[expires-too-early]",
        ),
        (
            "",
            "tokenFile: redacted",
            vec![],
            7,
            "error[redacted-value]",
        ),
        (
            "",
            "tokenFile: bearer",
            vec![],
            7,
            "error[token-bearer-prefix]",
        ),
    ] {
        env.file("k.yaml", config(cluster, user));
        let (status, stdout, stderr) = create(&env, "k.yaml", &flags);
        assert_eq!(
            (status, stdout.as_str()),
            (Some(code), ""),
            "{user}: {stderr}"
        );
        assert!(stderr.contains(part), "{user}: {stderr}");
        let (status, stdout, _) = validate(&env, "k.yaml", &flags);
        assert_eq!(status, Some(code), "validate says the same: {stdout}");
        assert!(stdout.contains(part), "{stdout}");
    }
}

#[test]
fn a_finding_about_a_file_names_the_field_with_the_path() {
    let env = with_certificates();
    env.file(
        "k.yaml",
        config(
            "",
            "client-key: expired.key\n    client-certificate: ./expired.crt",
        ),
    );
    let (_, stdout, _) = validate(&env, "k.yaml", &["-o", "json"]);
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let findings = report["report"]["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|finding| finding["code"] == "client-cert-expired")
        .unwrap();
    assert_eq!(found["field"], "user.client-certificate");
    assert_eq!((&found["line"], &found["index"]), (&json!(12), &json!(0)));
    assert!(
        found["message"]
            .as_str()
            .unwrap()
            .contains("(in \"./expired.crt\")"),
        "{found}"
    );
    let inlined = report["create"]["inlined"].as_array().unwrap();
    assert_eq!(inlined.len(), 2, "{report}");
}

#[test]
fn the_end_of_a_token_in_a_file_is_remembered() {
    let env = TestEnv::new();
    env.file("t", jwt(&json!({"exp": 4_070_908_800_i64})) + "\n");
    env.file("k.yaml", config("", "tokenFile: t"));
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stderr.contains("Inlined t into users[u].tokenFile"),
        "{stderr}"
    );
    let (_, stdout, _) = run(&env, &["credential", "get", "n", "-o", "json"]);
    assert!(stdout.contains("2099-01-01T00:00:00Z"), "{stdout}");
}

#[test]
fn a_missing_file_is_one_finding_with_its_path() {
    let env = TestEnv::new();
    env.file(
        "k.yaml",
        config(
            ", certificate-authority: /nowhere/ca.crt",
            "{client-certificate: no.crt, client-key: '~/no.key'}",
        ),
    );
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(status, Some(7), "{stderr}");
    for part in [
        "\"/nowhere/ca.crt\": no such file",
        "\"no.crt\": no such file",
        "\"~/no.key\"",
        "nothing expands a ~",
    ] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    assert_eq!(
        stderr.matches("error[file-unreadable]").count(),
        3,
        "{stderr}"
    );
    assert!(!stderr.contains("file-reference"), "{stderr}");
}

#[test]
fn a_token_file_holds_one_token_and_nothing_else() {
    let env = with_certificates();
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("abc".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for (content, code) in [
        (
            fs::read(Path::new(CERTS).join("rsa.key")).unwrap(),
            "token-file-no-token",
        ),
        (b"A=1\0B=2\0".to_vec(), "token-file-no-token"),
        (b"one\ntwo\n".to_vec(), "token-file-no-token"),
        (utf16, "token-file-no-token"),
        (vec![0xff, 0xfd, 0x41], "token-file-no-token"),
        (b" \n".to_vec(), "token-file-empty"),
    ] {
        env.file("t", content);
        env.file("k.yaml", config("", "tokenFile: t"));
        let (status, stdout, stderr) = create(&env, "k.yaml", &["--allow", code]);
        assert_eq!((status, stdout.as_str()), (Some(7), ""), "{stderr}");
        assert!(stderr.contains(code), "{stderr}");
    }
    env.file("t", b"\xef\xbb\xbfabcdef\r\n");
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(
        status,
        Some(0),
        "a byte order mark is no part of a token: {stderr}"
    );
    let (_, stdout, _) = run(&env, &["credential", "token", "n"]);
    assert!(stdout.contains("token: abcdef\n"), "{stdout}");
}

#[test]
fn files_elsewhere_need_a_word() {
    let env = TestEnv::new();
    fs::create_dir_all(env.home().join("keys")).unwrap();
    fs::write(env.home().join("keys/token"), "abcdef").unwrap();
    env.file("k.yaml", config("", "tokenFile: ../keys/token"));
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(status, Some(7), "{stderr}");
    assert!(
        stderr.contains("error[file-outside]") && stderr.contains("--allow-file"),
        "{stderr}"
    );
    std::os::unix::fs::symlink(env.home().join("keys/token"), env.work().join("link")).unwrap();
    env.file("l.yaml", config("", "tokenFile: link"));
    let (status, _, stderr) = create(&env, "l.yaml", &[]);
    assert_eq!(status, Some(7), "a link leads outside, too: {stderr}");
    let (status, _, stderr) = create(&env, "k.yaml", &["--allow-file", "../keys"]);
    assert_eq!(status, Some(0), "{stderr}");
    // Where tools keep the files of clusters, nothing is asked.
    fs::create_dir_all(env.home().join(".minikube")).unwrap();
    fs::write(env.home().join(".minikube/token"), "abcdef").unwrap();
    env.file("m.yaml", config("", "tokenFile: ../.minikube/token"));
    let (status, _, stderr) = create(&env, "m.yaml", &["--if-exists", "update"]);
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn no_file_is_waited_for_or_read_without_end() {
    let env = TestEnv::new();
    let made = Command::new("mkfifo").arg(env.work().join("pipe")).status();
    assert!(made.unwrap().success());
    for path in ["pipe", "/dev/zero", "."] {
        for field in ["tokenFile", "client-key"] {
            env.file("k.yaml", config("", &format!("{field}: {path}")));
            for rules in [&[][..], &["--rules", "kubernetes"]] {
                let (status, stdout, stderr) = validate(&env, "k.yaml", rules);
                assert!(matches!(status, Some(0 | 7)), "{path}: {stdout}{stderr}");
            }
            let (status, _, stderr) = create(&env, "k.yaml", &["--allow-file", "/"]);
            assert_eq!(status, Some(7), "{path}: {stderr}");
        }
        let (status, _, stderr) = validate(&env, path, &[]);
        assert_eq!(status, Some(7), "{stderr}");
        let output = env
            .local()
            .args([
                "credential",
                "create",
                "--provider",
                "github",
                "--name",
                "n",
                "--from-file",
                path,
            ])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(7), "{path}");
    }
}

#[test]
fn validate_says_what_create_would_do() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    let (status, stdout, stderr) = validate(&env, "k.yaml", &["--strict"]);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(
        stdout
            .contains("create would keep 1 of 2 contexts (\"team-a\"), drop 1 user and 1 cluster"),
        "{stdout}"
    );
    let (status, ..) = validate(&env, "k.yaml", &["--min-ttl", "60000d"]);
    assert_eq!(status, Some(8));
    for verb in [
        &["credential", "validate", "k.yaml"][..],
        &["credential", "create", "--from-file", "k.yaml"],
    ] {
        let (status, _, stderr) = run(&env, &[verb, &["--allow", "token-expire"]].concat());
        assert_eq!(status, Some(2), "{stderr}");
        assert!(stderr.contains("did you mean token-expire"), "{stderr}");
    }
    env.file(
        "l.yaml",
        sample().replace("api.sample-cluster.example.net", "127.0.0.1"),
    );
    let output = env
        .acpctl()
        .args([
            "credential",
            "validate",
            "l.yaml",
            "--allow",
            "server-loopback",
        ])
        .output()
        .unwrap();
    let (status, stdout, _) = told(&output);
    assert_eq!(status, Some(0), "{stdout}");
    assert!(stdout.contains("allowed[server-loopback]"), "{stdout}");
}

#[test]
fn this_machine_is_a_fine_address_for_what_stays_here() {
    let env = TestEnv::new();
    env.file(
        "k.yaml",
        sample().replace("api.sample-cluster.example.net", "127.0.0.1"),
    );
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stderr.contains("warning[server-loopback]"), "{stderr}");
    let (status, ..) = create(&env, "k.yaml", &["--strict"]);
    assert_eq!(status, Some(8));
}

#[test]
fn a_wrapped_kubeconfig_is_named_with_its_key() {
    let env = TestEnv::new();
    let once = STANDARD.encode(sample());
    let twice = STANDARD.encode(&once);
    for (text, parts) in [
        (once.clone(), vec!["base64-wrapped"]),
        (
            twice.clone(),
            vec!["base64-wrapped", "base64 -d | base64 -d"],
        ),
        (
            json!({"kubeconfig": once}).to_string(),
            vec!["`.kubeconfig`", "base64 -d"],
        ),
        (
            json!({"a": [{"config": sample()}]}).to_string(),
            vec!["`.a[0].config`"],
        ),
        (
            json!({"kubeconfig": twice}).to_string(),
            vec!["in base64 2 times"],
        ),
        (
            format!("kind: Secret\napiVersion: v1\ndata:\n  value: {once}\n"),
            vec!["`.data.value`"],
        ),
        (
            json!({"error": "not logged in"}).to_string(),
            vec!["not-a-config"],
        ),
        ("Error: no such cluster\n".to_owned(), vec!["not-a-config"]),
        (json!(sample()).to_string(), vec!["in quotes"]),
        (
            format!("<<EOT\n{}EOT\n", sample()),
            vec!["terraform output -raw"],
        ),
        ("<html>\n<p>Login: here\n".to_owned(), vec!["web page"]),
    ] {
        env.file("k", &text);
        let (status, stdout, _) = validate(&env, "k", &[]);
        assert_eq!(status, Some(7), "{text:.40}");
        for part in parts {
            assert!(stdout.contains(part), "{part}: {stdout}");
        }
        assert_eq!(
            stdout.matches("error[").count(),
            1,
            "one cause, one error: {stdout}"
        );
    }
}

#[test]
fn a_large_file_can_be_cut() {
    let env = TestEnv::new();
    let filler = "x".repeat(1 << 16);
    let mut text = sample();
    for n in 0..96 {
        text.push_str(&format!("- name: u{n}\n  user: {{token: {filler}}}\n"));
    }
    assert!(text.len() > 5 << 20);
    env.file("k.yaml", &text);
    let (status, _, stderr) = create(&env, "k.yaml", &["--context", "team-a"]);
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn a_secret_loses_its_byte_order_mark_only() {
    let env = TestEnv::new();
    let wide = |text: &str, mark: bool| -> Vec<u8> {
        let mark = mark.then_some([0xff, 0xfe]).into_iter().flatten();
        mark.chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect()
    };
    for (n, bytes) in [b"\xef\xbb\xbfs3cret\r\n".to_vec(), wide("s3cret\r\n", true)]
        .iter()
        .enumerate()
    {
        env.file("secret", bytes);
        let name = format!("n{n}");
        let (status, _, stderr) = run(
            &env,
            &[
                "credential",
                "create",
                "--provider",
                "github",
                "--name",
                &name,
                "--from-file",
                "secret",
            ],
        );
        assert_eq!(status, Some(0), "{stderr}");
        let (_, stdout, _) = run(&env, &["credential", "token", &name]);
        assert_eq!(stdout, "s3cret\n");
    }
    env.file("secret", wide("s3cret", false));
    let (status, _, stderr) = run(
        &env,
        &[
            "credential",
            "create",
            "--provider",
            "github",
            "--name",
            "n",
            "--from-file",
            "secret",
        ],
    );
    assert_eq!(status, Some(7), "{stderr}");
    assert!(stderr.contains("UTF-16"), "{stderr}");
}

#[test]
fn a_provider_that_nobody_knows_is_refused() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    for provider in ["kubeconifg", "KubeConfig"] {
        let args = [
            "credential",
            "create",
            "--provider",
            provider,
            "--name",
            "n",
            "--from-file",
            "k.yaml",
        ];
        let (status, stdout, stderr) = run(&env, &args);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains("did you mean kubeconfig?"), "{stderr}");
        let (status, _, stderr) = run(
            &env,
            &[&args[..], &["--allow", "unknown-provider"]].concat(),
        );
        assert_eq!(status, Some(0), "{stderr}");
        assert!(
            stderr.contains("Warning: the secret is a kubeconfig"),
            "{stderr}"
        );
    }
    let args = [
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "g",
        "--from-file",
        "k.yaml",
    ];
    let (status, _, stderr) = run(&env, &[&args[..], &["--strict"]].concat());
    assert_eq!(status, Some(8), "{stderr}");
}

#[test]
fn a_kubeconfig_needs_no_provider() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    let (status, stdout, stderr) = run(&env, &["credential", "create", "--from-file", "k.yaml"]);
    assert_eq!(
        (status, stdout.as_str()),
        (Some(0), "credential/team-a created\n"),
        "{stderr}"
    );
    assert!(
        stderr.contains("--provider kubeconfig is assumed"),
        "{stderr}"
    );
    env.file("t", "ghp_abc");
    let (status, _, stderr) = run(
        &env,
        &["credential", "create", "--name", "x", "--from-file", "t"],
    );
    assert_eq!(
        (status, stderr.as_str()),
        (Some(2), "Error: --provider is required\n")
    );
}

#[test]
fn storing_the_same_again_changes_nothing() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    env.file(
        "o.yaml",
        sample().replace("current-context: team-a", "current-context: other"),
    );
    for (file, flags, code, told) in [
        ("k.yaml", vec![], 0, "credential/n created\n"),
        ("k.yaml", vec![], 0, "credential/n unchanged\n"),
        ("k.yaml", vec!["--if-exists", "error"], 6, ""),
        ("k.yaml", vec!["--description", "new"], 6, ""),
        ("o.yaml", vec![], 6, ""),
        (
            "o.yaml",
            vec!["--if-exists", "skip"],
            0,
            "credential/n skipped: it exists\n",
        ),
        (
            "o.yaml",
            vec!["--if-exists", "update"],
            0,
            "credential/n updated\n",
        ),
        (
            "o.yaml",
            vec!["--if-exists", "update"],
            0,
            "credential/n unchanged\n",
        ),
    ] {
        let (status, stdout, stderr) = create(&env, file, &flags);
        assert_eq!(
            (status, stdout.as_str()),
            (Some(code), told),
            "{file} {flags:?}: {stderr}"
        );
    }
    for (flags, told) in [
        (vec!["--from-file", "o.yaml"], "credential/n unchanged\n"),
        (vec!["--description", "d"], "credential/n updated\n"),
        (vec!["--description", "d"], "credential/n unchanged\n"),
        (vec!["--from-file", "k.yaml"], "credential/n updated\n"),
    ] {
        let (status, stdout, stderr) =
            run(&env, &[&["credential", "update", "n"], &flags[..]].concat());
        assert_eq!(
            (status, stdout.as_str()),
            (Some(0), told),
            "{flags:?}: {stderr}"
        );
    }
}

#[test]
fn a_piped_secret_is_stored_and_a_missing_one_is_an_error() {
    let env = TestEnv::new();
    let args = [
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "n",
    ];
    let output = env
        .local()
        .args(args)
        .write_stdin("s3cret\n")
        .output()
        .unwrap();
    assert!(output.status.success());
    let (_, stdout, _) = run(&env, &["credential", "token", "n"]);
    assert_eq!(stdout, "s3cret\n");
    let silent = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_acpctl"));
        command.env_clear().envs(env.variables()).arg("--local");
        command.args(args).args(more).stdin(Stdio::null());
        told(&command.output().unwrap())
    };
    let (status, stdout, stderr) = silent(&[]);
    assert_eq!((status, stdout.as_str()), (Some(11), ""), "{stderr}");
    let (status, _, stderr) = silent(&["--token", ""]);
    assert_eq!(status, Some(7), "{stderr}");
    let (status, _, stderr) = silent(&["--allow", "no-secret"]);
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn the_list_of_a_loop_is_left_alone() {
    let env = TestEnv::new();
    let config = env.file("k.yaml", sample());
    env.file("list", "team-a\nother\n");
    let program = env!("CARGO_BIN_EXE_acpctl");
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command
            .env_clear()
            .envs(env.variables())
            .current_dir(env.work());
        command
            .env("KUBECONFIG", &config)
            .env("PATH", "/usr/bin:/bin")
            .env("P", program);
        told(
            &command
                .args(["-c", script])
                .stdin(Stdio::null())
                .output()
                .unwrap(),
        )
    };
    for loops in [
        "while read -r c; do $P --local credential create --provider kubeconfig --if-exists update --context $c --name k-$c; done <list",
        "cat list | while read -r c; do $P --local credential create --provider kubeconfig --if-exists update --context $c --name k-$c; done",
    ] {
        let (_, stdout, stderr) = shell(loops);
        assert!(
            stdout.contains("credential/k-team-a") && stdout.contains("credential/k-other"),
            "{stdout}{stderr}"
        );
        assert!(stderr.contains("standard input was not read"), "{stderr}");
    }
    let (_, stdout, stderr) = shell(
        "while read -r c; do $P --local credential create --provider github --name $c; echo round; done <list",
    );
    assert_eq!(stdout, "round\nround\n", "{stderr}");
    assert!(stderr.contains("standard input was not read"), "{stderr}");
    let (status, ..) = shell(
        "while read -r c; do $P --local credential create --provider kubeconfig --strict --context $c --name s; exit; done <list",
    );
    assert_eq!(status, Some(8));
}

#[test]
fn a_missing_secret_is_asked_for_without_echo() {
    let env = TestEnv::new();
    let args = [
        "--local",
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "n",
    ];
    let terminal = pty::start(&env, "local:", &args, 24, 100);
    terminal.wait_for("Secret (not shown):");
    terminal.wait_for_no_echo();
    terminal.type_text("s3cret-typed\r");
    let screen = terminal.wait_for("status 0");
    assert!(screen.contains("credential/n created"), "{screen}");
    assert!(!terminal.written().contains("s3cret-typed"));
}

#[test]
fn what_may_be_a_secret_is_not_shown() {
    let env = TestEnv::new();
    let args = [
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "n",
        "--token",
    ];
    let (status, stdout, stderr) = run(&env, &[&args[..], &["@p4ssw0rd-canary"]].concat());
    assert_eq!(status, Some(7), "{stderr}");
    assert!(
        !stderr.contains("p4ssw0rd") && !stdout.contains("p4ssw0rd"),
        "{stderr}"
    );
    let (status, _, stderr) = run(&env, &[&args[..], &["lit3ral"]].concat());
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stderr.starts_with("Warning: a secret on the command line"),
        "{stderr}"
    );
    let (status, _, stderr) = run(&env, &["credential", "update", "n", "--token", "lit3ral2"]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stderr.starts_with("Warning: a secret on the command line"),
        "{stderr}"
    );
}

#[test]
fn masks_are_the_secret_values_and_nothing_else() {
    let env = with_certificates();
    env.file(
        "k.yaml",
        config(
            "",
            "{client-certificate: rsa.crt, client-key: rsa.key, token: t0ken-value}",
        ),
    );
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(status, Some(0), "{stderr}");
    let (_, stdout, stderr) = run(&env, &["credential", "token", "n", "--github-mask"]);
    let masks: Vec<&str> = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("::add-mask::"))
        .collect();
    let key = fs::read_to_string(Path::new(CERTS).join("rsa.key")).unwrap();
    let line = key.lines().nth(2).unwrap();
    let stored = stdout.strip_suffix('\n').unwrap();
    for secret in [
        "t0ken-value",
        line,
        &STANDARD.encode(&key),
        &STANDARD.encode(stored),
    ] {
        assert!(masks.contains(&secret), "{secret:.30} in {masks:?}");
    }
    for word in [
        "apiVersion",
        "users",
        "client-key",
        "-----",
        "api.example.com",
    ] {
        assert!(
            masks.iter().all(|mask| !mask.contains(word)),
            "{word}: {masks:?}"
        );
    }
}

#[test]
fn paths_are_bytes() {
    let env = TestEnv::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let folder = env.work().join(name);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("k.yaml"), sample()).unwrap();
    fs::create_dir_all(env.home().join(".kube")).unwrap();
    fs::write(
        env.home().join(".kube/config"),
        sample().replace("team-a", "wrong"),
    )
    .unwrap();
    let path = folder.join("k.yaml");
    let mut at = std::ffi::OsString::from("@");
    at.push(&path);
    let mut joined = std::ffi::OsString::from("--from-file=");
    joined.push(&path);
    let base = [
        "--local",
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--name",
        "n",
        "--dry-run",
    ];
    for words in [
        vec!["--from-file".into(), path.clone().into_os_string()],
        vec![joined],
        vec!["--token".into(), at],
    ] {
        let output = env.acpctl().args(base).args(&words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", streams(&output).1);
    }
    let output = env
        .acpctl()
        .args(["credential", "validate"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", streams(&output).1);
    let output = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .env("KUBECONFIG", &path)
        .args(base)
        .args(["--context", "team-a"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "the variable's file, not another: {}",
        streams(&output).1
    );
}

#[test]
fn a_tilde_is_explained() {
    let env = TestEnv::new();
    for args in [
        &[
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--from-file",
            "~/k.yaml",
        ][..],
        &["credential", "validate", "~/k.yaml"],
    ] {
        let (status, _, stderr) = run(&env, args);
        assert_eq!(status, Some(7), "{stderr}");
        assert!(
            stderr.contains("nothing expands the ~ here; write "),
            "{stderr}"
        );
    }
}

#[test]
fn a_manifest_with_a_misspelt_provider_is_refused() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    let manifest = |provider: &str| {
        format!("kind: Credential\nname: m\nprovider: {provider}\ntokenFrom: {{file: k.yaml}}\n")
    };
    env.file("m.yaml", manifest("kubeconifg"));
    let (status, _, stderr) = run(&env, &["apply", "-f", "m.yaml"]);
    assert!(status != Some(0), "{stderr}");
    assert!(stderr.contains("unknown provider"), "{stderr}");
    env.file("m.yaml", manifest("github"));
    let (status, _, stderr) = run(&env, &["apply", "-f", "m.yaml"]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stderr.contains("the secret is a kubeconfig"), "{stderr}");
}
