//! When credentials expire: in lists, for CI, and when a session starts.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Received, Reply, Scripted, error, json as answer, list};

fn credential(id: &str, name: &str, hours: Option<i64>) -> Value {
    let annotations = hours.map(|hours| {
        let end = Timestamp::now() + SignedDuration::from_hours(hours);
        json!({"acpctl/expires-at": end.to_string()}).to_string()
    });
    json!({"id": id, "name": name, "provider": "kubeconfig", "annotations": annotations})
}

/// A platform with an agent whose sessions have this timeout, and a credential that ends in so many hours.
fn platform(hours: Option<i64>, timeout: i64, bindings_status: u16) -> Scripted {
    Scripted::with(move |request| reply(request, hours, timeout, bindings_status))
}

fn reply(request: &Received, hours: Option<i64>, timeout: i64, bindings_status: u16) -> Reply {
    let target = request.target.trim_start_matches("/api/ambient/v1");
    match (request.method.as_str(), target.split('?').next().unwrap()) {
        ("GET", "/projects/demo/agents") => list([json!({"id": "a1", "name": "lead"})]),
        ("POST", "/projects/demo/agents/a1/start") => answer(
            201,
            &json!({"session": {
                "id": "s1", "name": "lead-1", "project_id": "demo", "agent_id": "a1", "timeout": timeout,
            }}),
        ),
        ("GET", "/role_bindings") if bindings_status == 200 => list([json!({
            "id": "b1", "scope": "credential", "role_id": "r1", "credential_id": "c1", "project_id": "demo",
        })]),
        ("GET", "/role_bindings") => error(bindings_status, "c", "refused"),
        ("GET", "/roles") => list([
            json!({"id": "r1", "name": "credential:viewer"}),
            json!({"id": "r2", "name": "credential:owner"}),
        ]),
        ("GET", "/credentials") => list([credential("c1", "prod", hours)]),
        _ => error(404, "ambient-api-server-7", "not found"),
    }
}

#[test]
fn a_start_warns_of_a_credential_that_ends_before_the_session() {
    let env = TestEnv::new();
    for (hours, timeout, status, warning) in [
        (
            Some(2),
            3 * 3_600,
            200,
            Some("within the session's timeout of 3h"),
        ),
        (Some(2), 3_600, 200, None),
        (Some(2), 0, 200, Some("within the 24h that are assumed")),
        (
            Some(-1),
            3_600,
            200,
            Some("EXPIRED: its token or certificate ended on"),
        ),
        (None, 3_600, 200, None),
        // The session runs; what can't be read is not a failure.
        (Some(-1), 3_600, 403, None),
        (Some(-1), 3_600, 500, None),
    ] {
        for line in ["agent start lead", "start lead", "agent start --all"] {
            let server = platform(hours, timeout, status);
            let (code, stdout, stderr) = env
                .connected(server.url())
                .env("AMBIENT_PROJECT", "demo")
                .line(line)
                .line("--retries 0")
                .told();
            let case = format!("{line} {hours:?} {timeout} {status}: {stderr}");
            assert_eq!(
                (code, stdout.as_str()),
                (Some(0), "session/s1 started\n"),
                "{case}"
            );
            match warning {
                Some(words) => {
                    assert!(
                        stderr.starts_with("Warning: credential \"prod\": "),
                        "{case}"
                    );
                    assert!(stderr.contains(words), "{case}");
                }
                None => assert_eq!(stderr, "", "{case}"),
            }
        }
    }
}

#[test]
fn the_start_of_all_agents_reads_the_bindings_once() {
    let env = TestEnv::new();
    let server = Scripted::with(move |request| {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        let agents = ["a1", "a2", "a3"];
        if target.starts_with("/projects/demo/agents") && request.method == "GET" {
            return list(agents.map(|id| json!({"id": id, "name": id})).to_vec());
        }
        match agents
            .iter()
            .find(|id| target.contains(&format!("/{id}/start")))
        {
            Some(id) => answer(
                201,
                &json!({"session": {"id": id, "name": id, "project_id": "demo", "agent_id": id}}),
            ),
            None => reply(request, Some(2), 0, 200),
        }
    });
    let (code, stdout, stderr) = env
        .connected(server.url())
        .line("agent start --all --project-id demo --retries 0")
        .told();
    assert_eq!((code, stdout.lines().count()), (Some(0), 3), "{stderr}");
    assert_eq!(
        stderr.matches("Warning: credential \"prod\"").count(),
        3,
        "{stderr}"
    );
    for path in ["/role_bindings", "/roles", "/credentials"] {
        let asked = server.lines();
        let asked = asked.iter().filter(|line| {
            let path = format!("GET {path}");
            line.split('?').next() == Some(&path)
        });
        assert_eq!(asked.count(), 1, "{path}: {:?}", server.lines());
    }
}

#[test]
fn a_list_of_what_expires_has_an_exit_code_of_its_own() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| {
        list([
            credential("c1", "soon", Some(20)),
            credential("c2", "later", Some(2_000)),
            credential("c3", "unknown", None),
        ])
    });
    for (line, code, names, said) in [
        (
            "--expiring-within 1d",
            12,
            "credential/soon\n",
            "1 credential expires within 1d\n",
        ),
        (
            "--expiring-within 100d",
            12,
            "credential/soon\ncredential/later\n",
            "2 credentials expire within 100d\n",
        ),
        (
            "--expiring-within 100d --limit 1",
            12,
            "credential/soon\n",
            "2 credentials expire within 100d\n",
        ),
        (
            "--expiring-within 1h",
            0,
            "",
            "1 credential has no known end and is not judged by --expiring-within: unknown\n",
        ),
        (
            "",
            0,
            "credential/soon\ncredential/later\ncredential/unknown\n",
            "",
        ),
    ] {
        let (status, stdout, stderr) = env
            .connected(server.url())
            .line("credential list -o name")
            .line(line)
            .told();
        assert_eq!(
            (status, stdout.as_str()),
            (Some(code), names),
            "{line}: {stderr}"
        );
        assert!(stderr.contains(said), "{line}: {stderr}");
        assert_eq!(stderr.contains("Error"), code != 0, "{line}: {stderr}");
        // What can't be judged is said, whatever else is listed.
        let is_said = stderr.contains("not judged by --expiring-within: unknown\n");
        assert_eq!(is_said, !line.is_empty(), "{line}: {stderr}");
    }
    // The list is the answer; the failure stays out of it.
    let (status, stdout, _) = env
        .connected(server.url())
        .line("credential list --expiring-within 1d -o json")
        .told();
    let list: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (status, list["items"].as_array().map(Vec::len)),
        (Some(12), Some(1))
    );
}
