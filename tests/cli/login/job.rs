//! Jobs in CI systems: variables give a token when a command needs one, and nothing is written to disk.

use std::fs;

use serde_json::{Value, json};

use crate::support::oidc::{CLIENT, CLIENT_SECRET, ID_TOKEN, Issuer, Mood};
use crate::support::server::{Scripted, error, list, nothing};
use crate::support::{TOKEN, TestEnv, streams};

/// A job that lists the projects.
fn job(env: &TestEnv, issuer: &Issuer, api: &str, more: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = env
        .acpctl()
        .env("AMBIENT_API_URL", api)
        .env("AMBIENT_ISSUER_URL", issuer.url())
        .env("AMBIENT_CLIENT_ID", CLIENT)
        .envs(more.iter().copied())
        .args(["project", "list", "--trace"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(!format!("{stdout}{stderr}").contains("canary"), "{stderr}");
    assert!(!stderr.contains("eyJ"), "{stderr}");
    (output.status.code(), stderr)
}

#[test]
fn a_job_gets_a_token_by_each_proof_and_writes_nothing() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    let secret = env.file("secret", format!("{CLIENT_SECRET}\n"));
    let id_token = env.file("id-token", format!("{ID_TOKEN}\n"));
    let (secret, id_token) = (secret.display().to_string(), id_token.display().to_string());
    let github = format!("{}/realms/r/github?api-version=1", issuer.host());
    let github = [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", github.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-github"),
    ];
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let with_grant = |grant| {
        [
            ("AMBIENT_ID_TOKEN", ID_TOKEN),
            ("AMBIENT_ID_TOKEN_GRANT", grant),
        ]
    };
    let both = [
        github[0],
        github[1],
        ("AMBIENT_CLIENT_SECRET", CLIENT_SECRET),
    ];
    for (variables, grant, field) in [
        (
            &[("AMBIENT_CLIENT_SECRET", CLIENT_SECRET)][..],
            "client_credentials",
            "client_secret",
        ),
        (
            &[("AMBIENT_CLIENT_SECRET_FILE", &secret)],
            "client_credentials",
            "client_secret",
        ),
        (&both, "client_credentials", "client_secret"),
        (&[("AMBIENT_ID_TOKEN", ID_TOKEN)], exchange, "subject_token"),
        (
            &[("AMBIENT_ID_TOKEN_FILE", &id_token)],
            exchange,
            "subject_token",
        ),
        (&github, exchange, "subject_token"),
        (&with_grant("jwt-bearer"), bearer, "assertion"),
        (
            &with_grant("client-assertion"),
            "client_credentials",
            "client_assertion",
        ),
    ] {
        let before = issuer.token_requests().len();
        let (status, stderr) = job(&env, &issuer, api.url(), variables);
        assert_eq!(status, Some(0), "{variables:?} {stderr}");
        let forms = issuer.token_requests();
        assert_eq!(forms.len(), before + 1);
        assert_eq!(forms[before]["grant_type"], grant);
        assert!(forms[before].contains_key(field), "{:?}", forms[before]);
    }
    let asked = issuer.received();
    let github = asked
        .iter()
        .find(|request| request.target.contains("/github"));
    assert!(
        github
            .unwrap()
            .target
            .contains("api-version=1&audience=http%3A%2F%2F127.0.0.1")
    );
    assert!(!env.config_path().parent().unwrap().exists());
}

#[test]
fn a_job_whose_token_is_refused_gets_another_one() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let first = std::sync::atomic::AtomicBool::new(true);
    let api = Scripted::with(move |_| {
        if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            error(401, "ambient-401", "token is expired")
        } else {
            list([Value::Null; 0])
        }
    });
    let secret = [("AMBIENT_CLIENT_SECRET", CLIENT_SECRET)];
    assert_eq!(job(&env, &issuer, api.url(), &secret).0, Some(0));
    assert_eq!(issuer.token_requests().len(), 2);
}

#[test]
fn a_job_that_is_described_in_part_or_wrongly_is_an_error() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    let missing = env.home().join("missing").display().to_string();
    for (variables, status, words) in [
        (
            &[
                ("AMBIENT_CLIENT_SECRET", CLIENT_SECRET),
                ("AMBIENT_CLIENT_ID", ""),
            ][..],
            4,
            "AMBIENT_CLIENT_ID is not set",
        ),
        (
            &[("AMBIENT_ID_TOKEN", ID_TOKEN), ("AMBIENT_ISSUER_URL", "")],
            4,
            "AMBIENT_ISSUER_URL is not set",
        ),
        (
            &[
                ("AMBIENT_ID_TOKEN", ID_TOKEN),
                ("AMBIENT_ID_TOKEN_GRANT", "magic"),
            ],
            2,
            "AMBIENT_ID_TOKEN_GRANT must be one of token-exchange, jwt-bearer, client-assertion",
        ),
        (
            &[("AMBIENT_CLIENT_SECRET_FILE", &missing)],
            7,
            "AMBIENT_CLIENT_SECRET_FILE: read ",
        ),
        (
            &[("AMBIENT_CLIENT_SECRET", "canary-wrong-secret")],
            4,
            "log in as cid: token endpoint: Token is not active",
        ),
        (
            &[],
            4,
            "not logged in; run 'acpctl login' first\n\
             Hint: a job needs AMBIENT_CLIENT_SECRET_FILE or AMBIENT_ID_TOKEN beside AMBIENT_CLIENT_ID, \
             or on GitHub 'permissions: {id-token: write}'\n",
        ),
    ] {
        let (code, stderr) = job(&env, &issuer, api.url(), variables);
        assert!(
            code == Some(status) && stderr.contains(words),
            "{variables:?} {stderr}"
        );
    }
    assert!(api.received().is_empty());
}

#[test]
fn whoami_and_doctor_know_the_job_and_a_token_goes_before_it() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    let run = |args: &[&str], more: &[(&str, &str)]| {
        let output = env
            .acpctl()
            .env("AMBIENT_API_URL", api.url())
            .env("AMBIENT_ISSUER_URL", issuer.url())
            .env("AMBIENT_CLIENT_ID", CLIENT)
            .env("AMBIENT_CLIENT_SECRET", CLIENT_SECRET)
            .envs(more.iter().copied())
            .args(args)
            .output()
            .unwrap();
        streams(&output)
    };
    assert!(run(&["whoami"], &[]).0.contains("User:       alice"));
    let checks = run(&["doctor"], &[]).0;
    assert!(checks.contains("token from AMBIENT_CLIENT_ID"), "{checks}");
    let before = issuer.token_requests().len();
    run(&["project", "list"], &[("AMBIENT_TOKEN", TOKEN)]);
    assert_eq!(issuer.token_requests().len(), before);
    // A logout says that the job goes on.
    let stderr = run(&["logout"], &[]).1;
    assert!(
        stderr.contains("AMBIENT_CLIENT_ID are set and still used"),
        "{stderr}"
    );
    let _ = fs::remove_file(env.config_path());
}

#[test]
fn a_job_without_a_server_gets_no_token() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let output = env
        .acpctl()
        .env("AMBIENT_ISSUER_URL", issuer.url())
        .env("AMBIENT_CLIENT_ID", CLIENT)
        .env("AMBIENT_CLIENT_SECRET", CLIENT_SECRET)
        .args(["project", "list"])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("AMBIENT_API_URL is not set"), "{stderr}");
    assert!(issuer.received().is_empty());
}

#[test]
fn the_hints_of_a_job_name_its_variables() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    let secret = [
        ("AMBIENT_CLIENT_SECRET", CLIENT_SECRET),
        ("AMBIENT_ISSUER_URL", "http://sso.corp.test"),
    ];
    let (_, stderr) = job(&env, &issuer, api.url(), &secret);
    assert!(
        stderr.contains("AMBIENT_ISSUER_URL=https://") && !stderr.contains("--issuer-url"),
        "{stderr}"
    );
    let refusing = Scripted::with(|_| error(401, "ambient-401", "no"));
    let (status, stderr) = job(&env, &issuer, refusing.url(), &secret[..1]);
    assert_eq!(status, Some(4));
    assert!(
        stderr.contains("check AMBIENT_ISSUER_URL and AMBIENT_CLIENT_ID"),
        "{stderr}"
    );
}

#[test]
fn the_token_of_a_job_goes_to_no_address_that_only_the_file_has() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    let run = |variables: &[(&str, &str)]| {
        let output = env
            .acpctl()
            .env("AMBIENT_ISSUER_URL", issuer.url())
            .env("AMBIENT_CLIENT_ID", CLIENT)
            .env("AMBIENT_CLIENT_SECRET", CLIENT_SECRET)
            .envs(variables.iter().copied())
            .args(["project", "list"])
            .output()
            .unwrap();
        (output.status.code(), streams(&output).1)
    };
    let login = json!({"server": api.url(), "access_token": TOKEN});
    let flat = json!({"api_url": api.url(), "access_token": TOKEN});
    for file in [
        flat,
        json!({"current_context": "a", "contexts": {"a": login}}),
    ] {
        env.config(&file.to_string());
        for variables in [&[][..], &[("AMBIENT_API_URL", "")]] {
            let (status, stderr) = run(variables);
            assert_eq!(status, Some(4), "{stderr}");
            let hint = format!("Hint: export AMBIENT_API_URL={}\n", api.url());
            assert!(stderr.ends_with(&hint), "{stderr}");
        }
    }
    assert!(issuer.received().is_empty() && api.received().is_empty());
    for variable in [("AMBIENT_API_URL", api.url()), ("AMBIENT_CONTEXT", "a")] {
        let (status, stderr) = run(&[variable]);
        assert_eq!(status, Some(0), "{stderr}");
    }
}
