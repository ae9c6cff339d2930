//! The objects and answers of the platform that runs sessions in sandboxes.

use serde_json::{Value, json};

use crate::support::{Api, api, names, options, reason};
use acpctl::server::{Fidelity, Options, Platform};

/// An API that behaves like the platform with sandboxes, with the project `web`.
fn sandbox() -> Api {
    let api = Api::with(Options {
        platform: Platform::Sandbox,
        ..options(Fidelity::Recorded)
    });
    assert_eq!(api.post("/projects", &json!({"name": "web"})).status, 201);
    api
}

fn schedule(api: &Api, more: &Value) -> crate::support::Answer {
    let mut body = json!({"name": "nightly", "schedule": "0 3 * * *", "session_prompt": "go"});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    api.post("/projects/web/scheduled-sessions", &body)
}

#[test]
fn providers_and_policies_belong_to_their_project() {
    let api = sandbox();
    api.post("/projects", &json!({"name": "other"}));
    for (collection, kind) in [("providers", "provider"), ("policies", "policy")] {
        let made = api.post(
            &format!("/projects/web/{collection}"),
            &json!({"name": "one", "project_id": "other", "labels": "{\"a\":\"b\"}"}),
        );
        assert_eq!(made.status, 201);
        assert_eq!(made.at("project_id"), "web");
        let id = made.at("id");
        assert_eq!(
            made.at("href"),
            format!("/api/ambient/v1/projects/web/{collection}/{id}")
        );
        let list = api.get(&format!("/projects/web/{collection}?search=name='one'"));
        assert_eq!(names(&list), ["one"]);
        assert_eq!(
            names(&api.get(&format!("/projects/other/{collection}"))),
            [""; 0]
        );
        let foreign = api.get(&format!("/projects/other/{collection}/{id}"));
        assert_eq!(
            reason(&foreign, 403, "4"),
            format!("{kind} does not belong to this project")
        );
        let path = format!("/projects/web/{collection}/{id}");
        assert_eq!(
            api.patch(&path, &json!({"namespace": "n"})).at("namespace"),
            "n"
        );
        assert_eq!(api.delete(&path).status, 204);
        assert_eq!(api.get(&path).status, 404);
        let bad = api.get(&format!("/projects/a%20b/{collection}"));
        assert_eq!(reason(&bad, 400, "8"), "invalid project id");
    }
    let provider = api.post("/projects/web/providers", &json!({"name": "github"}));
    assert_eq!(provider.at("type"), "github");
}

#[test]
fn clusters_have_a_role_and_a_name_of_their_own() {
    let api = sandbox();
    let body = json!({"name": "c", "api_server_url": "https://c", "role": "workload"});
    let made = api.post("/clusters", &body);
    assert_eq!(made.status, 201);
    assert_eq!(made.at("status"), "Unknown");
    assert_eq!(api.post("/clusters", &body).status, 409);
    let id = made.at("id");
    let wrong = api.patch(&format!("/clusters/{id}"), &json!({"role": "boss"}));
    assert_eq!(
        reason(&wrong, 400, "8"),
        "invalid cluster role: must be gateway, workload, or hybrid"
    );
    let alive = api.post(&format!("/clusters/{id}/heartbeat"), &json!({}));
    assert_eq!(alive.at("status"), "Ready");
    assert_eq!(
        api.get(&format!("/clusters/{id}/status")).at("status"),
        "Ready"
    );
}

#[test]
fn agents_keep_what_a_sandbox_needs() {
    let api = sandbox();
    let body = json!({
        "name": "a", "project_id": "web", "entrypoint": "/run",
        "providers": ["github"], "payloads": [{"sandbox_path": "/sandbox/x", "content": "y"}],
        "environment": {"A": "1"}, "sandbox_template": {"resources": {"cpu": "1"}, "gpu": {"count": 2}},
        "sandbox_policy": "tight",
    });
    let made = api.post("/projects/web/agents", &body);
    assert_eq!(made.status, 201);
    let path = format!("/projects/web/agents/{}", made.at("id"));
    let read = api.get(&path).json();
    for (key, value) in body.as_object().unwrap() {
        assert_eq!(&read[key], value, "{key}");
    }
    let changed = api.patch(&path, &json!({"providers": [], "environment": {}}));
    assert_eq!(changed.json()["providers"], json!([]));
    assert_eq!(changed.json()["environment"], json!({}));
    for (key, value, wanted) in [
        ("providers", json!("github"), "[]string"),
        ("providers", json!([1]), "[]string"),
        ("environment", json!({"A": 1}), "map[string]string"),
        ("payloads", json!(["x"]), "[]map[string]interface {}"),
        ("sandbox_template", json!([]), "map[string]interface {}"),
    ] {
        let refused = api.patch(&path, &json!({ key: value }));
        let why = reason(&refused, 400, "17");
        assert!(why.ends_with(&format!("of type {wanted}")), "{why}");
    }
    let many: Vec<Value> = (0..20_000).map(|_| json!("x")).collect();
    let refused = api.patch(&path, &json!({"providers": many}));
    assert!(reason(&refused, 400, "17").contains("more than 10000 values"));
}

#[test]
fn a_schedule_is_checked_and_starts_sessions() {
    let api = sandbox();
    for (more, why) in [
        (json!({"schedule": "often"}), "invalid cron expression: "),
        (json!({"timezone": "Mars/Base"}), "invalid timezone: "),
        (
            json!({"overlap_policy": "maybe"}),
            "overlap_policy must be 'skip' or 'allow'",
        ),
    ] {
        let refused = schedule(&api, &more);
        assert!(reason(&refused, 400, "8").starts_with(why), "{more}");
    }
    let made = schedule(&api, &json!({"enabled": true}));
    assert_eq!(made.status, 201);
    assert!(made.at("next_run_at").ends_with("T03:00:00Z"));
    let path = format!("/projects/web/scheduled-sessions/{}", made.at("id"));
    let off = api.post(&format!("{path}/suspend"), &json!({}));
    assert_eq!(off.json().get("next_run_at"), None);
    let run = api.post(&format!("{path}/trigger"), &json!({}));
    assert_eq!(run.status, 201);
    assert_eq!(run.at("source_scheduled_session_id"), made.at("id"));
    assert_eq!(run.at("phase"), "Pending");
    let again = api.post(&format!("{path}/trigger"), &json!({}));
    assert_eq!(
        (again.status, again.at("status")),
        (200, "skipped".to_owned())
    );
    api.patch(&path, &json!({"overlap_policy": "allow"}));
    assert_eq!(api.post(&format!("{path}/trigger"), &json!({})).status, 201);
    assert_eq!(names(&api.get(&format!("{path}/runs"))).len(), 2);
    let counts = api.get("/sessions/phase_counts?project_id=web").json();
    assert_eq!(counts, json!({"Pending": 2}));
}

/// The number of sessions that start at a time, and the next time of the schedule after that.
fn at(api: &Api, path: &str, now: &str) -> (usize, String) {
    let started = api.state.start_due(now.parse().unwrap()).unwrap();
    (started.len(), api.get(path).at("next_run_at"))
}

#[test]
fn each_time_of_a_schedule_starts_one_session_also_after_a_restart() {
    let api = sandbox();
    let made = schedule(
        &api,
        &json!({"enabled": true, "overlap_policy": "allow", "schedule": "0 3 1 1 *", "timezone": "UTC"}),
    );
    let path = format!("/projects/web/scheduled-sessions/{}", made.at("id"));
    let first = made.at("next_run_at");
    let year: i32 = first[..4].parse().unwrap();
    let (second, third) = (format!("{}-01-01T03:00:00Z", year + 1), year + 3);
    let third = format!("{third}-01-01T03:00:00Z");

    assert_eq!(at(&api, &path, "2020-01-01T00:00:00Z"), (0, first.clone()));
    assert_eq!(at(&api, &path, &first), (1, second.clone()));
    let runs = api.get(&format!("{path}/runs")).json();
    let run = &runs["items"][0];
    assert_eq!(run["scheduled_for"], first.as_str());
    assert_eq!(run["phase"], "Pending");
    assert_eq!(run["prompt"], "go");

    // The same time again, in this process and in another one with the same store.
    let again = Api::open(
        &api.directory,
        Options {
            platform: Platform::Sandbox,
            ..options(Fidelity::Recorded)
        },
    );
    for api in [&api, &again] {
        assert_eq!(at(api, &path, &first), (0, second.clone()));
    }
    // Two times that passed while no server ran count as one.
    let late = format!("{}-06-01T00:00:00Z", year + 2);
    assert_eq!(at(&again, &path, &late), (1, third.clone()));
    assert_eq!(at(&again, &path, &late), (0, third));
    let runs = api.get(&format!("{path}/runs")).json();
    assert_eq!(runs["total"], 2);
    assert_eq!(runs["items"][1]["scheduled_for"], second.as_str());
}

#[test]
fn a_schedule_waits_for_its_earlier_session_and_while_it_is_suspended() {
    let api = sandbox();
    let made = schedule(&api, &json!({"enabled": true}));
    let path = format!("/projects/web/scheduled-sessions/{}", made.at("id"));
    let due = made.at("next_run_at");
    let later = "2150-01-01T00:00:00Z";
    assert_eq!(at(&api, &path, &due).0, 1);
    // The first session still waits, so its successor is skipped, and the time after it comes.
    assert_eq!(
        at(&api, &path, later),
        (0, "2150-01-01T03:00:00Z".to_owned())
    );
    api.patch(&path, &json!({"overlap_policy": "allow"}));
    // A change of something else does not move the time.
    assert_eq!(api.get(&path).at("next_run_at"), "2150-01-01T03:00:00Z");
    api.post(&format!("{path}/suspend"), &json!({}));
    assert_eq!(at(&api, &path, "2160-01-01T00:00:00Z"), (0, String::new()));
    api.post(&format!("{path}/resume"), &json!({}));
    let next = api.get(&path).at("next_run_at");
    assert_eq!(at(&api, &path, &next).0, 1);
}

#[test]
fn schedules_of_the_platform_with_pods_start_once_the_store_is_served_as_the_other_one() {
    let pod = api();
    pod.post("/projects", &json!({"name": "web"}));
    let made = schedule(&pod, &json!({"enabled": true}));
    let path = format!("/projects/web/scheduled-sessions/{}", made.at("id"));
    let now = "2150-01-01T00:00:00Z";
    assert_eq!(at(&pod, &path, now), (0, String::new()));
    let later = Api::open(
        &pod.directory,
        Options {
            platform: Platform::Sandbox,
            ..options(Fidelity::Recorded)
        },
    );
    let next = "2150-01-01T03:00:00Z".to_owned();
    assert_eq!(at(&later, &path, now), (0, next.clone()));
    assert_eq!(at(&later, &path, &next).0, 1);
    // A change through the earlier platform is planned afresh.
    pod.patch(&path, &json!({"schedule": "0 4 * * *"}));
    assert_eq!(
        at(&later, &path, now),
        (0, "2150-01-01T04:00:00Z".to_owned())
    );
}

#[test]
fn the_platform_says_which_one_it_is() {
    let info = |api: &Api| api.get("/platform-info").json()["gateway_mode"].clone();
    assert_eq!(info(&sandbox()), json!(true));
    assert_eq!(info(&api()), json!(false));
}

#[test]
fn in_a_sandbox_no_runner_sends_events_and_the_stored_ones_stay() {
    let api = sandbox();
    let made = api.post("/sessions", &json!({"name": "s", "prompt": "hello"}));
    let id = made.at("id");
    let events = api.get(&format!("/sessions/{id}/events"));
    assert_eq!(events.status, 404);
    let history = api.get(&format!("/sessions/{id}/events/history")).json();
    assert_eq!(history["total"], 1);
    assert_eq!(history["items"][0]["payload"], "hello");
    let later = api
        .get(&format!("/sessions/{id}/events/history?after_seq=1000"))
        .json();
    assert_eq!(later["items"], json!([]));
    let wrong = api.get(&format!("/sessions/{id}/events/history?limit=x"));
    assert_eq!(reason(&wrong, 400, "8"), "invalid limit");
}

#[test]
fn bindings_name_people_by_id_and_by_name() {
    let api = sandbox();
    let user = api.get("/users?search=username='dev-user'").json()["items"][0]["id"].clone();
    let owners = api.get("/projects/web/role_bindings").json();
    assert_eq!(owners["items"][0]["user_id"], user);
    let of_user = format!("/users/{}/role_bindings", user.as_str().unwrap());
    assert_eq!(api.get(&of_user).json()["total"], 1);
    // The owner may grant roles, whichever form names the owner.
    let role = api.role("project:viewer");
    let body = json!({"role_id": role, "scope": "project", "project_id": "web", "user_id": "bob"});
    assert_eq!(api.post("/role_bindings", &body).status, 201);
}

#[test]
fn a_project_changes_hands() {
    let api = sandbox();
    let bob = api
        .post("/users", &json!({"username": "bob", "name": "Bob"}))
        .at("id");
    let path = "/projects/web/transfer-ownership";
    let nobody = api.post(path, &json!({}));
    assert_eq!(reason(&nobody, 400, "8"), "target_user_id is required");
    let unknown = api.post(path, &json!({"target_user_id": "x"}));
    assert_eq!(reason(&unknown, 404, "7"), "target user not found");
    assert_eq!(api.post(path, &json!({"target_user_id": bob})).status, 200);
    let again = api.post(path, &json!({"target_user_id": bob}));
    assert_eq!(
        reason(&again, 409, "6"),
        "target user is already project owner"
    );
    let bindings = api.get("/projects/web/role_bindings").json();
    assert_eq!(bindings["total"], 2);
}

#[test]
fn only_the_server_sets_the_status_of_an_application() {
    let api = sandbox();
    let body = json!({
        "name": "a", "source_repo_url": "https://r", "source_path": "p",
        "destination_project": "web", "operation_phase": "Running", "auto_sync": false,
    });
    let made = api.post("/applications", &body);
    assert_eq!(made.json().get("operation_phase"), None);
    assert_eq!(made.json()["auto_sync"], json!(false));
    let path = format!("/applications/{}", made.at("id"));
    let patched = api.patch(&path, &json!({"operation_phase": "Running"}));
    assert_eq!(
        (patched.status, patched.json().get("operation_phase")),
        (200, None)
    );
    let synced = api.post(&format!("{path}/sync"), &json!({}));
    assert_eq!(synced.at("operation_phase"), "Running");
}
