//! The configuration file as `login` finds and leaves it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::{Value, json};

use crate::login::{Waiting, mode, text};
use crate::support::browser::{agree, visit};
use crate::support::oidc::{CLIENT, Issuer, Mood};
use crate::support::{TOKEN, TestEnv, streams};

#[test]
fn a_login_tightens_the_file_keeps_foreign_keys_and_follows_a_link() {
    let env = TestEnv::new();
    env.config(r#"{"refresh_token": "old", "issuer_url": "i", "client_id": "c", "theirs": [1, {"x": null}]}"#);
    let real = env.home().join("real.json");
    fs::rename(env.config_path(), &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink(&real, env.config_path()).unwrap();
    env.acpctl()
        .args(["login", "--token", TOKEN])
        .assert()
        .success();
    assert!(env.config_path().is_symlink());
    assert_eq!(mode(&env), 0o600);
    assert_eq!(
        env.saved(),
        json!({"access_token": TOKEN, "theirs": [1, {"x": null}]})
    );
}

#[test]
fn a_broken_file_is_never_written_over() {
    let env = TestEnv::new();
    let broken = "{\n  \"project\": \"p\",\n  oops\n}";
    env.config(broken);
    let path = env.config_path().display().to_string();
    let message = format!(
        "Error: load config: parse config file \"{path}\": invalid character 'o' looking for beginning of object key string\n"
    );
    for args in [
        &["login", "--token", TOKEN][..],
        &["logout"],
        &["config", "set", "project", "x"],
        &["config", "get", "project"],
        &["whoami"],
        &["project", "current"],
    ] {
        let output = env.acpctl().args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let said = streams(&output).1;
        assert!(said.starts_with(&message), "{args:?} {said}");
        assert_eq!(fs::read_to_string(env.config_path()).unwrap(), broken);
    }
}

#[test]
fn a_file_that_can_not_be_read_or_written_is_named() {
    let env = TestEnv::new();
    let run = |path: &std::path::Path, args: &[&str]| {
        let output = env
            .acpctl()
            .env("AMBIENT_CONFIG", path)
            .args(args)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        streams(&output).1
    };
    let folder = env.home().join("folder");
    fs::create_dir(&folder).unwrap();
    let shown = folder.display();
    assert_eq!(
        run(&folder, &["config", "get", "project"]),
        format!("Error: load config: read config file \"{shown}\": read {shown}: is a directory\n")
    );
    let below = env.file("plain", "x").join("config.json");
    let shown = below.display();
    let folder_of_it = below.parent().unwrap().display();
    assert_eq!(
        run(&below, &["config", "get", "project"]),
        format!(
            "Error: load config: read config file \"{shown}\": open {shown}: not a directory\n\
             Hint: name a file of your own in AMBIENT_CONFIG, or make this one yours: sudo chown -R \"$(id -u)\" {folder_of_it}\n"
        )
    );
    // Not even root may make a folder there.
    let stderr = run(
        std::path::Path::new("/proc/none/config.json"),
        &["login", "--token", TOKEN],
    );
    assert!(
        stderr.starts_with(
            "Error: save config: create config directory \"/proc/none\": mkdir /proc/none: "
        ),
        "{stderr}"
    );
    assert!(!stderr.contains(TOKEN));
}

#[test]
fn the_place_of_a_broken_file_is_in_the_json_error() {
    let env = TestEnv::new();
    env.config("{\n  \"project\": \"p\",\n  oops\n}");
    let output = env
        .acpctl()
        .args(["whoami", "-o", "json"])
        .output()
        .unwrap();
    let error: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        text(&error["error"], "hint").starts_with("line 3, column 3;"),
        "{error}"
    );
}

#[test]
fn a_lock_that_is_something_else_is_told() {
    let env = TestEnv::new();
    env.config("{}");
    let lock = env.config_path().with_file_name(".config.json.lock");
    std::os::unix::fs::symlink(env.file("victim", "x"), &lock).unwrap();
    let output = env
        .acpctl()
        .args(["config", "set", "project", "p"])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stderr.contains("can't be locked (it is a symbolic link)"),
        "{stderr}"
    );
}

/// The first line that a run says, and its standard error.
fn first_words(run: &mut Child) -> (String, BufReader<ChildStderr>) {
    let mut line = String::new();
    let mut stderr = BufReader::new(run.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    (line, stderr)
}

/// Holds the configuration as another run does.
fn held(env: &TestEnv) -> fs::File {
    let lock = fs::File::create(env.config_path().with_file_name(".config.json.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

#[test]
fn a_login_that_has_to_wait_for_another_run_says_so_before_the_user_logs_in() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    env.config("{}");
    let lock = held(&env);
    let mut run = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .args(["login", "https://api.corp.test", "--use-auth-code"])
        .args(["--issuer-url", &issuer.url(), "--client-id", CLIENT])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (line, _stderr) = first_words(&mut run);
    assert_eq!(
        line,
        format!(
            "Waiting for another run of acpctl, which holds \"{}\" (at most 40 seconds)\n",
            env.config_path().display()
        )
    );
    assert!(issuer.received().is_empty());
    lock.unlock().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(run.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with("To log in, open this address"), "{line}");
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn a_login_that_has_to_wait_at_its_end_is_saved_then() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    env.config("{}");
    let mut login = Waiting::start(&env, &issuer, &[], &[]);
    let lock = held(&env);
    let address = agree(&login.authorization);
    std::thread::scope(|threads| {
        let page = threads.spawn(|| visit(&address));
        let (line, _stderr) = first_words(&mut login.child);
        assert!(line.starts_with("Waiting for another run"), "{line}");
        assert_eq!(env.saved(), json!({}));
        lock.unlock().unwrap();
        page.join().unwrap();
    });
    assert!(login.end().status.success());
    assert!(env.saved()["refresh_token"].is_string());
    assert!(issuer.revoked().is_empty());
}
