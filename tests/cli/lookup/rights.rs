//! What is seen in lists only, or refused, is not taken for missing.

use serde_json::{Value, json};

use crate::lookup::{Platform, changes, run};
use crate::support::TestEnv;
use crate::support::server::{Scripted, error, json as answer, list, raw};

#[test]
fn a_refusal_of_what_exists_is_not_taken_for_a_missing_object() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| error(403, "ambient-api-server-4", "not yours"));
    let (code, _, stderr) = run(&env, &server, "credential update c1 --description d");
    assert_eq!(code, 5, "{stderr}");
    // Neither the look before the change nor the change itself is tried with a name.
    assert_eq!(
        server.lines(),
        ["GET /credentials/c1", "PATCH /credentials/c1"]
    );
}

/// A platform that lists these objects to a caller who may not ask for one of them nor change it.
fn only_listed(objects: Value) -> Scripted {
    Scripted::with(move |request| {
        let path = request.target.split('?').next().unwrap();
        let reason =
            |status, reason: &str| answer(status, &json!({"kind": "Error", "reason": reason}));
        match request.method.as_str() {
            "GET" if path.matches('/').count() == 4 => list(objects.clone()),
            "GET" => reason(404, "Not Found"),
            "DELETE" => raw(204, "application/json", ""),
            _ => reason(403, "Forbidden"),
        }
    })
}

#[test]
fn a_refusal_about_what_is_seen_is_about_rights() {
    let env = TestEnv::new();
    let server = only_listed(json!([{"id": "c1", "name": "prod", "provider": "github"}]));
    for given in ["c1", "prod"] {
        let line = format!("credential update {given} --description new");
        let (code, _, stderr) = run(&env, &server, &line);
        assert_eq!(code, 5, "{stderr}");
        assert!(stderr.contains("Hint: ask the project's owner"), "{stderr}");
    }
    let (_, _, stderr) = run(&env, &server, "credential update other --description new");
    assert!(
        stderr.contains("Hint: no credential that you may see"),
        "{stderr}"
    );
}

#[test]
fn a_binding_that_only_the_list_shows_can_be_deleted() {
    let env = TestEnv::new();
    let binding = json!([{"id": "rb1", "role_id": "r1", "scope": "project", "project_id": "demo"}]);
    let server = only_listed(binding);
    let (code, stdout, stderr) = run(&env, &server, "delete role-binding rb1 --yes");
    assert_eq!(
        (code, stdout.as_str()),
        (0, "role-binding/rb1 deleted\n"),
        "{stderr}"
    );
    let (code, stdout, _) = run(&env, &server, "delete role-binding rb2 --yes");
    assert_eq!((code, stdout.as_str()), (3, ""));
    assert_eq!(changes(&server).len(), 1);
}

#[test]
fn no_sessions_of_a_project_that_is_not_there_is_an_error() {
    let env = TestEnv::new();
    let server = only_listed(json!([]));
    for line in ["get sessions", "delete sessions --all --yes"] {
        let (code, stdout, stderr) = run(&env, &server, line);
        assert_eq!((code, stdout.as_str()), (3, ""), "{line}: {stderr}");
        assert!(stderr.contains("project \"demo\" not found"), "{stderr}");
    }
    let there = Platform::with(&[("/projects", json!({"id": "demo", "name": "demo"}))]).serve();
    let (code, stdout, _) = run(&env, &there, "delete sessions --all --yes");
    assert_eq!((code, stdout.as_str()), (0, "no sessions to delete\n"));
}
