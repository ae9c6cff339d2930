//! Who may call, and what is written about it.

use std::sync::{Arc, Mutex};

use acpctl::server::{Manners, Options};
use secrecy::SecretString;
use serde_json::json;

use super::support::{Api, options};

#[test]
fn a_required_token_must_be_borne() {
    let api = Api::with(Options {
        bearer: Some(SecretString::from("right")),
        ..options(Manners::Recorded)
    });
    let with = |value: &str| {
        api.send(
            "GET",
            "/credentials",
            &[("authorization", value)],
            Vec::new(),
        )
    };
    assert_eq!(with("Bearer right").status, 200);
    for refused in [
        api.get("/credentials"),
        with("Bearer wrong"),
        with("bearer right"),
        api.get("/nope"),
        api.get("/version"),
    ] {
        assert_eq!(
            (refused.status, refused.text.as_str()),
            (401, "Unauthorized\n")
        );
        assert_eq!(
            refused.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(refused.header("x-operation-id"), None);
    }
    assert_eq!(api.get("!/api/ambient").status, 200);
    assert_eq!(api.get("!/healthcheck").status, 200);
}

#[test]
fn pages_of_other_sites_get_nowhere() {
    let api = Api::with(Options {
        browser_guard: true,
        ..options(Manners::Recorded)
    });
    let from = |origin: &str| {
        api.send("GET", "/credentials", &[("origin", origin)], Vec::new())
            .status
    };
    assert_eq!(
        (from("http://localhost:3000"), from("https://evil.example")),
        (200, 403)
    );
}

#[test]
fn the_access_log_holds_no_secret() {
    let lines = Arc::new(Mutex::new(String::new()));
    let log = lines.clone();
    let api = Api::with(Options {
        access_log: Some(Arc::new(move |access| {
            log.lock().unwrap().push_str(&format!("{access:?}\n"));
        })),
        ..options(Manners::Recorded)
    });
    let canary = "canary-5e1f";
    let headers = [("authorization", "Bearer canary-5e1f")];
    api.send(
        "GET",
        &format!("/credentials?search=name%3D'{canary}'"),
        &headers,
        Vec::new(),
    );
    api.post(
        "/credentials",
        &json!({"name": canary, "provider": "p", "token": canary}),
    );
    let lines = lines.lock().unwrap();
    assert!(
        lines.contains("/api/ambient/v1/credentials") && lines.contains("201"),
        "{lines}"
    );
    assert!(!lines.contains(canary), "{lines}");
}
