//! `logout`: every token is wiped, and revoked at its issuer.

use serde_json::{Value, json};

use crate::login::expired;
use crate::support::oidc::{Issuer, Mood};
use crate::support::server::{Scripted, json as answer};
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
        ("Logged out successfully.\n".to_owned(), String::new())
    );
    assert_eq!(
        env.saved(),
        json!({"api_url": "https://api.corp.test", "project": "p1", "theirs": {"kept": true}})
    );
    assert_eq!(issuer.revoked(), [refresh]);
    env.acpctl().arg("logout").assert().success();
}

#[test]
fn logout_needs_no_issuer() {
    for issuer in [Issuer::without_revocation(), Issuer::new(Mood::Good)] {
        let env = TestEnv::new();
        expired(&env, &issuer, "r", "https://api.corp.test");
        if issuer.revoked().is_empty() {
            drop(issuer);
        }
        env.acpctl()
            .arg("logout")
            .assert()
            .success()
            .stdout("Logged out successfully.\n")
            .stderr("");
        assert_eq!(env.saved()["refresh_token"], Value::Null);
    }
}

#[test]
fn a_token_is_revoked_at_the_issuer_itself_only() {
    let elsewhere = Scripted::with(|_| answer(200, &json!({})));
    let place = format!("{}/take", elsewhere.url());
    let liar = Scripted::with(move |_| answer(200, &json!({"revocation_endpoint": place})));
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
fn a_variable_that_keeps_one_logged_in_is_named() {
    let env = TestEnv::new();
    env.acpctl()
        .env("AMBIENT_TOKEN", TOKEN)
        .arg("logout")
        .assert()
        .success()
        .stderr("Warning: AMBIENT_TOKEN is set and still used\n");
}
