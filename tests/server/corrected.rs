//! What is right here where the platform isn't (docs/server.md).

use acpctl::server::Fidelity;
use serde_json::json;

use super::support::{Answer, Api};

#[test]
fn corrected_fidelity_refuse_what_is_the_callers_fault() {
    let api = Api::new(Fidelity::Corrected);
    let status = |answer: Answer| answer.status;
    assert_eq!(status(api.post_raw("/credentials", b"null")), 400);
    assert_eq!(status(api.delete("/credentials/none")), 404);
    assert_eq!(
        status(api.get("/credentials?search=nosuch%20%3D%20'x'")),
        400
    );
    assert_eq!(
        status(api.get("/credentials?search=created_at%20%3E%205")),
        400
    );
    assert_eq!(status(api.get("/credentials?orderBy=nosuch")), 400);
    assert_eq!(
        status(api.post("/credentials", &json!({"name": "a\0", "provider": "p"}))),
        400
    );
    assert_eq!(
        status(api.post(
            "/sessions",
            &json!({"name": "s", "parent_session_id": "none"})
        )),
        400
    );
    assert_eq!(
        status(api.post("/project_settings", &json!({"project_id": "none"}))),
        400
    );
    api.credential(&json!({"name": "n", "provider": "p"}));
    let list = api.get("/credentials?fields=name,provider").json();
    let keys: Vec<&String> = list["items"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["href", "id", "kind", "name", "provider"]);
    assert_eq!(status(api.get("/credentials?fields=token")), 400);
}

#[test]
fn corrected_starts_keep_the_task() {
    let api = Api::new(Fidelity::Corrected);
    let agent = api
        .post(
            "/projects/alpha/agents",
            &json!({"name": "helper", "project_id": "alpha"}),
        )
        .at("id");
    let path = format!("/projects/alpha/agents/{agent}");
    assert_eq!(api.get(&format!("{path}/role_bindings")).json()["total"], 0);
    assert!(
        api.get(&format!("{path}/start"))
            .text
            .starts_with("# Agent Start: helper")
    );
    let started = api.post(&format!("{path}/start"), &json!({"prompt": "Say hi"}));
    assert!(
        started
            .at("starting_prompt")
            .ends_with("## Task for this Run\n\nSay hi\n\n"),
        "{}",
        started.text
    );
}
