//! A login that has expired is renewed: once, where it is needed, at its issuer.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::login::{ANSWERS, Waiting, expired, interrupted, service_account_with, text};
use crate::support::browser::{agree, visit};
use crate::support::oidc::{CLIENT, CLIENT_SECRET, FAR, Issuer, Mood, PAST, jwt, token_until};
use crate::support::server::{Scripted, error, list, nothing};
use crate::support::{TOKEN, TestEnv, streams};

// Renewal

#[test]
fn an_expired_login_is_renewed_and_kept() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let api = Scripted::new([list(json!([]))]);
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let output = env.acpctl().args(["project", "list"]).output().unwrap();
    assert_eq!(
        streams(&output),
        ("No projects found\n".to_owned(), String::new())
    );
    let saved = env.saved();
    let sent = api.received().remove(0);
    assert_eq!(
        sent.header("Authorization").unwrap(),
        format!("Bearer {}", text(&saved, "access_token"))
    );
    assert_ne!(text(&saved, "access_token"), token_until(PAST, "old"));
    assert_eq!(text(&saved, "refresh_token"), "canary-refresh-3");
    assert_eq!(saved["theirs"], json!({"kept": true}));
    let form = issuer.token_requests().remove(0);
    assert_eq!(
        form.keys().collect::<Vec<_>>(),
        ["client_id", "grant_type", "refresh_token"]
    );
}

#[test]
fn a_refresh_token_stays_where_the_answer_has_none() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Forgetful));
    let api = Scripted::new([list(json!([]))]);
    let refresh = issuer.refresh_token();
    expired(&env, &issuer, &refresh, api.url());
    env.acpctl().args(["project", "list"]).assert().success();
    assert_eq!(text(&env.saved(), "refresh_token"), refresh);
}

#[test]
fn a_failed_renewal_is_said_once_and_the_server_decides() {
    for (mood, words, _) in ANSWERS {
        let (env, issuer) = (TestEnv::new(), Issuer::new(*mood));
        let api = Scripted::new([list(json!([]))]);
        expired(&env, &issuer, "r", api.url());
        let output = env.acpctl().args(["project", "list"]).output().unwrap();
        let words = words.replace("{}", &issuer.url());
        assert_eq!(
            streams(&output).1,
            format!(
                "Warning: the login has expired and could not be renewed ({words}); run 'acpctl login' again\n"
            )
        );
        assert!(output.status.success());
        assert_eq!(issuer.token_requests().len(), 1, "{mood:?}");
        assert_eq!(
            api.received()[0].header("Authorization").unwrap(),
            format!("Bearer {}", token_until(PAST, "old"))
        );
        assert_eq!(text(&env.saved(), "refresh_token"), "r");
    }
}

#[test]
fn a_silent_issuer_holds_nobody_up() {
    let late = |issuer: &Issuer| {
        format!(
            "ask the issuer: Get \"{}/.well-known/openid-configuration\": context deadline exceeded",
            issuer.url()
        )
    };
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Silent));
    let api = Scripted::new([list(json!([]))]);
    expired(&env, &issuer, "r", api.url());
    let run = |args: &[&str]| {
        let limit = ["--request-timeout", "300ms"];
        env.acpctl().args(args).args(limit).output().unwrap()
    };
    let output = run(&["project", "list"]);
    assert!(output.status.success());
    let said = format!(
        "Warning: the login has expired and could not be renewed ({});",
        late(&issuer)
    );
    assert!(
        streams(&output).1.starts_with(&said),
        "{}",
        streams(&output).1
    );
    let url = issuer.url();
    let output = run(&[
        "login",
        "--client-credentials",
        "--client-secret",
        "s",
        "--issuer-url",
        &url,
    ]);
    assert_eq!(output.status.code(), Some(9));
    assert_eq!(
        streams(&output).1,
        format!("Error: client-credentials login: {}\n", late(&issuer))
    );
    let output = run(&["logout"]);
    assert!(output.status.success());
    assert_eq!(env.saved()["refresh_token"], Value::Null);
}

#[test]
fn a_renewed_token_that_has_expired_already_is_not_renewed_again() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Stale));
    let api = Scripted::new([list(json!([]))]);
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    env.acpctl().args(["project", "list"]).assert().success();
    assert_eq!(issuer.token_requests().len(), 1);
}

#[test]
fn nothing_is_renewed_without_need() {
    let issuer = Issuer::new(Mood::Good);
    let api = nothing();
    let run = |env: &TestEnv, args: &[&str]| {
        env.acpctl().args(args).output().unwrap();
        assert!(issuer.received().is_empty(), "{args:?}");
    };
    let env = TestEnv::new();
    expired(&env, &issuer, "r", api.url());
    for args in [
        &["whoami"][..],
        &["version"],
        &["config", "get", "project"],
        &["config", "view"],
        &["project", "current"],
        &["--help"],
    ] {
        run(&env, args);
    }
    env.acpctl()
        .env("AMBIENT_TOKEN", TOKEN)
        .args(["project", "list"])
        .assert()
        .success();
    assert!(issuer.received().is_empty());
    for missing in ["refresh_token", "issuer_url", "client_id"] {
        let env = TestEnv::new();
        expired(&env, &issuer, "r", api.url());
        let mut config = env.saved();
        config.as_object_mut().unwrap().remove(missing);
        env.config(&config.to_string());
        run(&env, &["project", "list"]);
    }
    let env = TestEnv::new();
    expired(&env, &issuer, "r", api.url());
    let mut config = env.saved();
    config["access_token"] = token_until(FAR, "good").into();
    env.config(&config.to_string());
    run(&env, &["project", "list"]);
}

#[test]
fn fifty_runs_at_once_renew_once() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let api = nothing();
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let children: Vec<Child> = (0..50)
        .map(|_| {
            std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
                .env_clear()
                .envs(env.variables())
                .args(["project", "list"])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(
            streams(&output),
            ("No projects found\n".to_owned(), String::new())
        );
    }
    // The issuer takes a refresh token once: a second request would have failed.
    assert_eq!(issuer.token_requests().len(), 1);
    let saved = env.saved();
    assert_eq!(text(&saved, "refresh_token"), "canary-refresh-3");
    assert_eq!(saved["theirs"], json!({"kept": true}));
    let renewed = format!("Bearer {}", text(&saved, "access_token"));
    let sent = api.received();
    assert_eq!(sent.len(), 50);
    assert!(
        sent.iter()
            .all(|request| request.header("Authorization") == Some(renewed.as_str()))
    );
    let left: Vec<_> = fs::read_dir(env.config_path().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        left.iter()
            .all(|name| name == "config.json" || name == ".config.json.lock"),
        "nothing is left beside the file: {left:?}"
    );
}

#[test]
fn a_login_is_renewed_shortly_before_its_end() {
    let now = jiff::Timestamp::now().as_second();
    for (left, renewals) in [(20, 1), (3600, 0)] {
        let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
        expired(&env, &issuer, &issuer.refresh_token(), api.url());
        let mut config = env.saved();
        config["access_token"] = token_until(now + left, "soon").into();
        env.config(&config.to_string());
        env.acpctl().args(["project", "list"]).assert().success();
        assert_eq!(issuer.token_requests().len(), renewals, "{left}");
    }
}

/// A platform that refuses one token.
fn refusing(token: &str) -> Scripted {
    let bearer = format!("Bearer {token}");
    Scripted::with(move |request| {
        if request.header("Authorization") == Some(bearer.as_str()) {
            error(401, "ambient-401", "token is expired")
        } else {
            list(json!([]))
        }
    })
}

#[test]
fn a_refused_login_is_renewed_once_and_the_request_is_sent_again() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let good = token_until(FAR, "good");
    let api = refusing(&good);
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let mut config = env.saved();
    config["access_token"] = good.into();
    env.config(&config.to_string());
    let output = env.acpctl().args(["project", "list"]).output().unwrap();
    assert_eq!(
        streams(&output),
        ("No projects found\n".to_owned(), String::new())
    );
    assert_eq!(
        (issuer.token_requests().len(), api.received().len()),
        (1, 2)
    );
    assert_eq!(text(&env.saved(), "refresh_token"), "canary-refresh-3");

    // A server that refuses every token is asked twice, not more.
    let never = Scripted::with(|_| error(401, "ambient-401", "token is expired"));
    let mut config = env.saved();
    config["api_url"] = never.url().into();
    env.config(&config.to_string());
    let output = env.acpctl().args(["project", "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(
        (issuer.token_requests().len(), never.received().len()),
        (2, 2)
    );

    // So is a login that can't be renewed, once, and the reason is told.
    issuer.change(Mood::Refusing);
    let output = env.acpctl().args(["project", "list"]).output().unwrap();
    let stderr = streams(&output).1;
    assert_eq!(output.status.code(), Some(4));
    assert!(
        stderr.starts_with("Warning: the server refuses the login, which could not be renewed (token endpoint: Token is not active)"),
        "{stderr}"
    );
}

#[test]
fn the_login_of_another_user_or_server_never_replaces_a_refused_one() {
    let other = jwt(&json!({"sub": "mallory", "exp": FAR}));
    for (key, value) in [
        ("access_token", other.as_str()),
        ("login_url", "https://other.test"),
    ] {
        let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
        let good = token_until(FAR, "good");
        let path = env.config_path();
        let change = (key.to_owned(), value.to_owned());
        // Another run logs in elsewhere while the server thinks.
        let api = Scripted::with(move |_| {
            let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            config[&change.0] = change.1.as_str().into();
            fs::write(&path, config.to_string()).unwrap();
            error(401, "ambient-401", "token is expired")
        });
        expired(&env, &issuer, &issuer.refresh_token(), api.url());
        let mut config = env.saved();
        config["access_token"] = good.into();
        env.config(&config.to_string());
        let output = env.acpctl().args(["project", "list"]).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{key}");
        assert_eq!(
            (issuer.token_requests().len(), api.received().len()),
            (0, 1),
            "{key}"
        );
    }
}

#[test]
fn a_confidential_client_renews_with_its_stored_secret() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let mut config = env.saved();
    config["client_secret"] = CLIENT_SECRET.into();
    env.config(&config.to_string());
    env.acpctl().args(["project", "list"]).assert().success();
    assert_eq!(issuer.token_requests()[0]["client_secret"], CLIENT_SECRET);
    assert_eq!(text(&env.saved(), "client_secret"), CLIENT_SECRET);
}

#[test]
fn a_secret_of_the_environment_goes_only_to_the_login_that_was_made_with_it() {
    const OTHER: &str = "canary-other-client-secret";
    let (env, api) = (TestEnv::new(), nothing());
    let (a, b) = (Issuer::new(Mood::Stale), Issuer::new(Mood::Stale));
    for (issuer, context, secret) in [(&a, "a", CLIENT_SECRET), (&b, "b", OTHER)] {
        let of_context = ["--context-name", context];
        let variables = [("AMBIENT_CLIENT_SECRET", secret)];
        let login = Waiting::start(&env, issuer, &of_context, &variables);
        visit(&agree(&login.authorization));
        assert!(login.end().status.success());
        assert_eq!(issuer.token_requests()[0]["client_secret"], secret);
    }
    for (issuer, context, secret, is_its_own) in [
        (&a, "a", CLIENT_SECRET, true),
        (&a, "a", OTHER, false),
        (&b, "b", CLIENT_SECRET, false),
        (&b, "b", OTHER, true),
    ] {
        let before = issuer.token_requests().len();
        let output = env
            .acpctl()
            .env("AMBIENT_CLIENT_SECRET", secret)
            .args(["--context-name", context, "project", "list"])
            .args(["--send-login", "--api-url", api.url()])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", streams(&output).1);
        let sent = issuer.token_requests().split_off(before);
        let sent = sent[0].get("client_secret").map(String::as_str);
        assert_eq!(sent, is_its_own.then_some(secret), "{context}");
    }
    // Nor does it go where an edited file leads.
    let mut config = env.saved();
    config["contexts"]["a"]["issuer_url"] = b.url().into();
    env.config(&config.to_string());
    let before = b.token_requests().len();
    let output = env
        .acpctl()
        .env("AMBIENT_CLIENT_SECRET", CLIENT_SECRET)
        .args(["--context-name", "a", "project", "list"])
        .args(["--send-login", "--api-url", api.url()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", streams(&output).1);
    let sent = b.token_requests().split_off(before);
    assert_eq!(sent[0].get("client_secret"), None);
    // The file holds nothing of either.
    let file = fs::read_to_string(env.config_path()).unwrap();
    assert!(!file.contains("canary-other") && !file.contains(CLIENT_SECRET));
}

#[test]
fn a_secret_of_the_environment_stays_here_if_it_is_for_another_issuer() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let output = env
        .acpctl()
        .env("AMBIENT_CLIENT_SECRET", CLIENT_SECRET)
        .env("AMBIENT_ISSUER_URL", "https://other.test")
        .arg("logout")
        .output()
        .unwrap();
    assert!(output.status.success());
    let sent = issuer.received().pop().unwrap();
    assert!(sent.target.ends_with("/revoke"));
    assert!(
        !String::from_utf8(sent.body)
            .unwrap()
            .contains(CLIENT_SECRET)
    );
}

#[test]
fn a_service_account_with_a_kept_secret_logs_in_again() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let good = token_until(FAR, "x");
    let output = service_account_with(&env, &issuer, CLIENT_SECRET, &["--store", "file"]);
    assert!(output.status.success(), "{}", streams(&output).1);
    let mut config = env.saved();
    assert_eq!(text(&config, "client_secret"), CLIENT_SECRET);
    let api = refusing(&good);
    (config["api_url"], config["access_token"]) = (api.url().into(), good.into());
    env.config(&config.to_string());
    env.acpctl().args(["project", "list"]).assert().success();
    assert_eq!(
        issuer.token_requests()[1]["grant_type"],
        "client_credentials"
    );
    // A login of a person never becomes one of the service account.
    config["login_grant"] = Value::Null;
    env.config(&config.to_string());
    let output = env.acpctl().args(["project", "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(issuer.token_requests().len(), 2);
}

#[test]
fn a_renewed_token_that_is_no_use_replaces_nothing() {
    let mallory = jwt(&json!({"sub": "mallory", "exp": FAR}));
    for (access, why) in [
        ("short", "token is too short"),
        ("0123456789\n0123456789", "holds a blank, a line end"),
        ("01234567890123456789\u{202e}", "holds a blank, a line end"),
        (
            &mallory,
            "the issuer's token is for \"mallory\", and the login for \"alice\"",
        ),
    ] {
        let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
        issuer.set_access(access);
        expired(&env, &issuer, &issuer.refresh_token(), api.url());
        let before = env.saved();
        let output = env.acpctl().args(["project", "list"]).output().unwrap();
        let (_, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        assert!(
            stderr.contains("could not be renewed (") && stderr.contains(why),
            "{stderr}"
        );
        assert_eq!(env.saved(), before, "{why}");
    }
}

#[test]
fn a_second_run_does_not_wait_for_a_silent_issuer_again() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Silent), nothing());
    expired(&env, &issuer, "r", api.url());
    let mut config = env.saved();
    let soon = jiff::Timestamp::now().as_second() + 25;
    config["access_token"] = token_until(soon, "soon").into();
    env.config(&config.to_string());
    let start = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
            .env_clear()
            .envs(env.variables())
            .args(["project", "list", "--request-timeout", "3s"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let first = start();
    while issuer.received().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    let second = start().wait_with_output().unwrap();
    let first = first.wait_with_output().unwrap();
    for (run, why) in [
        (first, "context deadline exceeded"),
        (second, "another run has just tried"),
    ] {
        let (_, stderr) = streams(&run);
        assert!(run.status.success(), "{stderr}");
        assert!(
            stderr.starts_with("Warning: the login ends at "),
            "{stderr}"
        );
        assert!(stderr.contains(why), "{stderr}");
    }
    assert_eq!(issuer.received().len(), 1);
}

#[test]
fn a_renewal_of_one_context_says_nothing_about_another() {
    let (env, api) = (TestEnv::new(), nothing());
    let (slow, other) = (Issuer::new(Mood::Slow), Issuer::new(Mood::Good));
    let entry = |issuer: &Issuer| {
        json!({
            "server": api.url(), "access_token": token_until(PAST, "old"), "project": "p1",
            "refresh_token": issuer.refresh_token(), "issuer_url": issuer.url(), "client_id": CLIENT,
        })
    };
    let contexts = json!({"one": entry(&slow), "two": entry(&other)});
    env.config(&json!({"current_context": "one", "contexts": contexts}).to_string());
    let mut first = std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .args(["project", "list"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while slow.token_requests().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    let output = env
        .acpctl()
        .args(["--context-name", "two", "project", "list"])
        .output()
        .unwrap();
    assert_eq!(streams(&output).1, "");
    assert_eq!(other.token_requests().len(), 1);
    assert!(first.wait().unwrap().success());
}

#[test]
fn a_run_that_is_killed_in_a_renewal_has_not_failed() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Slow), nothing());
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let start = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
            .env_clear()
            .envs(env.variables())
            .args(["project", "list"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut first = start();
    while issuer.token_requests().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    let second = start();
    thread::sleep(Duration::from_millis(1200));
    first.kill().unwrap();
    first.wait().unwrap();
    let (_, stderr) = streams(&second.wait_with_output().unwrap());
    assert!(!stderr.contains("another run has just tried"), "{stderr}");
    assert_eq!(issuer.token_requests().len(), 2);
}

#[test]
fn a_renewal_that_fails_ahead_of_the_end_is_tried_again_at_the_end() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Broken));
    let now = jiff::Timestamp::now().as_second();
    // The server's clock is ahead: to it, the token has ended.
    let ending = token_until(now + 20, "ending");
    let api = refusing(&ending);
    expired(&env, &issuer, "r", api.url());
    let mut config = env.saved();
    config["access_token"] = ending.into();
    env.config(&config.to_string());
    let output = env.acpctl().args(["project", "list"]).output().unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert_eq!(issuer.token_requests().len(), 2, "{stderr}");
}

/// A run that can't write a byte into a file, as on a full disk.
fn on_full_disk(env: &TestEnv, words: &[&str]) -> std::process::Output {
    with_largest_file(env, 0, words)
}

/// A run that can't write more than so many kilobytes into a file.
fn with_largest_file(env: &TestEnv, size: u32, words: &[&str]) -> std::process::Output {
    std::process::Command::new("bash")
        .args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {size}; exec \"$@\""),
            "bash",
        ])
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(words)
        .env_clear()
        .envs(env.variables())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_refresh_token_is_not_spent_where_the_new_one_can_not_be_kept() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let output = on_full_disk(&env, &["project", "list"]);
    let (_, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stderr.contains("the new token could not be kept ("),
        "{stderr}"
    );
    assert!(issuer.token_requests().is_empty());
    env.acpctl().args(["project", "list"]).assert().success();
    assert_eq!(issuer.token_requests().len(), 1);
}

#[test]
fn a_secret_of_the_environment_goes_to_no_login_that_was_made_without_one() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    for words in [&["project", "list"][..], &["logout"]] {
        env.acpctl()
            .env("AMBIENT_CLIENT_SECRET", CLIENT_SECRET)
            .args(words)
            .assert()
            .success();
    }
    for sent in issuer.received() {
        let body = String::from_utf8(sent.body).unwrap();
        assert!(!body.contains(CLIENT_SECRET), "{}", sent.target);
    }
}

#[test]
fn a_signal_does_not_lose_a_renewed_login() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Slow), nothing());
    let refused = token_until(FAR, "refused");
    let refusing = refusing(&refused);
    let list = &["project", "list"][..];
    let watch = &["get", "sessions", "--watch"][..];
    for (access, server, words) in [
        (token_until(PAST, "old"), api.url(), list),
        (refused.clone(), refusing.url(), list),
        (refused, refusing.url(), watch),
    ] {
        expired(&env, &issuer, &issuer.refresh_token(), server);
        let mut config = env.saved();
        config["access_token"] = access.clone().into();
        env.config(&config.to_string());
        let output = interrupted(&env, words, &issuer, "/token");
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.signal(), Some(2), "{words:?} {stderr}");
        assert!(
            stderr.contains("Interrupted while the login is renewed"),
            "{stderr}"
        );
        assert_ne!(text(&env.saved(), "access_token"), access);
    }
}

#[test]
fn no_limit_cuts_off_a_refresh_token_that_has_been_sent() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Slow), nothing());
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    env.acpctl()
        .args(["project", "list", "--request-timeout", "1500ms"])
        .assert()
        .success()
        .stderr("");
    assert_ne!(text(&env.saved(), "access_token"), token_until(PAST, "old"));
}

/// A limit below the size of the file: there is room for a small trial, and not for the file.
#[test]
fn a_refresh_token_is_not_spent_where_there_is_too_little_room() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let mut config = env.saved();
    config["theirs"] = "x".repeat(40_000).into();
    env.config(&config.to_string());
    let output = with_largest_file(&env, 16, &["project", "list"]);
    let (_, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stderr.contains("the new token could not be kept ("),
        "{stderr}"
    );
    assert!(issuer.token_requests().is_empty());
}
