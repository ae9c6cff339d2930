//! `login` as a service account.

use std::fs;

use crate::login::{ANSWERS, expired, service_account, text};
use crate::support::oidc::{CLIENT, CLIENT_SECRET, Issuer, Mood};
use crate::support::{TestEnv, streams};

#[test]
fn every_bad_answer_ends_a_service_account_login() {
    for (mood, words, code) in ANSWERS {
        let (env, issuer) = (TestEnv::new(), Issuer::new(*mood));
        let output = service_account(&env, &issuer, CLIENT_SECRET);
        let words = words.replace("{}", &issuer.url());
        let (stdout, stderr) = streams(&output);
        assert_eq!(
            stderr,
            format!("Error: client-credentials login: {words}\n")
        );
        assert_eq!(stdout, "");
        assert_eq!(output.status.code(), Some(*code), "{mood:?}");
        assert!(!env.config_path().exists());
    }
}

#[test]
fn a_service_account_keeps_no_refresh_token_and_no_secret() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let output = service_account(&env, &issuer, &format!("{CLIENT_SECRET}\n"));
    assert!(output.status.success(), "{}", streams(&output).1);
    let file = fs::read_to_string(env.config_path()).unwrap();
    assert!(!file.contains(CLIENT_SECRET) && !file.contains("refresh_token"));
    assert_eq!(text(&env.saved(), "client_id"), CLIENT);
}

#[test]
fn an_issuer_that_is_no_address_is_named_and_its_password_is_not() {
    let env = TestEnv::new();
    for (issuer, words, code) in [
        (
            "foo",
            "the issuer's address is not valid: unsupported protocol scheme \"\"\nHint: use the issuer's https address: --issuer-url https://...",
            2,
        ),
        (
            "https://sso.corp.test/realms/r?x=1#y",
            "the issuer's address has a query or a fragment, which no issuer has\nHint: use its plain address: --issuer-url https://sso.corp.test/realms/r",
            2,
        ),
        (
            "http://u:canary-password@127.0.0.1:1/r",
            "ask the issuer: Get \"http://***@127.0.0.1:1/r/.well-known/openid-configuration\": dial tcp 127.0.0.1:1: connect: connection refused",
            9,
        ),
    ] {
        let output = env
            .acpctl()
            .args(["login", "--client-credentials", "--client-secret", "s"])
            .args(["--issuer-url", issuer])
            .output()
            .unwrap();
        assert_eq!(
            streams(&output).1,
            format!("Error: client-credentials login: {words}\n")
        );
        assert_eq!(output.status.code(), Some(code));
    }
}

#[test]
fn a_secret_of_the_environment_goes_to_no_issuer_that_only_an_earlier_login_names() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    expired(&env, &issuer, "r", "https://api.corp.test");
    let url = issuer.url();
    let log_in = |more: &[&str]| {
        let output = env
            .acpctl()
            .env("AMBIENT_CLIENT_SECRET", CLIENT_SECRET)
            .args(["login", "--client-credentials"])
            .args(more)
            .output()
            .unwrap();
        (output.status.code(), streams(&output).1)
    };
    let (status, stderr) = log_in(&[]);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(issuer.received().is_empty());
    let named = ["--issuer-url", &url, "--client-id", CLIENT];
    let hint = format!("acpctl login --client-credentials {}", named.join(" "));
    assert!(stderr.contains(&hint), "{stderr}");
    let (status, stderr) = log_in(&named);
    assert_eq!(status, Some(0), "{stderr}");
    // The login was made with this secret, so it goes there again.
    let (status, stderr) = log_in(&[]);
    assert_eq!(status, Some(0), "{stderr}");
    assert_eq!(issuer.token_requests().len(), 2);
}
