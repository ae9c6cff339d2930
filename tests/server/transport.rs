//! Transport and errors (docs/interface/api.md sections 1, 3 and 10).

use serde_json::json;

use super::support::{api, reason};

#[test]
fn answers_are_compact_sorted_and_escaped_like_go() {
    let api = api();
    let made = api.post(
        "/credentials",
        &json!({"provider": "p", "name": "<&>\u{2028}", "url": "u"}),
    );
    assert!(
        made.text.contains(r#""name":"\u003c\u0026\u003e\u2028""#),
        "{}",
        made.text
    );
    let keys: Vec<String> = made.json().as_object().unwrap().keys().cloned().collect();
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(keys, sorted);
    assert!(!made.text.ends_with('\n') && !made.text.contains(": "));
    assert_eq!(made.header("content-type"), Some("application/json"));
    assert_eq!(made.header("vary"), Some("Authorization"));
    assert_eq!(made.header("x-operation-id").map(str::len), Some(27));
}

#[test]
fn errors_have_six_sorted_keys_and_the_id_of_the_request() {
    let answer = api().get("/credentials/nope");
    let operation = answer.header("x-operation-id").unwrap();
    assert_eq!(
        answer.text,
        format!(
            r#"{{"code":"ambient-api-server-7","href":"/api/ambient/v1/errors/7","id":"7","kind":"Error","operation_id":"{operation}","reason":"Credential with id='nope' not found"}}"#
        )
    );
}

#[test]
fn unknown_paths_have_their_odd_body() {
    let answer = api().get("/nope?x=1");
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.text,
        r#"{"type":"Error","id":"404","href":"/api/ambient/v1/errors/404","code":"ambient-api-server-404","reason":"The requested resource '/api/ambient/v1/nope' doesn't exist"}"#
    );
    assert_eq!(answer.header("x-operation-id"), None);
}

#[test]
fn wrong_verbs_get_an_empty_405() {
    let api = api();
    for (method, path) in [
        ("PUT", "/credentials/x"),
        ("HEAD", "/credentials"),
        ("POST", "/credentials/x"),
        ("POST", "/credentials/x/token"),
        ("DELETE", "/credentials"),
        ("PATCH", "/version"),
        ("TRACE", "/credentials"),
    ] {
        let answer = api.send(method, path, &[], Vec::new());
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (405, ""),
            "{method} {path}"
        );
        for header in ["allow", "content-type", "x-operation-id"] {
            assert_eq!(answer.header(header), None, "{method} {path} {header}");
        }
    }
    let options = api.send(
        "OPTIONS",
        "/credentials",
        &[("origin", "http://localhost:3000")],
        Vec::new(),
    );
    assert_eq!((options.status, options.text.as_str()), (200, ""));
}

#[test]
fn one_trailing_slash_is_dropped_and_doubled_ones_move() {
    let api = api();
    assert_eq!(api.get("/credentials/").status, 200);
    let moved = api.get("//credentials?size=1");
    assert_eq!(moved.status, 301);
    assert_eq!(
        moved.header("location"),
        Some("/api/ambient/v1/credentials?size=1")
    );
}

#[test]
fn no_answer_is_to_be_kept_or_guessed_at() {
    let api = api();
    for path in ["/credentials", "/nope", "/version", "!/healthcheck", "!/"] {
        let answer = api.get(path);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
    }
}

#[test]
fn a_slash_in_an_id_leads_to_no_other_record() {
    let api = api();
    api.post("/projects", &json!({"name": "web"}));
    let made = json!({"name": "a", "project_id": "web"});
    let agent = api.post("/projects/web/agents", &made).at("id");
    let sent = api.delete(&format!("/projects/web%2Fagents%2F{agent}"));
    assert_eq!(sent.status, 404, "{}", sent.text);
    assert_eq!(
        api.get(&format!("/projects/web/agents/{agent}")).status,
        200
    );
    assert_eq!(
        api.get(&format!("/projects/w%65b/agents/{agent}")).status,
        200
    );
}

#[test]
fn a_search_over_long_texts_is_given_up_and_holds_nobody_up() {
    let api = api();
    let text = "a".repeat(4 << 20);
    api.credential(&json!({"name": "n", "provider": "p", "description": text}));
    let pattern = format!("%{}b", "a".repeat(900));
    let search = super::support::encoded(&format!("description ilike '{pattern}'"));
    let refused = api.get(&format!("/credentials?search={search}"));
    assert_eq!(reason(&refused, 400, "21"), "the search took too long");
    let easy = super::support::encoded("description ilike '%a'");
    assert_eq!(
        api.get(&format!("/credentials?search={easy}")).json()["total"],
        1
    );
}

#[test]
fn bodies_have_a_limit_above_twenty_mebibytes() {
    let api = api();
    let token = "x".repeat(20 * 1024 * 1024);
    let id = api.credential(&json!({"name": "big", "provider": "kubeconfig", "token": token}));
    assert!(api.get(&format!("/credentials/{id}/token")).at("token") == token);
    let body = format!(r#"{{"name":"{}"}}"#, "x".repeat(33 * 1024 * 1024));
    assert!(reason(&api.post_raw("/credentials", body.as_bytes()), 413, "17").contains("33554432"));
}

#[test]
fn health_root_version_and_description_are_served() {
    let api = api();
    assert_eq!(api.get("!/healthcheck").text, "{}");
    let root = r#"{"id":"ambient-api-server","href":"/api/ambient","kind":"API","version":"unknown","build_time":"unknown"}"#;
    assert_eq!(api.get("!/api/ambient").text, root);
    assert!(api.get("/version").at("version").starts_with("acpctl-"));
    assert_eq!(api.get("/openapi").json()["openapi"], "3.0.3");
}
