//! Who may call, and what is written about it.

use std::sync::{Arc, Mutex};

use acpctl::server::{Fidelity, Options};
use secrecy::SecretString;
use serde_json::json;

use super::support::{Api, options};

#[test]
fn a_required_token_must_be_borne() {
    let api = Api::with(Options {
        bearer: Some(SecretString::from("right")),
        ..options(Fidelity::Recorded)
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
        ..options(Fidelity::Recorded)
    });
    let host = ("host", "127.0.0.1:8000");
    let from = |more: &[(&str, &str)]| {
        let headers = [&[host], more].concat();
        api.send("GET", "/credentials", &headers, Vec::new()).status
    };
    assert_eq!(from(&[]), 200);
    assert_eq!(from(&[("origin", "http://127.0.0.1:8000")]), 200);
    for foreign in [
        ("origin", "http://localhost:3000"),
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        host,
    ] {
        assert_eq!(from(&[foreign]), 403, "{foreign:?}");
    }
    let write = |kind: &[(&str, &str)]| {
        let headers = [&[host], kind].concat();
        let body = json!({"name": "web"}).to_string().into_bytes();
        api.send("POST", "/projects", &headers, body).status
    };
    assert_eq!(write(&[]), 415);
    assert_eq!(write(&[("content-type", "text/plain")]), 415);
    assert_eq!(write(&[("content-type", "application/json")]), 201);
}

/// Nobody else knows the token, so that any name and any form will do.
#[test]
fn whoever_bears_the_token_may_call_by_any_name() {
    let api = Api::with(Options {
        browser_guard: true,
        bearer: Some(SecretString::from("right")),
        ..options(Fidelity::Recorded)
    });
    let headers = [
        ("host", "acp.test:8443"),
        ("authorization", "Bearer right"),
        ("content-type", "text/plain"),
    ];
    let body = json!({"name": "web"}).to_string().into_bytes();
    assert_eq!(api.send("POST", "/projects", &headers, body).status, 201);
}

#[test]
fn the_access_log_holds_no_secret() {
    let lines = Arc::new(Mutex::new(String::new()));
    let log = lines.clone();
    let api = Api::with(Options {
        access_log: Some(Arc::new(move |access| {
            log.lock().unwrap().push_str(&format!("{access:?}\n"));
        })),
        ..options(Fidelity::Recorded)
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
