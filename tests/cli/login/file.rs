//! The configuration file as `login` finds and leaves it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::login::{mode, text};
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
