//! A keyring that is missing, locked or silent: an error or the file, in time.

use std::os::unix::net::UnixListener;
use std::path::Path;

use serde_json::{Value, json};

use crate::login::keyring::{Bus, run, said};
use crate::support::oidc::{Issuer, Mood, jwt};
use crate::support::server::nothing;
use crate::support::{TOKEN, TestEnv, streams};

const LATE: &str = "the keyring did not answer within 2 seconds";

#[test]
fn without_a_secret_service_the_file_is_used_and_it_is_said() {
    let env = TestEnv::new();
    let Some(bus) = Bus::start(&env) else { return };
    let stderr = said(&env, &bus.address, &["login", "--token", TOKEN]);
    assert!(
        stderr.starts_with(
            "The login is in the configuration file, mode 0600: no keyring accepted it ("
        ),
        "{stderr}"
    );
    assert_eq!(env.saved(), json!({"access_token": TOKEN}));
    // Asked for by name, it is an error, and the file stays as it was.
    let output = run(
        &env,
        &bus.address,
        &[
            "login",
            "--token",
            "sha256~canary-other-0123456789",
            "--store",
            "keyring",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(streams(&output).1.starts_with("Error: keep the login: "));
    assert_eq!(env.saved(), json!({"access_token": TOKEN}));
}

#[test]
fn a_locked_keyring_is_an_error_in_time() {
    let env = TestEnv::new();
    let Some(bus) = Bus::start(&env) else { return };
    let Some(keyring) = bus.keyring(&env, Some("password")) else {
        return;
    };
    said(&env, &bus.address, &["login", "--token", TOKEN]);
    drop(keyring);
    let bus = {
        drop(bus);
        Bus::start(&env).unwrap()
    };
    let Some(_locked) = bus.keyring(&env, None) else {
        return;
    };
    let output = run(&env, &bus.address, &["whoami"]);
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert_eq!(stdout, "");
    assert!(stderr.starts_with("Error: read the login: "), "{stderr}");
    assert_eq!(env.saved()["token_store"], "keyring");
    assert_eq!(env.saved()["access_token"], Value::Null);
}

/// A session bus that takes connections and never says a word.
struct Silent {
    listener: UnixListener,
    address: String,
}

impl Silent {
    fn new(dir: &Path) -> Self {
        let path = dir.join("silent-bus");
        let listener = UnixListener::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self {
            listener,
            address: format!("unix:path={}", path.display()),
        }
    }

    /// How many connections were made since the last time.
    fn connections(&self) -> usize {
        std::iter::from_fn(|| self.listener.accept().ok()).count()
    }
}

#[test]
fn a_keyring_that_hangs_costs_two_seconds_and_no_login() {
    let env = TestEnv::new();
    let silent = Silent::new(&env.work());
    let output = run(
        &env,
        &silent.address,
        &["login", "--token", TOKEN, "--store", "keyring"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        streams(&output).1,
        format!(
            "Error: keep the login: {LATE}\nHint: use --store file to keep it in config.json, mode 0600\n"
        )
    );
    assert!(!env.config_path().exists());

    let stderr = said(&env, &silent.address, &["login", "--token", TOKEN]);
    assert!(
        stderr.starts_with(&format!(
            "The login is in the configuration file, mode 0600: no keyring accepted it ({LATE})\n"
        )),
        "{stderr}"
    );
    assert_eq!(env.saved(), json!({"access_token": TOKEN}));

    env.config(r#"{"token_store": "keyring", "keyring_entry": 7}"#);
    for args in [&["whoami"][..], &["project", "list"]] {
        let output = run(&env, &silent.address, args);
        assert_eq!(output.status.code(), Some(4));
        assert!(
            streams(&output).1.starts_with(&format!(
                "Error: read the login: {LATE}\nHint: unlock the keyring, or set AMBIENT_TOKEN, "
            )),
            "{}",
            streams(&output).1
        );
    }
    // The way out works, and says what is left.
    let stderr = said(
        &env,
        &silent.address,
        &["login", "--token", TOKEN, "--store", "file"],
    );
    assert!(
        stderr.starts_with(&format!(
            "Warning: the previous login is still in the keyring ({LATE})\n"
        )),
        "{stderr}"
    );
    assert_eq!(env.saved()["access_token"], TOKEN);
    // The number stays, so that a later logout finds the entry.
    assert_eq!(env.saved()["keyring_entry"], 7);
    let stderr = said(&env, &silent.address, &["logout"]);
    assert!(
        stderr.contains("\nWarning: an earlier login is still in the keyring ("),
        "{stderr}"
    );
    assert_eq!(env.saved(), json!({"keyring_entry": 7}));
    assert!(silent.connections() > 0);
}

#[test]
fn a_keyring_that_hangs_is_waited_for_once() {
    let env = TestEnv::new();
    let silent = Silent::new(&env.work());
    env.config(r#"{"token_store": "keyring", "keyring_entry": 7, "keyring_left": [8, 9]}"#);
    let login = ["login", "--token", TOKEN, "--store", "file"];
    said(&env, &silent.address, &login);
    assert_eq!(silent.connections(), 1);
}

#[test]
fn a_logout_that_can_not_reach_the_keyring_is_an_error_and_can_be_repeated() {
    let env = TestEnv::new();
    let silent = Silent::new(&env.work());
    let config = json!({
        "token_store": "keyring", "keyring_entry": 7, "project": "p1",
        "issuer_url": "https://sso.test", "client_id": "c", "login_url": "https://api.test",
    });
    env.config(&config.to_string());
    for _ in 0..2 {
        let output = run(&env, &silent.address, &["logout"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            streams(&output).1.starts_with(&format!(
                "Error: remove the login from the keyring: {LATE}\n"
            )),
            "{}",
            streams(&output).1
        );
        assert_eq!(env.saved(), config);
    }
}

#[test]
fn the_keyring_is_left_alone_by_those_who_need_no_token_from_it() {
    let env = TestEnv::new();
    let silent = Silent::new(&env.work());
    let api = nothing();
    env.config(
        &json!({"token_store": "keyring", "keyring_entry": 7, "api_url": api.url(), "project": "p1"}).to_string(),
    );
    for args in [
        &["--help"][..],
        &["login", "--help"],
        &["version"],
        &["config", "get", "project"],
        &["config", "get", "access_token"],
        &["config", "view", "--origin"],
        &["config", "set", "project", "p1"],
        &["project", "current"],
        &["completion", "bash"],
    ] {
        run(&env, &silent.address, args);
        assert_eq!(silent.connections(), 0, "{args:?}");
    }
    // A token in the environment, or one that somebody wrote into the file.
    let output = env
        .connected(api.url())
        .env("DBUS_SESSION_BUS_ADDRESS", &silent.address)
        .args(["project", "list"])
        .output()
        .unwrap();
    assert!(output.status.success());
    env.config(
        &json!({"token_store": "keyring", "keyring_entry": 7, "api_url": api.url(), "access_token": TOKEN}).to_string(),
    );
    said(&env, &silent.address, &["project", "list"]);
    said(&env, &silent.address, &["whoami"]);
    assert_eq!(silent.connections(), 0);
}

#[test]
fn a_keyring_that_does_not_answer_is_told_before_the_login() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let silent = Silent::new(&env.work());
    let url = issuer.url();
    let words = [
        "login",
        "--device",
        "--store",
        "keyring",
        "--issuer-url",
        &url,
    ];
    let output = run(&env, &silent.address, &words);
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.starts_with(&format!("Error: keep the login: {LATE}\n")),
        "{stderr}"
    );
    assert!(issuer.received().is_empty());
}

/// The file with a login of the context `a`, and one of `b` in a keyring, which may be of the same session.
fn beside_a_hidden_login(env: &TestEnv, issuer: &Issuer, access: &str) {
    let of_issuer =
        json!({"issuer_url": issuer.url(), "client_id": "c", "server": "https://api.test"});
    let context = |more: Value| {
        let mut entry = of_issuer.as_object().unwrap().clone();
        entry.extend(more.as_object().unwrap().clone());
        entry
    };
    let contexts = json!({
        "a": context(json!({"access_token": access, "refresh_token": "canary-refresh-a"})),
        "b": context(json!({"token_store": "keyring", "keyring_entry": 7})),
    });
    env.config(&json!({"current_context": "a", "contexts": contexts}).to_string());
}

#[test]
fn a_login_that_the_keyring_does_not_show_is_not_ended_with_another_one() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let silent = Silent::new(&env.work());
    let of_session = jwt(&json!({"sub": "alice", "sid": "s1"}));
    beside_a_hidden_login(&env, &issuer, &of_session);
    let stderr = said(&env, &silent.address, &["logout"]);
    assert!(issuer.revoked().is_empty());
    let warning = format!(
        "Warning: the login goes on at {}, because the context \"b\" may have a login of the same session there, \
         which would end too, and the keyring does not show it ({LATE}); end this one in your account there, or unlock \
         the keyring, and to end both: acpctl --context-name=b logout\n",
        issuer.url()
    );
    assert!(stderr.contains(&warning), "{stderr}");
    assert_eq!(env.saved()["contexts"]["a"]["refresh_token"], Value::Null);
    // A login that takes its place does not end it either.
    beside_a_hidden_login(&env, &issuer, &of_session);
    let login = ["login", "--token", TOKEN, "--store", "file"];
    let stderr = said(&env, &silent.address, &login);
    assert!(issuer.revoked().is_empty());
    assert!(
        stderr.contains("the context \"b\" may have a login of the same session there"),
        "{stderr}"
    );
    // A token that names no session could not be compared with an answer either.
    beside_a_hidden_login(&env, &issuer, TOKEN);
    said(&env, &silent.address, &["logout"]);
    assert_eq!(issuer.revoked(), ["canary-refresh-a"]);
}
