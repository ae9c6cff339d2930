//! Secrets that come back are hidden.

use serde_json::json;

use crate::support::run::{Line as _, credential_create};
use crate::support::server::{Scripted, raw};
use crate::support::{TOKEN, TestEnv, streams};
use crate::untrusted::KUBECONFIG;

/// Everything that a request holds, in the forms in which servers quote it.
fn quoting(authorization: &str, body: &str) -> String {
    use base64::Engine as _;
    let packed = base64::engine::general_purpose::STANDARD.encode(format!("x{body}"));
    let form: String = url::form_urlencoded::byte_serialize(body.as_bytes()).collect();
    let cut: String = authorization.chars().take(30).collect();
    format!("bad request: {authorization}; {body}; {packed}; {form}; {cut}...")
}

#[test]
fn secrets_that_come_back_are_hidden() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let authorization = request.header("Authorization").unwrap_or_default();
        let reason = quoting(authorization, &String::from_utf8_lossy(&request.body));
        match request.method.as_str() {
            "GET" if request.target.contains('?') => {
                raw(200, "application/json", "{\"items\":[],\"total\":0}")
            }
            "PATCH" => raw(400, "text/plain", reason),
            _ => {
                let body = json!({"code": "c", "reason": reason, "description": reason});
                raw(400, "application/json", body.to_string())
            }
        }
    });
    let secret = "canary\"secret/value+7f3k";
    let path = env.file("s", secret);
    let token = format!("@{}", path.display());
    let config = env.file("k.yaml", KUBECONFIG);
    let file = config.to_str().unwrap();
    for args in [
        &credential_create("jira", "n", &["--token", &token])[..],
        &[
            "credential",
            "update",
            "2abCRED0000000000000000001",
            "--token",
            &token,
        ],
        &credential_create("kubeconfig", "n", &["--from-file", file]),
        &["get", "project", "x"],
        &["delete", "project", "x", "--yes"],
    ] {
        for more in [&[][..], &["--trace"], &["--verbose"], &["--print-curl"]] {
            let mut command = env.connected(server.url());
            let output = command.args(args).args(more).output().unwrap();
            let (stdout, stderr) = streams(&output);
            assert!(!output.status.success(), "{args:?}");
            let shown = format!("{stdout}{stderr}");
            for canary in [TOKEN, &TOKEN[..12], "canary", "7f3k", "a2V5", "Y2FuYXJ5"] {
                assert!(!shown.contains(canary), "{args:?} {canary} {shown}");
            }
            assert!(stderr.contains("bad request: Bearer ****"), "{stderr}");
        }
    }
    let json = ["get", "project", "x", "-o", "json"];
    let output = env.connected(server.url()).args(json).output().unwrap();
    let (stdout, _) = streams(&output);
    assert!(
        !stdout.contains("canary") && stdout.contains("bad request: Bearer ****"),
        "{stdout}"
    );
}

#[test]
fn a_client_secret_that_the_issuer_quotes_is_hidden() {
    let env = TestEnv::new();
    let issuer = Scripted::with(|request| {
        if request.target.contains("/.well-known/") {
            return raw(404, "text/plain", "");
        }
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let body = json!({"error": "invalid_client", "error_description": format!("not known:\nError: {form}")});
        raw(401, "application/json", body.to_string())
    });
    let output = env
        .acpctl()
        .line("login --client-credentials --client-id me --client-secret")
        .arg("canary secret/of+length")
        .args(["--issuer-url", issuer.url(), "--verbose"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(!format!("{stdout}{stderr}").contains("canary"), "{stderr}");
    assert!(stderr.contains("not known: Error: "), "{stderr}");
}

#[test]
fn a_password_in_an_issuers_address_is_hidden_as_it_is_sent() {
    use base64::Engine as _;
    let env = TestEnv::new();
    let issuer = Scripted::with(|request| {
        if request.target.contains("/.well-known/") {
            return raw(404, "text/plain", "");
        }
        let basic = request
            .header("Authorization")
            .unwrap_or_default()
            .to_owned();
        let sent = base64::engine::general_purpose::STANDARD
            .decode(basic.trim_start_matches("Basic "))
            .unwrap_or_default();
        let sent = String::from_utf8_lossy(&sent).into_owned();
        let body =
            json!({"error": "refused", "error_description": format!("not {basic}, not {sent}")});
        raw(401, "application/json", body.to_string())
    });
    let address = issuer
        .url()
        .replace("http://", "http://user:canary%40slash%2Fword@");
    let output = env
        .acpctl()
        .args(["login", "--client-credentials", "--client-id", "me"])
        .line("--client-secret another-secret --issuer-url")
        .arg(&address)
        .arg("--verbose")
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let shown = format!("{stdout}{stderr}");
    assert!(stderr.contains("not Basic ****"), "{stderr}");
    for part in ["canary", "slash", "Y2FuYXJ5"] {
        assert!(!shown.contains(part), "{shown}");
    }
}

#[test]
fn a_password_in_an_address_is_never_shown() {
    let env = TestEnv::new();
    let server =
        Scripted::with(|_| raw(200, "application/json", "{\"items\":[],\"version\":\"1\"}"));
    let url = server.url().replace("http://", "http://user:URLcanary@");
    for line in [
        "credential list --verbose",
        "credential list --print-curl",
        "credential list --trace",
        "config view",
        "config view -o json",
        "config get api_url",
        "whoami",
        "whoami -o json",
        "doctor",
        "doctor -o json",
        "login http://a:URLcanary@h:x --token abcdefghijklmnopqrstuvw",
        "config set api_url http://a:URLcanary@h.test/x?y",
        "config set api_url http://a:URLcanary@h.test/x",
    ] {
        let output = env.connected(&url).args(line.split(' ')).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(
            !format!("{stdout}{stderr}").contains("URLcanary"),
            "{line}: {stdout}{stderr}"
        );
    }
    let mut command = env.connected("http://127.0.0.1:9");
    command.env_remove("AMBIENT_API_URL");
    let output = command
        .line("--api-url http://u:URLcanary@127.0.0.1:1 project list")
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert!(
        stderr.contains("http://***@127.0.0.1:1") && !stderr.contains("URLcanary"),
        "{stderr}"
    );
}
