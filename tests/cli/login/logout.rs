//! `logout`: every token is wiped, and revoked at its issuer.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::login::{Waiting, expired, interrupted};
use crate::support::browser::{agree, visit};
use crate::support::oidc::{CLIENT_SECRET, Issuer, Mood};
use crate::support::server::{Scripted, json as answer, nothing};
use crate::support::{TOKEN, TestEnv, streams};

// Logging out

#[test]
fn logout_wipes_every_token_and_revokes_at_the_issuer() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let refresh = issuer.refresh_token();
    expired(&env, &issuer, &refresh, "https://api.corp.test");
    let output = env.acpctl().arg("logout").output().unwrap();
    assert_eq!(
        streams(&output),
        (
            "Logged out successfully.\n".to_owned(),
            "The login at https://api.corp.test is removed from this machine.\n".to_owned()
        )
    );
    assert_eq!(
        env.saved(),
        json!({"api_url": "https://api.corp.test", "project": "p1", "theirs": {"kept": true}})
    );
    assert_eq!(issuer.revoked(), [refresh]);
    env.acpctl().arg("logout").assert().success();
}

#[test]
fn an_issuer_that_did_not_hear_of_a_logout_is_named() {
    let rows = [
        (
            Issuer::without_revocation(),
            false,
            "it offers no revocation",
        ),
        (Issuer::new(Mood::Refusing), false, "unauthorized_client"),
        (Issuer::new(Mood::Good), true, "connection refused"),
    ];
    for (issuer, is_gone, why) in rows {
        let env = TestEnv::new();
        expired(&env, &issuer, "r", "https://api.corp.test");
        let url = issuer.url();
        if is_gone {
            drop(issuer);
        }
        let output = env.acpctl().arg("logout").output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success());
        assert_eq!(stdout, "Logged out successfully.\n");
        let start = "Warning: the issuer did not hear of it (";
        assert!(stderr.contains(start), "{stderr}");
        assert!(stderr.contains(why) && stderr.contains(&url), "{stderr}");
        assert_eq!(env.saved()["refresh_token"], Value::Null);
    }
}

#[test]
fn a_token_is_revoked_at_the_issuer_itself_only() {
    let elsewhere = Scripted::with(|_| answer(200, &json!({})));
    let place = format!("{}/take", elsewhere.url());
    let document = json!({
        "issuer": elsewhere.url(), "token_endpoint": place, "revocation_endpoint": place,
    });
    let liar = Scripted::with(move |_| answer(200, &document));
    let env = TestEnv::new();
    env.config(
        &json!({"access_token": "a", "refresh_token": "canary-refresh", "issuer_url": liar.url(), "client_id": "c"})
            .to_string(),
    );
    env.acpctl().arg("logout").assert().success();
    assert_eq!(liar.received().len(), 1);
    assert!(elsewhere.received().is_empty());
}

#[test]
fn a_login_ends_the_one_before_it_unless_both_are_one_session() {
    for (before, now, revoked) in [("s1", "s2", 1), ("s1", "s1", 0)] {
        let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
        for session in [before, now] {
            issuer.set_session(session);
            let login = Waiting::start(&env, &issuer, &[], &[]);
            visit(&agree(&login.authorization));
            let output = login.end();
            assert!(output.status.success(), "{}", streams(&output).1);
        }
        assert_eq!(issuer.revoked().len(), revoked);
        // The login in force still works.
        let refresh = env.saved()["refresh_token"].as_str().unwrap().to_owned();
        assert!(!issuer.revoked().contains(&refresh));
    }
}

#[test]
fn a_stored_client_secret_revokes_and_goes_with_the_logout() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    expired(&env, &issuer, "r", "https://api.corp.test");
    let mut config = env.saved();
    config["client_secret"] = CLIENT_SECRET.into();
    env.config(&config.to_string());
    env.acpctl().arg("logout").assert().success();
    assert_eq!(env.saved()["client_secret"], Value::Null);
    let sent = issuer.received();
    let form = sent
        .iter()
        .find(|request| request.target.ends_with("/revoke"));
    let form = String::from_utf8(form.unwrap().body.clone()).unwrap();
    assert!(
        form.contains(&format!("client_secret={CLIENT_SECRET}")),
        "{form}"
    );
}

#[test]
fn a_variable_that_keeps_one_logged_in_is_named() {
    let env = TestEnv::new();
    env.acpctl()
        .env("AMBIENT_TOKEN", TOKEN)
        .arg("logout")
        .assert()
        .success()
        .stderr("Warning: AMBIENT_TOKEN is set and still used\n");
}

#[test]
fn a_logout_during_a_renewal_ends_the_renewed_login() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Slow), nothing());
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let mut renewing = std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .args(["project", "list"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while issuer.token_requests().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    env.acpctl().arg("logout").assert().success();
    renewing.wait().unwrap();
    assert_eq!(issuer.revoked(), ["canary-refresh-3"]);
    assert_eq!(env.saved()["refresh_token"], Value::Null);
}

#[test]
fn a_logout_or_login_of_one_context_ends_no_other_of_the_same_session() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let log_in = |context: &str, session: &'static str| {
        issuer.set_session(session);
        let login = Waiting::start(&env, &issuer, &["--context-name", context], &[]);
        visit(&agree(&login.authorization));
        let output = login.end();
        assert!(output.status.success());
        streams(&output).1
    };
    log_in("a", "s1");
    log_in("b", "s1");
    let stderr = log_in("a", "s2");
    assert!(
        stderr.contains("the context \"b\" has a login of the same session there"),
        "{stderr}"
    );
    log_in("c", "s2");
    let log_out = |context: &str| {
        let words = ["--context-name", context, "logout"];
        let output = env.acpctl().args(words).output().unwrap();
        assert!(output.status.success());
        streams(&output).1
    };
    let stderr = log_out("a");
    assert!(issuer.revoked().is_empty());
    assert!(
        stderr.contains("to end both: acpctl --context-name=c logout"),
        "{stderr}"
    );
    let last = ["b", "c"].map(|context| {
        let refresh = env.saved()["contexts"][context]["refresh_token"].clone();
        log_out(context);
        refresh.as_str().unwrap().to_owned()
    });
    assert_eq!(issuer.revoked(), last);
}

#[test]
fn a_signal_does_not_cut_a_logout_off() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Slow));
    expired(&env, &issuer, "r", "https://api.corp.test");
    let output = interrupted(&env, &["logout"], &issuer, "/revoke");
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.signal(), Some(2), "{stderr}");
    assert_eq!(stdout, "Logged out successfully.\n");
    assert!(
        stderr.contains("Interrupted: the logout is finished first"),
        "{stderr}"
    );
    assert_eq!(issuer.revoked(), ["r"]);
}

#[test]
fn a_logout_beside_the_embedded_api_removes_no_login_of_a_server() {
    let (env, config) = (
        TestEnv::new(),
        json!({
            "current_context": "acme",
            "contexts": {"acme": {"server": "https://acme.example.org", "access_token": TOKEN}},
        }),
    );
    let local = |words: &[&str], variables: &[(&str, &str)]| {
        let mut command = env.acpctl();
        command.envs(variables.iter().copied()).args(words);
        let output = command.output().unwrap();
        (output.status.code(), streams(&output).1)
    };
    env.config(&config.to_string());
    local(&["config", "use-context", "local"], &[]);
    for (words, variables) in [
        (&["logout"][..], &[][..]),
        (&["--local", "logout"], &[]),
        (&["logout"], &[("AMBIENT_API_URL", "local:")]),
    ] {
        let (status, stderr) = local(words, variables);
        assert_eq!(status, Some(2), "{words:?}: {stderr}");
        for part in [
            "the login at https://acme.example.org is kept\n",
            "Hint: to remove that login: acpctl --context-name=acme logout\n",
        ] {
            assert!(stderr.contains(part), "{words:?}: {stderr}");
        }
        assert_eq!(env.saved()["contexts"]["acme"]["access_token"], TOKEN);
    }
    let (status, stderr) = local(&["--context-name=local", "logout"], &[]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stderr.contains("no login was removed"), "{stderr}");
    let (status, stderr) = local(&["--context-name=acme", "logout"], &[]);
    assert_eq!(status, Some(0), "{stderr}");
    let removed = "The login at https://acme.example.org (context \"acme\") is removed";
    assert!(stderr.contains(removed), "{stderr}");
    assert_eq!(env.saved()["contexts"]["acme"].get("access_token"), None);
}
