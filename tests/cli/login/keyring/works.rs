//! A keyring that works takes the login, and keeps it renewed.

use std::fs;

use serde_json::json;

use crate::login::Waiting;
use crate::login::keyring::{Bus, run, said};
use crate::support::browser::{agree, visit};
use crate::support::oidc::{Issuer, Mood};
use crate::support::server::nothing;
use crate::support::{TOKEN, TestEnv, streams};

#[test]
fn a_keyring_that_answers_takes_the_login() {
    let env = TestEnv::new();
    let Some(bus) = Bus::start(&env) else { return };
    let Some(_keyring) = bus.keyring(&env, Some("password")) else {
        return;
    };
    let bus = bus.address.as_str();
    let in_keyring = "The login is in the system's keyring\n";
    let who = |token: &str| {
        let output = run(&env, bus, &["whoami", "-t"]);
        assert_eq!(streams(&output), (token.to_owned(), String::new()));
    };

    assert_eq!(
        said(&env, bus, &["login", "--token", TOKEN, "--project", "p1"]),
        in_keyring
    );
    assert_eq!(
        env.saved(),
        json!({"project": "p1", "token_store": "keyring"})
    );
    who(TOKEN);
    let output = run(&env, bus, &["config", "get", "access_token"]);
    assert_eq!(streams(&output).0, "[REDACTED]\n");
    let output = run(&env, bus, &["doctor"]);
    let checks = streams(&output).0;
    assert!(checks.contains("stored token"), "{checks}");

    // The choice holds for the logins to come, and is said when it changes.
    let other = "sha256~canary-other-0123456789";
    assert_eq!(said(&env, bus, &["login", "--token", other]), "");
    who(other);
    assert_eq!(
        said(&env, bus, &["login", "--token", TOKEN, "--store", "file"]),
        "The login is in the configuration file, mode 0600\n"
    );
    assert_eq!(
        env.saved(),
        json!({"access_token": TOKEN, "project": "p1", "token_store": "file"})
    );
    // Nothing stays behind in the keyring.
    env.config(r#"{"token_store": "keyring"}"#);
    assert_eq!(run(&env, bus, &["whoami"]).status.code(), Some(4));

    assert_eq!(
        said(
            &env,
            bus,
            &["login", "--token", TOKEN, "--store", "keyring"]
        ),
        in_keyring
    );
    said(&env, bus, &["logout"]);
    assert_eq!(env.saved(), json!({}));
    env.config(r#"{"token_store": "keyring"}"#);
    let output = run(&env, bus, &["whoami"]);
    let stderr = streams(&output).1;
    assert!(
        stderr.starts_with("Error: not logged in; run 'acpctl login' first\n"),
        "{stderr}"
    );
}

#[test]
fn a_login_in_the_keyring_is_renewed_there() {
    let env = TestEnv::new();
    let Some(bus) = Bus::start(&env) else { return };
    let Some(_keyring) = bus.keyring(&env, Some("password")) else {
        return;
    };
    let issuer = Issuer::new(Mood::Stale);
    let api = nothing();
    let on_bus = [("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str())];
    let login = Waiting::start(&env, &issuer, &[], &on_bus);
    visit(&agree(&login.authorization));
    assert!(login.end().status.success());
    let token = || streams(&run(&env, &bus.address, &["whoami", "-t"])).0;
    let stale = token();
    assert!(!stale.is_empty());

    issuer.change(Mood::Good);
    let list = ["project", "list", "--send-login", "--api-url", api.url()];
    assert_eq!(said(&env, &bus.address, &list), "");
    assert_eq!(said(&env, &bus.address, &list), "");
    assert_eq!(issuer.token_requests().len(), 2, "one login, one renewal");
    let renewed = token();
    assert_ne!(renewed, stale);
    for request in api.received() {
        assert_eq!(
            request.header("Authorization"),
            Some(format!("Bearer {renewed}").as_str())
        );
    }
    let file = fs::read_to_string(env.config_path()).unwrap();
    assert!(!file.contains("canary") && !file.contains("eyJ"), "{file}");
}

#[test]
fn each_context_has_an_entry_of_its_own() {
    let env = TestEnv::new();
    let Some(bus) = Bus::start(&env) else { return };
    let Some(_keyring) = bus.keyring(&env, Some("password")) else {
        return;
    };
    let bus = bus.address.as_str();
    let other = "sha256~canary-other-0123456789";
    let who = |context: &str, token: &str| {
        let output = run(&env, bus, &["--context-name", context, "whoami", "-t"]);
        assert_eq!(streams(&output), (token.to_owned(), String::new()));
    };
    // The login of the flat file stays where it is when its server becomes a context.
    said(
        &env,
        bus,
        &["login", "http://127.0.0.1:1", "--token", TOKEN],
    );
    let login = ["login", "http://127.0.0.1:2", "--token", other];
    said(&env, bus, &[&login[..], &["--context-name", "b"]].concat());
    assert_eq!(
        env.saved()["contexts"],
        json!({
            "localhost": {"server": "http://127.0.0.1:1", "token_store": "keyring", "keyring_entry": 0},
            "b": {"server": "http://127.0.0.1:2", "keyring_entry": 1, "token_store": "keyring"},
        })
    );
    who("localhost", TOKEN);
    who("b", other);
    said(&env, bus, &["config", "rename-context", "b", "c"]);
    who("c", other);
    said(&env, bus, &["logout", "--context-name", "localhost"]);
    who("c", other);
    // A deleted context leaves nothing in the keyring, also for one that gets its number.
    said(&env, bus, &["config", "delete-context", "c"]);
    env.config(
        &json!({"current_context": "d", "contexts": {
            "d": {"token_store": "keyring", "keyring_entry": 1},
            "e": {"token_store": "keyring"},
        }})
        .to_string(),
    );
    for context in ["d", "e"] {
        let output = run(&env, bus, &["--context-name", context, "whoami"]);
        assert_eq!(output.status.code(), Some(4), "{context}");
    }
}
