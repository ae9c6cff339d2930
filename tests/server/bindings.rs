//! Roles and their bindings (docs/interface/api.md section 8).

use serde_json::{Value, json};

use super::support::{api, reason};

#[test]
fn creators_own_what_they_create() {
    let api = api();
    let id = api.credential(&json!({"name": "n", "provider": "p"}));
    let found = api
        .get(&format!(
            "/role_bindings?search=credential_id%20%3D%20'{id}'"
        ))
        .json();
    let binding = &found["items"][0];
    assert_eq!(binding["role_id"], json!(api.role("credential:owner")));
    assert_eq!(
        (&binding["user_id"], &binding["scope"]),
        (&json!("dev-user"), &json!("credential"))
    );
    assert_eq!(binding["project_id"], Value::Null);
    assert!(binding.as_object().unwrap().contains_key("agent_id"));
    let last = api.delete(&format!(
        "/role_bindings/{}",
        binding["id"].as_str().unwrap()
    ));
    assert_eq!(
        reason(&last, 409, "6"),
        "cannot delete the last owner binding"
    );
}

#[test]
fn bindings_are_judged_in_order() {
    let api = api();
    let credential = api.credential(&json!({"name": "n", "provider": "p"}));
    assert_eq!(api.post("/projects", &json!({"name": "alpha"})).status, 201);
    let agent = api
        .post(
            "/projects/beta/agents",
            &json!({"name": "a", "project_id": "beta"}),
        )
        .at("id");
    let viewer = api.role("credential:viewer");
    let bind = |body: Value| api.post("/role_bindings", &body);
    let on = |more: Value| {
        let mut body =
            json!({"role_id": viewer, "scope": "credential", "credential_id": credential});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        bind(body)
    };
    for (answer, status, code, expected) in [
        (
            bind(json!({"role_id": "x", "scope": "world"})),
            400,
            "21",
            "invalid scope",
        ),
        (
            bind(json!({"role_id": "credential:viewer", "scope": "credential"})),
            403,
            "4",
            "target role not found",
        ),
        (
            bind(json!({"role_id": api.role("agent:runner"), "scope": "global"})),
            403,
            "4",
            "cannot assign internal role",
        ),
        (
            bind(
                json!({"role_id": api.role("credential:token-reader"), "scope": "credential", "credential_id": credential}),
            ),
            403,
            "4",
            "cannot assign internal role",
        ),
        (
            bind(
                json!({"role_id": api.role("platform:viewer"), "scope": "global", "user_id": "v"}),
            ),
            403,
            "4",
            "insufficient privileges to grant this role",
        ),
        (
            bind(json!({"role_id": viewer, "scope": "credential", "credential_id": "none"})),
            403,
            "4",
            "insufficient privileges to grant this role",
        ),
        (
            bind(
                json!({"role_id": api.role("project:viewer"), "scope": "project", "project_id": "beta"}),
            ),
            403,
            "4",
            "insufficient privileges to grant this role",
        ),
        (
            on(json!({"role_id": api.role("credential:owner")})),
            403,
            "4",
            "insufficient privileges to grant this role",
        ),
        (
            on(json!({"project_id": ""})),
            400,
            "21",
            "project_id must not be empty",
        ),
        (
            on(json!({"agent_id": ""})),
            400,
            "21",
            "agent_id must not be empty",
        ),
        (
            on(json!({"agent_id": agent})),
            400,
            "21",
            "agent-scoped credential bindings require a project_id",
        ),
        (
            on(json!({"agent_id": "none", "project_id": "alpha"})),
            400,
            "21",
            "agent not found",
        ),
        (
            on(json!({"agent_id": agent, "project_id": "alpha"})),
            400,
            "21",
            "agent does not belong to the specified project",
        ),
        (
            on(json!({"project_id": "beta"})),
            403,
            "4",
            "caller must be project editor or higher to bind credentials to a project",
        ),
        (
            on(json!({"user_id": "vera"})),
            403,
            "4",
            "only platform admins can create global credential bindings",
        ),
    ] {
        assert_eq!(reason(&answer, status, code), expected);
    }
    let made = on(json!({"project_id": "alpha"}));
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(
        reason(&on(json!({"project_id": "alpha"})), 409, "6"),
        "This RoleBinding already exists"
    );
    assert_eq!(
        api.delete(&format!("/role_bindings/{}", made.at("id")))
            .status,
        204
    );
    assert_eq!(
        api.delete(&format!("/role_bindings/{}", made.at("id")))
            .status,
        404
    );
    // What breaks the connection on the platform.
    for body in [
        json!({"role_id": viewer, "scope": "credential", "credential_id": null}),
        json!({"role_id": viewer, "scope": "credential", "credential_id": credential, "project_id": "alpha", "created_at": "2001-01-01T00:00:00Z"}),
    ] {
        let status = bind(body).status;
        assert!((400..500).contains(&status), "{status}");
    }
}

#[test]
fn the_fourteen_roles_are_there() {
    let api = api();
    let list = api.get("/roles?orderBy=name").json();
    assert_eq!(list["total"], 14);
    for role in list["items"].as_array().unwrap() {
        assert_eq!(role["created_at"], "0001-01-01T00:00:00Z");
        assert_eq!(role["built_in"], true);
        let permissions: Vec<String> =
            serde_json::from_str(role["permissions"].as_str().unwrap()).unwrap();
        assert!(!permissions.is_empty());
    }
}
