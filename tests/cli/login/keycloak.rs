//! The same against a real Keycloak with a real browser. `.ci/run --keycloak` starts both; without them the tests are
//! skipped.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::login::text;
use crate::support::oidc::{CLIENT_SECRET, PASSWORD, PAST, jwt};
use crate::support::process::until;
use crate::support::server::{Scripted, nothing};
use crate::support::{TestEnv, skipped, streams, webdriver::Driver};

/// The issuer, if one runs.
fn issuer() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "CI says where it has started Keycloak"
    )]
    let issuer = std::env::var("ACPCTL_TEST_ISSUER").ok();
    if issuer.is_none() {
        skipped("no Keycloak runs here: .ci/run --keycloak");
    }
    issuer
}

/// A login that waits; its output is read until it shows an address.
struct Begun {
    child: Child,
    address: Url,
    lines: Vec<String>,
    _rest: Box<dyn std::any::Any>,
}

fn begin(env: &TestEnv, issuer: &str, api: &Scripted, mode: &str) -> Begun {
    let mut child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .args(["login", api.url(), mode, "--issuer-url", issuer])
        .args(["--client-id", "acpctl"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = Vec::new();
    let is_done = |lines: &[String]| {
        let shown = lines.iter().filter(|line| line.starts_with("  ")).count();
        shown == if mode == "--device" { 2 } else { 1 }
    };
    let mut read = |reader: &mut dyn BufRead| {
        while !is_done(&lines) {
            let mut line = String::new();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "{lines:?}");
            lines.push(line);
        }
    };
    let rest: Box<dyn std::any::Any> = if mode == "--device" {
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        read(&mut stderr);
        Box::new(stderr)
    } else {
        let mut stdout: BufReader<ChildStdout> = BufReader::new(child.stdout.take().unwrap());
        read(&mut stdout);
        Box::new(stdout)
    };
    let address = lines.iter().find(|line| line.starts_with("  ")).unwrap();
    Begun {
        address: Url::parse(address.trim()).unwrap(),
        child,
        lines,
        _rest: rest,
    }
}

fn sign_in(driver: &Driver) {
    driver.fill("#username", "ada");
    driver.fill("#password", PASSWORD);
    driver.click("#kc-login");
}

/// The sessions that are left are those whose refresh token still works.
fn renews(env: &TestEnv, refresh: &str) -> bool {
    let mut config = env.saved();
    config["refresh_token"] = refresh.into();
    let payload = text(&config, "access_token").split('.').nth(1).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    // The same user's token, which has ended: one of another user is not renewed.
    let mut claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["exp"] = PAST.into();
    config["access_token"] = jwt(&claims).into();
    env.config(&config.to_string());
    let output = env.acpctl().args(["project", "list"]).output().unwrap();
    !streams(&output).1.contains("could not be renewed")
}

#[test]
fn a_person_logs_in_with_the_browser_renews_and_logs_out() {
    let Some(issuer) = issuer() else { return };
    let (env, api) = (TestEnv::new(), nothing());
    let Some(driver) = Driver::start() else {
        return;
    };
    let mut login = begin(&env, &issuer, &api, "--use-auth-code");
    driver.visit(&login.address);
    sign_in(&driver);
    until("the page tells the end", || {
        driver.page().contains("acpctl is logged in to")
    });
    let page = driver.page();
    assert!(
        page.contains(&format!("logged in to {} as ada", api.url())),
        "{page}"
    );
    assert!(login.child.wait().unwrap().success());
    let saved = env.saved();
    let first = text(&saved, "refresh_token").to_owned();
    assert!(!page.contains(&first) && !page.contains(text(&saved, "access_token")));

    // A second login in the same session leaves the login good.
    let mut login = begin(&env, &issuer, &api, "--use-auth-code");
    driver.visit(&login.address);
    assert!(login.child.wait().unwrap().success());
    let second = text(&env.saved(), "refresh_token").to_owned();
    assert_ne!(first, second);
    assert!(renews(&env, &second), "the login in force is not ended");

    let last = text(&env.saved(), "refresh_token").to_owned();
    let before = env.saved();
    let output = env.acpctl().arg("logout").output().unwrap();
    assert_eq!(
        streams(&output),
        (
            "Logged out successfully.\n".to_owned(),
            format!("The login at {} is removed from this machine.\n", api.url())
        )
    );
    env.config(&before.to_string());
    assert!(!renews(&env, &last), "the issuer has ended the login");
}

#[test]
fn a_code_is_typed_on_another_device() {
    let Some(issuer) = issuer() else { return };
    let (env, api) = (TestEnv::new(), nothing());
    let Some(driver) = Driver::start() else {
        return;
    };
    let mut login = begin(&env, &issuer, &api, "--device");
    let code = login
        .lines
        .iter()
        .rfind(|line| line.starts_with("  "))
        .unwrap();
    driver.visit(&login.address);
    driver.fill("#device_user_code", code.trim());
    driver.click("#kc-login");
    sign_in(&driver);
    // The page of consent has a button of its own name: a slow one must not be taken for the page before it.
    driver.click("[name=accept]");
    assert!(login.child.wait().unwrap().success());
    assert!(text(&env.saved(), "refresh_token").starts_with("eyJ"));
}

#[test]
fn a_job_a_service_account_and_a_password_get_tokens() {
    let Some(issuer) = issuer() else { return };
    let (env, api) = (TestEnv::new(), nothing());
    let job = |secret: &str| {
        env.acpctl()
            .env("AMBIENT_API_URL", api.url())
            .env("AMBIENT_ISSUER_URL", &issuer)
            .env("AMBIENT_CLIENT_ID", "robot")
            .env("AMBIENT_CLIENT_SECRET", secret)
            .args(["whoami", "-o", "json"])
            .output()
            .unwrap()
    };
    let output = job(CLIENT_SECRET);
    let who: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&who["user"], &who["issuer"]),
        (&json!("service-account-robot"), &json!(issuer))
    );
    assert_eq!(job("canary-wrong-secret").status.code(), Some(4));
    assert!(!env.config_path().exists());

    for (flags, stdin) in [
        (
            &[
                "--client-credentials",
                "--client-secret",
                "-",
                "--client-id",
                "robot",
            ][..],
            CLIENT_SECRET,
        ),
        (
            &[
                "--password-grant",
                "--username",
                "ada",
                "--password",
                "-",
                "--client-id",
                "acpctl",
            ],
            PASSWORD,
        ),
    ] {
        let output = env
            .acpctl()
            .args(["login", api.url(), "--issuer-url", &issuer])
            .args(flags)
            .write_stdin(stdin)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", streams(&output).1);
    }
    env.acpctl()
        .arg("logout")
        .assert()
        .success()
        .stderr(format!(
            "The login at {} is removed from this machine.\n",
            api.url()
        ));
    let unknown = format!("{issuer}x");
    let output = env
        .acpctl()
        .args(["login", "--device", "--issuer-url", &unknown])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(streams(&output).1.contains("there is no issuer at "));
}

/// A job proves itself with a token that its CI system has signed. Keycloak takes one that is signed with a shared
/// secret, so that no second issuer is needed here.
#[test]
fn a_job_proves_itself_with_a_signed_token() {
    let Some(issuer) = issuer() else { return };
    let (env, api) = (TestEnv::new(), nothing());
    let signed = |secret: &str| {
        let now = jiff::Timestamp::now().as_second();
        let claims = json!({
            "iss": "job", "sub": "job", "aud": issuer, "jti": format!("job-{now}"), "iat": now, "exp": now + 60,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({"alg": "HS256"})), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(hmac(secret.as_bytes(), text.as_bytes()));
        format!("{text}.{signature}")
    };
    for (secret, code) in [
        ("canary-secret-that-signs-assertions", 0),
        ("canary-secret-of-somebody-else-0123", 4),
    ] {
        let output = env
            .acpctl()
            .env("AMBIENT_API_URL", api.url())
            .env("AMBIENT_ISSUER_URL", &issuer)
            .env("AMBIENT_CLIENT_ID", "job")
            .env("AMBIENT_ID_TOKEN", signed(secret))
            .env("AMBIENT_ID_TOKEN_GRANT", "client-assertion")
            .args(["project", "list", "--trace"])
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(!stderr.contains("eyJ"), "{stderr}");
    }
    assert!(!env.config_path().exists());
}

/// A job proves itself with a token that its CI system has signed with a key of its own. A second realm stands for the
/// CI system, and the platform's realm trusts it.
#[test]
fn a_job_proves_itself_with_a_token_of_another_issuer() {
    let Some(issuer) = issuer() else { return };
    let (env, api) = (TestEnv::new(), nothing());
    let system = issuer.replace("/realms/acp", "/realms/ci");
    assert_ne!(system, issuer);
    let run = |issuer: &str, variables: &[(&str, &str)], words: &[&str]| {
        let output = env
            .acpctl()
            .env("AMBIENT_API_URL", api.url())
            .env("AMBIENT_ISSUER_URL", issuer)
            .env("AMBIENT_CLIENT_SECRET", CLIENT_SECRET)
            .envs(variables.iter().copied())
            .args(words)
            .output()
            .unwrap();
        (output.status.code(), streams(&output))
    };
    let (code, (made, stderr)) = run(
        &system,
        &[("AMBIENT_CLIENT_ID", "pipeline")],
        &["whoami", "--show-token"],
    );
    assert_eq!(code, Some(0), "{stderr}");
    let with = |grant: &str, words: &[&str]| {
        let variables = [
            ("AMBIENT_CLIENT_ID", "robot"),
            ("AMBIENT_ID_TOKEN", made.as_str()),
            ("AMBIENT_ID_TOKEN_GRANT", grant),
        ];
        run(&issuer, &variables, words)
    };
    let (code, (who, stderr)) = with("jwt-bearer", &["whoami", "-o", "json"]);
    assert_eq!(code, Some(0), "{stderr}");
    let who: Value = serde_json::from_str(&who).unwrap();
    assert_eq!(
        (&who["user"], &who["issuer"]),
        (&json!("pipeline"), &json!(issuer))
    );
    // Keycloak takes such a token once, and exchanges only access tokens of its own: both are said.
    for (grant, words) in [
        ("jwt-bearer", "Token reuse detected"),
        ("token-exchange", "supports access tokens only"),
    ] {
        let (code, (_, stderr)) = with(grant, &["project", "list", "--trace"]);
        assert_eq!(code, Some(4), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
        assert!(!stderr.contains("eyJ"), "{stderr}");
    }
    assert!(api.received().is_empty() && !env.config_path().exists());
}

/// HMAC-SHA256 (RFC 2104), for a key of at most 64 bytes.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| -> Vec<u8> {
        let key = key.iter().copied().chain(std::iter::repeat(0));
        key.take(64).map(|part| part ^ byte).collect()
    };
    let inner = Sha256::digest([pad(0x36), text.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}
