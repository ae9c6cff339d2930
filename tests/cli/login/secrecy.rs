//! No token is said aloud, in whatever way one logs in.

use std::process::Output;

use crate::login::{expired, service_account, service_account_with};
use crate::support::oidc::{CLIENT_SECRET, Issuer, Mood};
use crate::support::server::nothing;
use crate::support::{TOKEN, TestEnv, streams};

// Secrets

#[test]
fn no_token_is_said_aloud_whatever_is_asked_for() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let api = nothing();
    let canaries = |output: &Output| {
        let (stdout, stderr) = streams(output);
        let all = format!("{stdout}{stderr}");
        assert!(!all.contains("canary-"), "{all}");
        // A JWT begins with its header.
        assert!(!all.contains("eyJ"), "{all}");
    };
    for flag in ["-v", "--trace", "--print-curl"] {
        expired(&env, &issuer, &issuer.refresh_token(), api.url());
        for args in [
            &["project", "list"][..],
            &["login", "--token", TOKEN],
            &["whoami"],
            &["config", "view", "--origin"],
            &["logout"],
        ] {
            canaries(&env.acpctl().args(args).arg(flag).output().unwrap());
        }
        let output = service_account_with(&env, &issuer, CLIENT_SECRET, &[flag]);
        canaries(&output);
        if flag != "--print-curl" {
            let url = format!("{}/protocol/openid-connect/token", issuer.url());
            let stderr = streams(&output).1;
            assert!(
                stderr.contains(&format!("> POST {url}\n< 200 ")),
                "{stderr}"
            );
        }
        let failing = Issuer::new(Mood::Refusing);
        expired(&env, &failing, "canary-refresh", api.url());
        canaries(
            &env.acpctl()
                .args(["project", "list", flag])
                .output()
                .unwrap(),
        );
        canaries(&service_account(&env, &failing, CLIENT_SECRET));
    }
}
