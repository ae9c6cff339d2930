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
        ("runtime-dir", "ok"),
        ("way", "ok"),
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
        &["fail  config", "config.json: is a directory", "fix: mv "],
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
        &[
            "fail  login",
            "not logged in",
            "fix: acpctl login http://127.0.0.1:",
        ],
    ),
    (
        "a login that has ended",
        |_, command| _ = command.env("AMBIENT_TOKEN", token_until(PAST, "canary")),
        &[
            "fail  login",
            "expired ",
            "fix: put another token into AMBIENT_TOKEN, or log in without it: unset AMBIENT_TOKEN && acpctl login http",
        ],
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
        "a login that is in a keyring, and no keyring",
        |env, command| {
            env.config(r#"{"token_store": "keyring"}"#);
            mode(&env.config_path(), 0o600);
            command.env_remove("AMBIENT_LOCAL_KEYRING");
        },
        &[
            "fail  keyring",
            "the login is in it, but this system has no keyring",
            "fix: start and unlock a secret service",
        ],
    ),
    (
        "a runtime folder that is a file",
        |env, command| {
            let file = env.file("run", "");
            command.env("XDG_RUNTIME_DIR", file);
        },
        &[
            "warn  runtime-dir",
            "is not a folder",
            "fix: unset XDG_RUNTIME_DIR",
        ],
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
        "a kubeconfig that does not exist",
        |_, command| _ = command.env("KUBECONFIG", "/nonexistent/kc"),
        &[
            "warn  kubeconfig",
            "KUBECONFIG names no file that exists: /nonexistent/kc",
            "fix: unset KUBECONFIG",
        ],
    ),
    (
        "the second kubeconfig of a list, which others may read",
        |env, command| {
            let (own, open) = (env.file("own", KUBECONFIG), env.file("open", KUBECONFIG));
            mode(&own, 0o600);
            mode(&open, 0o644);
            let list = std::env::join_paths([own, open]).unwrap();
            command.env("KUBECONFIG", list);
        },
        &["warn  kubeconfig", "open, mode 0644", "fix: chmod 600"],
    ),
    (
        "a number that is none",
        |_, command| _ = command.env("AMBIENT_RETRIES", "abc"),
        &[
            "fail  variables",
            "invalid value \"abc\" for AMBIENT_RETRIES",
            "fix: unset AMBIENT_RETRIES",
        ],
    ),
    (
        "a word that says nothing about the key, and a healthy store",
        |env, command| {
            let folder = env.home().join(".local/share/ambient");
            fs::create_dir_all(&folder).unwrap();
            mode(&folder, 0o700);
            command.env("AMBIENT_LOCAL_KEYRING", "perhaps");
        },
        &[
            "fail  store",
            "neither on nor off",
            "fix: unset AMBIENT_LOCAL_KEYRING\n",
        ],
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
            "fix: acpctl local restore BACKUP, or start over: mv ",
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

/// As in a container whose `HOME` belongs to somebody else.
#[test]
fn doctor_takes_a_file_out_of_reach_for_none_if_it_is_not_needed() {
    let server = Scripted::with(|_| answer(200, &json!({"version": "v1.2.3"})));
    let env = TestEnv::new();
    let mut command = env.connected(server.url());
    command.env("HOME", "/dev/null").arg("doctor");
    let (stdout, _) = streams(&command.output().unwrap());
    assert!(
        stdout.contains("ok    config       read config file"),
        "{stdout}"
    );
    assert!(!stdout.contains(".damaged"), "{stdout}");
    let mut command = env.acpctl();
    command.env("HOME", "/dev/null").arg("doctor");
    let (stdout, _) = streams(&command.output().unwrap());
    assert!(
        stdout.contains("fix: name a file of your own in AMBIENT_CONFIG"),
        "{stdout}"
    );
}

#[test]
fn doctor_is_content_where_nothing_is_wrong_yet() {
    // Nothing but the embedded API was ever used.
    let env = TestEnv::new();
    let output = env.acpctl().arg("doctor").output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    assert!(
        stdout.contains("no server is set up yet") && !stdout.contains("  login  "),
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

/// Each way of working is told apart, and nothing is missing where that way does not need it.
#[test]
fn doctor_finds_out_the_way_of_working() {
    let server = Scripted::with(|_| answer(200, &json!({"version": "v1.2.3"})));
    let bare = |env: &TestEnv| {
        let mut command = env.acpctl();
        command.env_remove("AMBIENT_LOCAL_KEYRING");
        command.env("PATH", "/nonexistent");
        command
    };
    let way = |mut command: assert_cmd::Command| {
        let output = command.args(["doctor", "-o", "json"]).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let is_green = checks.iter().all(|check| check["status"] == "ok");
        assert!(is_green, "{report:#}");
        assert_eq!(output.status.code(), Some(0));
        report["way"].as_str().unwrap().to_owned()
    };
    let env = TestEnv::new();
    assert_eq!(way(bare(&env)), "open");
    let mut local = bare(&env);
    local.arg("--local");
    assert_eq!(way(local), "local");
    let mut job = bare(&env);
    job.env_remove("HOME")
        .envs([("AMBIENT_API_URL", server.url()), ("AMBIENT_TOKEN", TOKEN)]);
    assert_eq!(way(job), "server");
    let mut pod = bare(&env);
    pod.envs([
        ("BACKEND_API_URL", "http://api.platform.svc"),
        (
            "CREDENTIAL_IDS",
            "{\"kubeconfig\": \"3MX85aKNFVYjNaWSBgG3UcSclTU\"}",
        ),
        ("BOT_TOKEN", "canary"),
    ]);
    assert_eq!(way(pod), "pod");
}

#[test]
fn doctor_mends_what_loses_nothing_and_tells_it() {
    let env = TestEnv::new();
    let local = |line: &[&str]| {
        let output = env.local().args(line).output().unwrap();
        assert!(output.status.success(), "{line:?} {}", streams(&output).1);
        streams(&output).0
    };
    local(&["credential", "list"]);
    env.config("{}");
    let database = env.home().join(".local/share/ambient/ambient.db");
    let kubeconfig = env.file("kc", KUBECONFIG);
    let cache = env.home().join(".cache/ambient");
    let runtime = env.home().join("run");
    let killed = runtime.join("ambient/ambient-session-0123");
    fs::create_dir_all(&cache).unwrap();
    fs::create_dir_all(&killed).unwrap();
    for folder in [&runtime, &killed, &runtime.join("ambient")] {
        mode(folder, 0o700);
    }
    let (stale, other) = (cache.join("complete-1.json"), cache.join("notes.json"));
    fs::write(&stale, "[]").unwrap();
    fs::write(&other, "[]").unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let file = fs::File::options().write(true).open(&stale).unwrap();
    file.set_modified(long_ago).unwrap();
    let open = [env.config_path(), database, kubeconfig.clone()];
    for path in &open {
        mode(path, 0o644);
    }
    let doctor = |more: &[&str]| {
        let mut command = env.local();
        command.envs([("KUBECONFIG", &kubeconfig), ("XDG_RUNTIME_DIR", &runtime)]);
        let output = command.arg("doctor").args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        streams(&output).0
    };
    let modes = || {
        open.each_ref().map(|path| {
            let about = fs::metadata(path).unwrap();
            std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777
        })
    };
    // Without the flag nothing changes.
    assert!(doctor(&[]).contains("warn  config"));
    assert_eq!(modes(), [0o644; 3]);
    assert!(killed.exists() && stale.exists());
    let text = doctor(&["--fix"]);
    for words in [
        "done  changed the mode of ",
        "done  removed the folder of a killed session",
        "done  removed a stale list of names for completion",
        "ok    config",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("warn"), "{text}");
    assert_eq!(modes(), [0o600; 3]);
    assert!(!killed.exists() && !stale.exists() && other.exists());
    assert!(!doctor(&["--fix"]).contains("done"), "all is mended");
}

/// Advice to move a store away would lose it: only a damaged one gets it.
#[test]
fn doctor_leaves_a_healthy_store_alone_if_the_configuration_is_broken() {
    let env = TestEnv::new();
    let list = env.local().args(["credential", "list"]).output().unwrap();
    assert!(list.status.success());
    env.config("{bad");
    mode(&env.config_path(), 0o600);
    let output = env.acpctl().arg("doctor").output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(1), "{stdout}{stderr}");
    for words in [
        "fail  config",
        "warn  store",
        "not checked: the configuration can't be read",
    ] {
        assert!(stdout.contains(words), "{words}: {stdout}");
    }
    assert!(!stdout.contains("restore"), "{stdout}");
    assert!(!stdout.contains("share/ambient"), "{stdout}");
}
