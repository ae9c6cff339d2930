//! A configuration with a value that can't be: named, left out, and mended by the program itself.

use std::fs;

use serde_json::{Value, json};

use crate::support::run::{Line as _, Run as _};
use crate::support::{TOKEN, TestEnv};

fn told(env: &TestEnv, line: &str) -> (i32, String, String) {
    let (status, stdout, stderr) = env.acpctl().line(line).told();
    (status.unwrap(), stdout, stderr)
}

#[test]
fn a_value_that_does_not_fit_is_named_and_can_be_removed() {
    for (key, value, words) in [
        (
            "request_timeout",
            "1e400",
            "number into Go struct field Config.request_timeout of type int",
        ),
        (
            "request_timeout",
            "\"9\"",
            "string into Go struct field Config.request_timeout of type int",
        ),
        (
            "polling_interval",
            "1.5",
            "number into Go struct field Config.polling_interval of type int",
        ),
        (
            "project",
            "-1e999",
            "number into Go struct field Config.project of type string",
        ),
        (
            "insecure_tls_verify",
            "{}",
            "object into Go struct field Config.insecure_tls_verify of type bool",
        ),
        (
            "pager",
            "[]",
            "array into Go struct field Config.pager of type string",
        ),
        (
            "local",
            "\"true\"",
            "string into Go struct field Config.local of type bool",
        ),
        (
            "retries",
            "\"0\"",
            "string into Go struct field Config.retries of type int",
        ),
        (
            "connect_timeout",
            "[5]",
            "array into Go struct field Config.connect_timeout of type int",
        ),
    ] {
        let env = TestEnv::new();
        let text = format!(
            r#"{{"api_url": "http://127.0.0.1:1", "access_token": "{TOKEN}", "{key}": {value}}}"#
        );
        env.config(&text);
        let path = env.config_path().display().to_string();
        let mend = format!("acpctl config unset {key}");
        // What needs the settings stops, and says which value it is and what removes it.
        for line in [
            "project list",
            "whoami",
            "login --token x",
            "config get api_url",
        ] {
            let (status, _, stderr) = told(&env, line);
            assert_eq!(status, 1, "{key} {line}: {stderr}");
            for wanted in [path.as_str(), words, &format!("Hint: {mend}")] {
                assert!(stderr.contains(wanted), "{line}: {wanted}: {stderr}");
            }
        }
        assert_eq!(fs::read_to_string(env.config_path()).unwrap(), text);
        // What shows or changes the configuration goes on without the value, and says so.
        let (status, stdout, _) = told(&env, "doctor -o json");
        let report: Value = serde_json::from_str(&stdout).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let config = checks
            .iter()
            .find(|check| check["name"] == "config")
            .unwrap();
        assert_eq!((status, &config["fix"]), (1, &json!(mend)), "{stdout}");
        for line in ["config view", "config get-contexts"] {
            let (status, stdout, stderr) = told(&env, line);
            assert_eq!(status, 0, "{line}: {stderr}");
            assert!(stdout.contains("http://127.0.0.1:1"), "{stdout}");
            assert!(stderr.contains(words) && stderr.contains(&mend), "{stderr}");
        }
        let (status, _, stderr) = told(&env, &mend["acpctl ".len()..]);
        assert_eq!(status, 0, "{stderr}");
        assert_eq!(
            env.saved(),
            json!({"api_url": "http://127.0.0.1:1", "access_token": TOKEN})
        );
    }
}

#[test]
fn a_logout_removes_the_login_whatever_else_is_wrong() {
    for (key, value) in [
        ("request_timeout", "1e400"),
        ("refresh_token", "5"),
        ("access_token", "[]"),
        ("login_url", "{}"),
    ] {
        let env = TestEnv::new();
        env.config(&format!(r#"{{"client_id": "c", "{key}": {value}}}"#));
        let (status, _, stderr) = told(&env, "logout");
        assert_eq!(status, 0, "{stderr}");
        assert!(stderr.contains(key), "{stderr}");
        let text = fs::read_to_string(env.config_path()).unwrap();
        assert_eq!(text.contains(key), key == "request_timeout", "{text}");
        assert!(!text.contains("client_id"), "{text}");
    }
}

#[test]
fn our_own_keys_that_no_command_unsets_are_refused_too() {
    for (key, value, mend) in [
        ("token_store", "5", "acpctl logout"),
        ("login_grant", "true", "acpctl logout"),
        ("keyring_entry", "\"1\"", "with an editor"),
        ("aliases", "[]", "with an editor"),
        ("current_context", "1", "with an editor"),
    ] {
        let env = TestEnv::new();
        env.config(&format!(
            r#"{{"api_url": "http://127.0.0.1:1", "access_token": "{TOKEN}", "{key}": {value}}}"#
        ));
        let path = env.config_path().display().to_string();
        let (status, _, stderr) = told(&env, "project list");
        assert_eq!(status, 1, "{key}: {stderr}");
        for wanted in [path.as_str(), &format!("Config.{key} of type"), mend] {
            assert!(stderr.contains(wanted), "{key}: {wanted}: {stderr}");
        }
        for line in ["config view", "logout"] {
            let (status, _, stderr) = told(&env, line);
            assert!(status == 0 && stderr.contains(key), "{line}: {stderr}");
        }
    }
}

#[test]
fn a_value_that_does_not_fit_is_not_moved_into_a_context() {
    let env = TestEnv::new();
    let text = r#"{"api_url": "http://127.0.0.1:1", "login_url": ["x"]}"#;
    for line in [
        "config rename-context localhost home",
        "config set-context b --server http://127.0.0.1:2",
    ] {
        env.config(text);
        let (status, _, stderr) = told(&env, line);
        assert!(status == 1 && stderr.contains("can't move"), "{stderr}");
        assert_eq!(fs::read_to_string(env.config_path()).unwrap(), text);
    }
}

#[test]
fn numbers_of_others_stay_as_they_are() {
    let env = TestEnv::new();
    env.config(
        r#"{"project": "p", "theirs": [1e400, {"x": -1E+999}, "1e400 \" 1e400"], "ours\"": "\\"}"#,
    );
    let (status, _, stderr) = told(&env, "config set project q");
    assert_eq!((status, stderr.as_str()), (0, ""));
    let text = fs::read_to_string(env.config_path()).unwrap();
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        one_line,
        r#"{ "project": "q", "theirs": [ 1e400, { "x": -1E+999 }, "1e400 \" 1e400" ], "ours\"": "\\" }"#
    );
}

#[test]
fn two_lists_of_contexts_are_refused_and_none_is_lost() {
    let env = TestEnv::new();
    for (text, words) in [
        (
            r#"{"contexts": {"a": {}}, "Contexts": {"b": {}}}"#,
            "the keys \"contexts\" and \"Contexts\" are the same one",
        ),
        (
            r#"{"contexts": {"a": {}}, "contexts": {"b": {}}}"#,
            "the keys \"contexts\" and \"contexts\" are the same one",
        ),
        (
            r#"{"aliases": {"a": ["version"]}, "ALIASES": {"b": ["version"]}}"#,
            "the keys \"aliases\" and \"ALIASES\" are the same one",
        ),
        (
            r#"{"contexts": {"a": {"server": "https://a.example.org"}, "b": {}, "a": {}}}"#,
            "it has two contexts \"a\"",
        ),
        (
            r#"{"contexts": {"a": {}}, "Contexts": {"b": {}}, "theirs": 1e400}"#,
            "the keys \"contexts\" and \"Contexts\" are the same one",
        ),
    ] {
        env.config(text);
        for line in [
            "project list",
            "config get-contexts",
            "config use-context a",
            "config set-context c --server https://c.example.org",
            "alias set x -- version",
            "logout",
        ] {
            let (status, _, stderr) = told(&env, line);
            assert_eq!(status, 1, "{line}: {stderr}");
            assert!(stderr.contains(words), "{line}: {stderr}");
        }
        assert_eq!(fs::read_to_string(env.config_path()).unwrap(), text);
    }
    // One name in two servers of different lists, and in other letters, is nothing special.
    env.config(r#"{"Contexts": {"a": {}, "A": {}}, "theirs": {"a": 1}}"#);
    assert_eq!(told(&env, "config use-context A").0, 0);
}
