//! Locks that another run holds cost a limited time and end in an error that says so (docs/security.md, R3).
//! An issuer that is silent or wants fewer questions costs a limited time as well.
//! The tests wait as long as the program does: 10 s for the store, 40 s for the configuration, 5 s for a discovery
//! document, 6 s between two questions about a code.

use std::fs::File;

use rusqlite::Connection;

use crate::support::oidc::{CLIENT, Issuer, Mood};
use crate::support::run::Line as _;
use crate::support::server::nothing;
use crate::support::{TestEnv, streams};

fn create(env: &TestEnv, name: &str) -> assert_cmd::Command {
    let mut command = env.local();
    command
        .line("credential create --provider github --name")
        .arg(name)
        .args(["--from-file", "-"])
        .write_stdin("canary-0123456789");
    command
}

#[test]
fn a_store_that_is_held_is_an_error_in_time() {
    let env = TestEnv::new();
    create(&env, "before").assert().success();
    let store = env.home().join(".local/share/ambient/ambient.db");
    let other = Connection::open(&store).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let output = create(&env, "during").output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        (stdout.as_str(), output.status.code()),
        ("", Some(10)),
        "{stderr}"
    );
    assert!(
        stderr.contains("another process keeps the store in")
            && stderr.matches("Error: ").count() == 1,
        "{stderr}"
    );
    other.execute_batch("COMMIT").unwrap();
    create(&env, "during").assert().success();
}

#[test]
fn a_configuration_that_is_held_is_an_error_in_time() {
    let env = TestEnv::new();
    env.config("{\"project\": \"before\"}");
    let lock = File::create(env.config_path().with_file_name(".config.json.lock")).unwrap();
    lock.lock().unwrap();
    let output = env
        .acpctl()
        .args(["config", "set", "project", "during"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        (stdout.as_str(), output.status.code()),
        ("", Some(1)),
        "{stderr}"
    );
    assert!(stderr.contains("another run has held"), "{stderr}");
    let saved = std::fs::read_to_string(env.config_path()).unwrap();
    assert_eq!(saved, "{\"project\": \"before\"}");
}

#[test]
fn a_discovery_document_has_five_seconds_whatever_the_limit_of_a_request() {
    for mode in ["--use-auth-code", "--device"] {
        let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Silent));
        // A run that waits for the limit of a request is killed by the test.
        let output = env
            .acpctl()
            .args(["login", "https://api.corp.test", mode])
            .args(["--issuer-url", &issuer.url(), "--request-timeout", "10m"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(
            (stdout.as_str(), output.status.code()),
            ("", Some(9)),
            "{stderr}"
        );
        assert!(
            stderr.ends_with(": context deadline exceeded\n"),
            "{stderr}"
        );
    }
}

#[test]
fn a_login_with_a_code_succeeds_after_the_issuer_wanted_fewer_questions() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    issuer.script_device(&["slow_down"]);
    let output = env
        .acpctl()
        .args(["login", api.url(), "--device", "--client-id", CLIENT])
        .args(["--issuer-url", &issuer.url()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", streams(&output).1);
    assert_eq!(issuer.token_requests().len(), 2);
}
