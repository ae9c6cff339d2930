//! What is shown of a secret: nothing, and what a log has to mask.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::intake::{CERTS, config, create, run, with_certificates};
use crate::support::TestEnv;
use crate::support::run::credential_create;

#[test]
fn what_may_be_a_secret_is_not_shown() {
    let env = TestEnv::new();
    let args = credential_create("github", "n", &["--token"]);
    let (status, stdout, stderr) = run(&env, &[&args[..], &["@p4ssw0rd-canary"]].concat());
    assert_eq!(status, Some(7), "{stderr}");
    assert!(
        !stderr.contains("p4ssw0rd") && !stdout.contains("p4ssw0rd"),
        "{stderr}"
    );
    let (status, _, stderr) = run(&env, &[&args[..], &["lit3ral"]].concat());
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stderr.starts_with("Warning: a secret on the command line"),
        "{stderr}"
    );
    let (status, _, stderr) = run(&env, &["credential", "update", "n", "--token", "lit3ral2"]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stderr.starts_with("Warning: a secret on the command line"),
        "{stderr}"
    );
}

#[test]
fn masks_are_the_secret_values_and_nothing_else() {
    let env = with_certificates();
    env.file(
        "k.yaml",
        config(
            "",
            "{client-certificate: rsa.crt, client-key: rsa.key, token: t0ken-value}",
        ),
    );
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(status, Some(0), "{stderr}");
    let (_, stdout, stderr) = run(&env, &["credential", "token", "n", "--github-mask"]);
    let masks: Vec<&str> = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("::add-mask::"))
        .collect();
    let key = fs::read_to_string(Path::new(CERTS).join("rsa.key")).unwrap();
    let line = key.lines().nth(2).unwrap();
    let stored = stdout.strip_suffix('\n').unwrap();
    for secret in [
        "t0ken-value",
        line,
        &STANDARD.encode(&key),
        &STANDARD.encode(stored),
    ] {
        assert!(masks.contains(&secret), "{secret:.30} in {masks:?}");
    }
    for word in [
        "apiVersion",
        "users",
        "client-key",
        "-----",
        "api.example.com",
    ] {
        assert!(
            masks.iter().all(|mask| !mask.contains(word)),
            "{word}: {masks:?}"
        );
    }
}
