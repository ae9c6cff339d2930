//! `serve --platform sandbox` starts the sessions of schedules.

use serde_json::json;

use crate::support::TestEnv;
use crate::support::serve::{Serve, wait_for};

/// The database's time of the next run is the clock that this test sets: the server finds it in the past.
#[test]
fn a_time_that_passed_while_no_server_ran_starts_one_session() {
    let env = TestEnv::new();
    let first = Serve::start(&env, &["--platform", "sandbox"]);
    first.json("POST", "/projects", "{\"name\": \"web\"}");
    let body = json!({"name": "nightly", "schedule": "0 3 1 1 *", "session_prompt": "go", "enabled": true});
    let path = "/projects/web/scheduled-sessions";
    let made = first.json("POST", path, &body.to_string());
    let path = format!("{path}/{}", made["id"].as_str().unwrap());
    let next = made["next_run_at"].clone();
    first.stop();

    let store = env.home().join(".local/share/ambient/ambient.db");
    let set = rusqlite::Connection::open(&store)
        .unwrap()
        .execute("UPDATE scheduled_sessions SET next_run_at = 1000000", [])
        .unwrap();
    assert_eq!(set, 1);

    for _ in 0..2 {
        let server = Serve::start(&env, &["--platform", "sandbox"]);
        let runs = format!("{path}/runs");
        let run = wait_for("the session of the schedule", || {
            let runs = server.json("GET", &runs, "");
            runs["items"].get(0).cloned()
        });
        assert_eq!(run["scheduled_for"], "1970-01-01T00:00:01Z");
        assert_eq!(run["phase"], "Pending");
        // The time is counted in the same step, so the next server starts nothing.
        let schedule = server.json("GET", &path, "");
        assert_eq!(schedule["next_run_at"], next);
        assert_eq!(server.json("GET", &runs, "")["total"], 1);
        server.stop();
    }
}
