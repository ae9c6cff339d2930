//! The issuer is asked before anything is shown: a wrong address fails at once, in one clear line.

use serde_json::json;

use crate::login::Waiting;
use crate::support::browser::{agree, visit};
use crate::support::oidc::{CLIENT, Issuer, Mood, REALM};
use crate::support::{TestEnv, streams};

/// The end of a login whose issuer has this address.
fn refused(mode: &str, issuer: &str) -> (Option<i32>, String) {
    let env = TestEnv::new();
    let output = env
        .acpctl()
        .args([
            "login",
            "https://api.corp.test",
            mode,
            "--issuer-url",
            issuer,
        ])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout, "", "{stderr}");
    assert!(!env.config_path().exists());
    (output.status.code(), stderr)
}

#[test]
fn a_wrong_issuer_fails_before_anything_is_shown() {
    let issuer = Issuer::new(Mood::Good);
    for mode in ["--use-auth-code", "--device"] {
        for (address, code, words) in [
            ("notaurl".to_owned(), 2, "the issuer's address is not valid"),
            ("http://127.0.0.1:1/r".to_owned(), 9, "connection refused"),
            (
                format!("{}/realms/none", issuer.host()),
                4,
                "there is no issuer at ",
            ),
        ] {
            let (status, stderr) = refused(mode, &address);
            assert!(status == Some(code) && stderr.contains(words), "{stderr}");
        }
    }
}

#[test]
fn an_issuer_that_lies_or_fails_gets_no_code_and_no_secret() {
    for (document, code, words) in [
        (
            json!({"issuer": "https://evil.test/r"}),
            10,
            "calls itself \"https://evil.test/r\"",
        ),
        (json!({"issuer": null}), 10, "names no issuer"),
        (
            json!({"authorization_endpoint": "javascript:alert(1)"}),
            10,
            "names an unsafe authorization_endpoint",
        ),
        (
            json!({"token_endpoint": "http://evil.test/token"}),
            10,
            "names an unsafe token_endpoint",
        ),
        (
            json!({"code_challenge_methods_supported": ["plain"]}),
            10,
            "does not support PKCE with S256",
        ),
        (json!({"status": 302}), 10, "HTTP 302"),
        (json!({"status": 500}), 10, "HTTP 500"),
        (json!({"status": 200}), 10, "not JSON"),
    ] {
        let issuer = Issuer::lying(&document);
        for mode in ["--use-auth-code", "--device"] {
            let (status, stderr) = refused(mode, &issuer.url());
            assert!(
                status == Some(code) && stderr.contains(words),
                "{document} {stderr}"
            );
            assert!(!stderr.contains('\u{1b}'));
        }
        assert!(
            issuer
                .received()
                .iter()
                .all(|request| request.method == "GET")
        );
    }
}

#[test]
fn the_endpoints_are_those_that_the_issuer_names() {
    let real = Issuer::new(Mood::Good);
    let place = format!("{}{REALM}/protocol/openid-connect", real.host());
    // The endpoints are at another address than the issuer, and one has a query of its own.
    let named = Issuer::lying(&json!({
        "authorization_endpoint": format!("{place}/auth?tenant=t"), "token_endpoint": format!("{place}/token"),
    }));
    let env = TestEnv::new();
    let login = Waiting::start(&env, &named, &[], &[]);
    assert_eq!(login.query()["tenant"], "t");
    visit(&agree(&login.authorization));
    assert!(login.end().status.success());
    assert_eq!(real.token_requests().len(), 1);
    assert!(named.token_requests().is_empty());
}

/// Where a request with a secret must not go, whatever the issuer says.
#[test]
fn an_issuer_that_sends_us_elsewhere_is_not_followed() {
    for (end, flags, stdin, code) in [
        (
            "/openid-configuration",
            &["--device", "--client-secret", "-"][..],
            "canary-client-secret",
            10,
        ),
        ("/auth/device", &["--device"], "", 4),
        ("/token", &["--device"], "", 10),
        (
            "/token",
            &["--client-credentials", "--client-secret", "-"],
            "canary-client-secret",
            10,
        ),
        (
            "/token",
            &["--password-grant", "--username", "ada", "--password", "-"],
            "canary-password",
            10,
        ),
    ] {
        let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
        let elsewhere = Issuer::new(Mood::Good);
        issuer.redirect(end, &format!("{}{REALM}{end}", elsewhere.host()));
        let output = env
            .acpctl()
            .args(["login", "https://api.corp.test", "--client-id", CLIENT])
            .args(["--issuer-url", &issuer.url()])
            .args(flags)
            .write_stdin(stdin)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{end} {flags:?} {stderr}");
        assert!(stderr.contains("HTTP 307"), "{stderr}");
        assert!(elsewhere.received().is_empty(), "{end} {flags:?}");
        assert!(!env.config_path().exists());
    }
}

/// Without an issuer the Go tool's is meant, which is not that of most platforms. A proxy that refuses keeps the test
/// here.
#[test]
fn who_names_no_issuer_learns_how_to_name_one() {
    for mode in ["--device", "--use-auth-code"] {
        let output = TestEnv::new()
            .acpctl()
            .env("HTTPS_PROXY", "http://127.0.0.1:1")
            .args(["login", "https://api.corp.test", mode])
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(9), "{stderr}");
        let hint = format!(
            "\nHint: name the issuer of your platform: acpctl login https://api.corp.test {mode} --issuer-url URL --client-id ID\n"
        );
        assert!(stderr.ends_with(&hint), "{stderr}");
        let told = "You log in at the issuer https://sso.redhat.com/auth/realms/redhat-external\n";
        assert!(stderr.starts_with(told), "{stderr}");
    }
}
