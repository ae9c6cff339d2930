//! The rules of the single kinds (docs/interface/api.md section 9).

use serde_json::{Value, json};

use super::support::{api, names, reason};

#[test]
fn names_of_projects_and_roles_are_taken_for_ever() {
    let api = api();
    for (path, body, kind) in [
        ("/projects", json!({"name": "alpha"}), "Project"),
        ("/roles", json!({"name": "team:x"}), "Role"),
        (
            "/project_settings",
            json!({"project_id": "alpha"}),
            "ProjectSettings",
        ),
    ] {
        let made = api.post(path, &body);
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(api.delete(&format!("{path}/{}", made.at("id"))).status, 204);
        assert_eq!(
            reason(&api.post(path, &body), 409, "6"),
            format!("This {kind} already exists")
        );
    }
    let user = json!({"username": "vera", "name": "V"});
    let made = api.post("/users", &user);
    assert_eq!(api.post("/users", &user).status, 409);
    assert_eq!(api.delete(&format!("/users/{}", made.at("id"))).status, 204);
    assert_eq!(api.post("/users", &user).status, 201);
}

#[test]
fn projects_follow_their_name_rule() {
    let api = api();
    let refused = |name: &str| reason(&api.post("/projects", &json!({"name": name})), 400, "8");
    assert_eq!(
        refused("a"),
        "project name must be between 2 and 63 characters"
    );
    assert!(refused("Alpha").starts_with("project name must match DNS-1123 label format"));
    let unknown = api.post("/projects", &json!({"name": "alpha", "display_name": "A"}));
    assert!(reason(&unknown, 400, "17").contains("unknown field \"display_name\""));
    let half = api.post(
        "/projects",
        &json!({"name": "alpha", "created_at": "2001-01-01T00:00:00Z"}),
    );
    assert_eq!(half.status, 400);
    assert_eq!(api.post("/projects", &json!({"name": "alpha"})).status, 201);
    assert_eq!(
        api.patch("/projects/alpha", &json!({"name": "beta"}))
            .at("id"),
        "alpha"
    );
}

#[test]
fn a_start_makes_a_session_with_a_prompt_once() {
    let api = api();
    api.post(
        "/projects",
        &json!({"name": "alpha", "prompt": "Our project."}),
    );
    let agent = api.post(
        "/projects/alpha/agents",
        &json!({"name": "helper", "project_id": "other", "prompt": "Help."}),
    );
    assert_eq!(
        (agent.status, agent.at("project_id").as_str()),
        (201, "alpha")
    );
    let path = format!("/projects/alpha/agents/{}", agent.at("id"));
    assert_eq!(
        reason(&api.get(&path.replace("alpha", "beta")), 403, "4"),
        "agent does not belong to this project"
    );
    api.post(
        &format!("{path}/inbox"),
        &json!({"agent_id": "x", "body": "hello", "from_name": "eve"}),
    );
    let started = api.post(&format!("{path}/start"), &json!({"prompt": "dropped"}));
    assert_eq!(started.status, 201, "{}", started.text);
    let json = started.json();
    let prompt = json["starting_prompt"].as_str().unwrap();
    assert_eq!(
        prompt,
        "# Agent Start: helper\n\nYou are **helper**, working in project **alpha**.\n\n## Workspace Context\n\nOur project.\n\n## Standing Instructions\n\nHelp.\n\n## Inbox Messages (unread at start)\n\n**From eve:** hello\n\n"
    );
    assert_eq!(json["session"].get("phase"), None);
    let session = json["session"]["id"].as_str().unwrap();
    assert_eq!(
        api.get(&format!("/sessions/{session}")).at("phase"),
        "Pending"
    );
    assert_eq!(api.get(&path).at("current_session_id"), session);
    assert_eq!(
        api.get(&format!("/sessions/{session}/messages")).json()[0]["payload"],
        prompt
    );
    assert_eq!(
        api.get(&format!("{path}/inbox")).json()["items"][0]["read"],
        true
    );
    let again = api.post(&format!("{path}/start"), &json!({}));
    assert_eq!(
        (again.status, again.json()["session"]["id"].as_str()),
        (200, Some(session))
    );
    assert_eq!(again.at("starting_prompt"), "");
}

#[test]
fn sessions_go_through_their_phases() {
    let api = api();
    let made = api.send(
        "POST",
        "/sessions",
        &[("x-ambient-project", "alpha")],
        br#"{"name":"s","phase":"Running"}"#.to_vec(),
    );
    assert_eq!(
        (made.at("project_id").as_str(), made.json().get("phase")),
        ("alpha", None)
    );
    let path = format!("/sessions/{}", made.at("id"));
    let post = |action: &str| api.post_raw(&format!("{path}/{action}"), b"");
    assert_eq!(post("start").at("phase"), "Pending");
    assert!(reason(&post("start"), 409, "6").contains("\"Pending\""));
    assert_eq!(post("stop").at("phase"), "Stopped");
    let status = |body: Value| api.patch(&format!("{path}/status"), &body);
    assert_eq!(
        status(json!({"phase": "Completed", "sdk_restart_count": 2})).json()["sdk_restart_count"],
        2
    );
    assert!(
        reason(&status(json!({})), 400, "8")
            .starts_with("status patch body must set at least one field: phase, ")
    );
    assert!(
        reason(&status(json!({"phase": "Dreaming"})), 400, "8")
            .starts_with("invalid phase \"Dreaming\"")
    );
    let copy = post("clone");
    assert_eq!((copy.status, copy.at("name").as_str()), (201, "s-clone"));
    assert_eq!(copy.at("parent_session_id"), made.at("id"));
    let repo = api.post(
        &format!("{path}/repos"),
        &json!({"url": "https://git.example.test/a/fleet.git"}),
    );
    assert_eq!(
        repo.at("repos"),
        r#"[{"url":"https://git.example.test/a/fleet.git","branch":"main","name":"fleet"}]"#
    );
    assert_eq!(api.delete(&format!("{path}/repos/fleet")).at("repos"), "[]");
    assert_eq!(
        api.post(&format!("{path}/model"), &json!({"model": "m"}))
            .at("llm_model"),
        "m"
    );
    assert_eq!(
        reason(&api.post(&format!("{path}/model"), &json!({})), 400, "8"),
        "model is required"
    );
    assert_eq!(
        api.patch(&format!("{path}/displayname"), &json!({"name": "t"}))
            .at("name"),
        "t"
    );
    assert_eq!(
        api.get(&format!("{path}/workflow/metadata")).text,
        r#"{"workflow":null}"#
    );
    api.post(
        &format!("{path}/workflow"),
        &json!({"git_url": "u", "path": "p"}),
    );
    assert_eq!(
        api.get(&format!("{path}/workflow/metadata")).json()["workflow"]["branch"],
        "main"
    );
    assert_eq!(
        api.get(&format!("{path}/export")).json()["session"]["name"],
        "t"
    );
}

#[test]
fn session_lists_can_be_narrowed_to_a_project() {
    let api = api();
    for project in ["alpha", "beta"] {
        api.post(
            "/sessions",
            &json!({"name": project, "project_id": project}),
        );
    }
    let header = [("x-ambient-project", "alpha")];
    assert_eq!(
        names(&api.send("GET", "/sessions", &header, Vec::new())),
        ["alpha"]
    );
    assert_eq!(
        names(&api.send("GET", "/sessions?project_id=beta", &header, Vec::new())),
        ["beta"]
    );
    assert_eq!(
        names(&api.send(
            "GET",
            "/sessions?project_id=beta&search=name%20%3D%20'alpha'%20or%20name%20%3D%20'beta'",
            &[],
            Vec::new()
        )),
        ["beta"]
    );
    assert_eq!(
        reason(&api.get("/sessions?project_id=a'b"), 400, "8"),
        "invalid project_id format"
    );
}

#[test]
fn sessions_without_a_runner_have_stand_ins() {
    let api = api();
    let path = format!(
        "/sessions/{}",
        api.post("/sessions", &json!({"name": "s"})).at("id")
    );
    assert_eq!(api.get(&format!("{path}/events")).status, 502);
    assert_eq!(api.post_raw(&format!("{path}/agui/run"), b"{}").status, 503);
    assert_eq!(api.get(&format!("{path}/workspace/a/b")).status, 503);
    assert_eq!(
        api.get(&format!("{path}/workspace")).text,
        r#"{"files":[]}"#
    );
    assert_eq!(api.get("/sessions/none/files").text, "session not found\n");
    assert_eq!(api.get(&format!("{path}/oauth/github/url")).status, 501);
}

#[test]
fn messages_come_as_a_bare_array_in_their_order() {
    let api = api();
    let path = format!(
        "/sessions/{}/messages",
        api.post("/sessions", &json!({"name": "s", "prompt": "first"}))
            .at("id")
    );
    let pushed = api.post(&path, &json!({"payload": "second"}));
    assert_eq!(pushed.status, 201);
    let list = api.get(&path);
    assert!(
        list.text.starts_with(r#"[{"id":""#) && list.text.ends_with("]\n"),
        "{}",
        list.text
    );
    let keys: Vec<String> = list.json()[0]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        keys,
        [
            "id",
            "session_id",
            "seq",
            "event_type",
            "payload",
            "created_at"
        ]
    );
    assert_eq!(
        api.get(&format!("{path}?after_seq=1")).json()[0]["payload"],
        "second"
    );
    assert_eq!(
        api.get(&format!("{path}?after_seq=x"))
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for (body, text) in [
        (
            r#"{"event_type":"assistant"}"#,
            "event_type must be \"user\" on this endpoint\n",
        ),
        ("{", "invalid JSON body\n"),
    ] {
        let refused = api.post_raw(&path, body.as_bytes());
        assert_eq!((refused.status, refused.text.as_str()), (400, text));
    }
    let large = format!(r#"{{"payload":"{}"}}"#, "x".repeat(1024 * 1024));
    assert_eq!(api.post_raw(&path, large.as_bytes()).status, 400);
    assert_eq!(
        api.post("/sessions/none/messages", &json!({})).text,
        "session not found\n"
    );
}

#[test]
fn scheduled_sessions_follow_their_own_rules() {
    let api = api();
    let path = "/projects/alpha/scheduled-sessions";
    let made = api.post(
        path,
        &json!({"name": "n", "schedule": "whenever", "foo": 1}),
    );
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(
        made.at("href"),
        format!("/api/ambient/v1{path}/{}", made.at("id"))
    );
    assert_eq!(
        (made.at("timezone").as_str(), &made.json()["enabled"]),
        ("UTC", &json!(false))
    );
    assert_eq!(
        reason(&api.post(path, &json!({"schedule": "x"})), 400, "8"),
        "name is required"
    );
    let item = format!("{path}/{}", made.at("id"));
    assert_eq!(
        api.post_raw(&format!("{item}/resume"), b"").json()["enabled"],
        true
    );
    assert_eq!(
        api.post_raw(&format!("{item}/suspend"), b"").json()["enabled"],
        false
    );
    assert_eq!(
        api.post_raw(&format!("{item}/trigger"), b"").text,
        r#"{"status":"triggered"}"#
    );
    let list = api.get(&format!("{path}?size=0&search=junk")).json();
    assert_eq!(
        (&list["kind"], &list["total"]),
        (&json!("ScheduledSessionList"), &json!(1))
    );
    assert_eq!(api.delete(&item).status, 204);
    assert_eq!(
        reason(&api.delete(&item), 404, "7"),
        format!("ScheduledSession with id '{}' not found", made.at("id"))
    );
}

#[test]
fn an_inbox_is_that_of_an_agent_of_the_project() {
    let api = api();
    for project in ["alpha", "beta"] {
        api.post("/projects", &json!({"name": project}));
    }
    let agent = api
        .post(
            "/projects/alpha/agents",
            &json!({"name": "a", "project_id": "alpha"}),
        )
        .at("id");
    let message = json!({"agent_id": "x", "body": "hello"});
    let of = |project: &str, agent: &str| format!("/projects/{project}/agents/{agent}/inbox");
    for (place, status, code) in [
        (of("alpha", "nope"), 404, "7"),
        (of("alpha", "a"), 404, "7"),
        (of("beta", &agent), 403, "4"),
    ] {
        reason(&api.post(&place, &message), status, code);
        reason(&api.get(&place), status, code);
    }
    let own = of("alpha", &agent);
    let sent = api.post(&own, &message);
    assert_eq!((sent.status, sent.at("agent_id")), (201, agent.clone()));
    let elsewhere = format!("{}/{}", of("beta", &agent), sent.at("id"));
    reason(&api.delete(&elsewhere), 403, "4");
    assert_eq!(api.get(&own).json()["total"], 1);
    let place = format!("{own}/{}", sent.at("id"));
    assert_eq!(
        api.patch(&place, &json!({"read": true})).json()["read"],
        true
    );
    assert_eq!(api.delete(&place).status, 204);
}
