//! `doctor`: what is wrong, and what to do.

use std::fs;

use serde_json::json;

use crate::support::oidc::{CLIENT, PAST, token_until};
use crate::support::server::{Scripted, error, json as answer};
use crate::support::{TOKEN, TestEnv, streams};
use crate::terminal::{KUBECONFIG, doctor};

#[test]
fn doctor_tells_what_is_wrong_and_what_to_do() {
    let version = |status: u16| {
        Scripted::with(move |request| {
            assert!(request.target.ends_with("/version"), "{}", request.target);
            answer(status, &json!({"version": "v1.2.3"}))
        })
    };
    let env = TestEnv::new();
    let (found, code) = doctor(&env, version(200).url(), TOKEN);
    assert_eq!(code, Some(0));
    for (name, wanted) in [
        ("config", "ok"),
        ("login", "ok"),
        ("server", "ok"),
        ("keyring", "ok"),
        ("runtime-dir", "warn"),
        ("store", "ok"),
    ] {
        assert_eq!(found[name], wanted, "{name}: {found}");
    }
    let (found, code) = doctor(&env, version(401).url(), TOKEN);
    assert_eq!((&found["server"], code), (&json!("fail"), Some(1)));
    let (found, _) = doctor(&env, version(404).url(), TOKEN);
    assert_eq!(found["server"], "warn");
    let (found, code) = doctor(&env, "http://127.0.0.1:1", TOKEN);
    assert_eq!((&found["server"], code), (&json!("fail"), Some(1)));
    let (found, code) = doctor(&env, version(200).url(), &token_until(PAST, "canary"));
    assert_eq!((&found["login"], code), (&json!("fail"), Some(1)));

    env.config("{}");
    fs::set_permissions(
        env.config_path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let (found, code) = doctor(&env, version(200).url(), TOKEN);
    assert_eq!((&found["config"], code), (&json!("warn"), Some(0)));
    env.config("{");
    let (found, code) = doctor(&env, version(200).url(), TOKEN);
    assert_eq!((&found["config"], code), (&json!("fail"), Some(1)));
}

/// One thing broken: how, and what `doctor` says of it.
type Broken = (
    &'static str,
    fn(&TestEnv, &mut assert_cmd::Command),
    &'static [&'static str],
);

const BROKEN: &[Broken] = &[
    (
        "a configuration that is a folder",
        |env, _| fs::create_dir_all(env.config_path()).unwrap(),
        &[
            "fail  config",
            "config.json: is a directory",
            "fix: repair or remove",
        ],
    ),
    (
        "a configuration that others may read",
        |env, _| {
            env.config("{}");
            mode(&env.config_path(), 0o644);
        },
        &[
            "warn  config",
            "mode 0644: others may read it",
            "fix: chmod 600",
        ],
    ),
    (
        "no login",
        |_, command| _ = command.env_remove("AMBIENT_TOKEN"),
        &["fail  login", "not logged in", "fix: acpctl login URL"],
    ),
    (
        "a login that has ended",
        |_, command| _ = command.env("AMBIENT_TOKEN", token_until(PAST, "canary")),
        &["fail  login", "expired ", "fix: acpctl login"],
    ),
    (
        "no server",
        |_, command| _ = command.env("AMBIENT_API_URL", "http://127.0.0.1:1"),
        &[
            "fail  server",
            "connection refused",
            "fix: check the address",
        ],
    ),
    (
        "an address that is none",
        |_, command| _ = command.env("AMBIENT_API_URL", "foo"),
        &["fail  server", "must include scheme and host"],
    ),
    (
        "certificates that are not checked",
        |_, command| _ = command.arg("--insecure-skip-tls-verify"),
        &["warn  tls", "certificates are not checked"],
    ),
    (
        "no keyring",
        |_, command| _ = command.env_remove("AMBIENT_LOCAL_KEYRING"),
        &["warn  keyring", "fix: start a secret service"],
    ),
    (
        "no programs",
        |_, command| _ = command.env("PATH", "/nonexistent"),
        &["warn  kubectl", "not found in PATH", "warn  mcp-server"],
    ),
    (
        "a runtime folder that others may read",
        |env, command| {
            let folder = env.home().join("run");
            fs::create_dir(&folder).unwrap();
            mode(&folder, 0o755);
            command.env("XDG_RUNTIME_DIR", folder);
        },
        &["warn  runtime-dir", "mode 0755", "fix: chmod 700"],
    ),
    (
        "a kubeconfig that others may read",
        |env, command| {
            let file = env.file("kc", KUBECONFIG);
            mode(&file, 0o644);
            command.env("KUBECONFIG", file);
        },
        &["warn  kubeconfig", "mode 0644", "fix: chmod 600"],
    ),
    (
        "a store that is none",
        |env, _| {
            let folder = env.home().join(".local/share/ambient");
            fs::create_dir_all(&folder).unwrap();
            mode(&folder, 0o700);
            fs::write(folder.join("ambient.db"), "garbage").unwrap();
            mode(&folder.join("ambient.db"), 0o600);
        },
        &[
            "fail  store",
            "store: file is not a database\n",
            "fix: restore ",
        ],
    ),
];

fn mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn doctor_with_each_thing_broken_in_turn() {
    let server = Scripted::with(|_| answer(200, &json!({"version": "v1.2.3"})));
    for (what, break_it, wanted) in BROKEN {
        let env = TestEnv::new();
        let mut command = env.connected(server.url());
        command.arg("doctor");
        break_it(&env, &mut command);
        let (stdout, stderr) = streams(&command.output().unwrap());
        for words in *wanted {
            assert!(stdout.contains(words), "{what}: {words}: {stdout}");
        }
        let fails = stdout
            .lines()
            .filter(|line| line.starts_with("fail"))
            .count();
        assert_eq!(stderr.is_empty(), fails == 0, "{what}: {stderr}");
        assert!(!stdout.contains("canary"), "no secret is shown");
    }
}

#[test]
fn doctor_compares_the_clocks() {
    let server = Scripted::with(|_| crate::support::server::Reply::Answer {
        status: 200,
        headers: vec![("Date", "Sat, 01 Jan 2000 00:00:00 GMT".to_owned())],
        body: b"{\"version\": \"v1\"}".to_vec(),
    });
    let env = TestEnv::new();
    let output = env.connected(server.url()).arg("doctor").output().unwrap();
    let (stdout, _) = streams(&output);
    assert!(
        stdout.contains("fail  clock") && stdout.contains(" s ahead of the server's"),
        "{stdout}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn doctor_is_content_where_nothing_is_wrong_yet() {
    // Nothing but the embedded API was ever used.
    let env = TestEnv::new();
    let output = env.acpctl().arg("doctor").output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    assert!(
        stdout.contains("ok    login") && !stdout.contains("  server  "),
        "{stdout}"
    );
    // The next command renews this login; the server may well refuse the token that has ended.
    let server = Scripted::with(|_| error(401, "ambient-15", "expired"));
    env.config(
        &json!({
            "api_url": server.url(), "access_token": token_until(PAST, "old"), "refresh_token": "canary-refresh",
            "issuer_url": "https://issuer.test", "client_id": CLIENT,
        })
        .to_string(),
    );
    mode(&env.config_path(), 0o600);
    let output = env.acpctl().arg("doctor").output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    assert!(
        stdout.contains("the next command renews it")
            && stdout.contains("renewed by the next command"),
        "{stdout}"
    );
}
