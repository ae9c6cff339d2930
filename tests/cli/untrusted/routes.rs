//! Servers that lie on the routes of sandboxes and managed gateways: nothing but text reaches the reader, and each
//! command ends in order.

use serde_json::{Map, Value, json};

use crate::support::server::{Received, Reply, Scripted, raw};
use crate::support::{TOKEN, TestEnv, streams};
use crate::untrusted::text::{EVIL, is_unsafe};

/// Command lines, split at blanks.
const LINES: &[&str] = &[
    "version",
    "doctor",
    "provider list",
    "provider get x",
    "provider get x --server-mode managed",
    "provider get x --server-mode sandbox",
    "provider export x",
    "provider create --name n --secret s --server-mode managed",
    "provider update x --secret s --server-mode managed",
    "policy list",
    "policy get x",
    "policy get x -o yaml",
    "policy export x",
    "get policies",
    "describe policy x -o table",
    "get clusters -o wide",
    "describe cluster x -o table",
    "create cluster --name c --api-server-url https://c.test --role workload --credential-id k",
    "agent get x",
    "agent export x",
    "agent start x",
    "start x --strict --server-mode sandbox",
    "describe agent x -o table",
    "describe project x -o table",
    "get session x",
    "describe session x -o table",
    "session events-history x",
    "session events-history x -o json",
    "session logs x",
    "session policy x",
    "session messages x -f --after 0",
    "get sessions --count",
    "wait x --timeout 50ms",
    "project transfer x --to y --yes",
    "credential bindings x",
    "credential list",
    "session explain",
    "session preview",
    "application sync x",
    "application refresh x",
    "scheduled-session get x",
    "scheduled-session runs x",
    "scheduled-session trigger x",
];

/// The fields that the routes have, by what a liar makes of each.
const FIELDS: &[&str] = &[
    "agent_id",
    "annotations",
    "api_server_url",
    "conditions",
    "credential_id",
    "current_session_id",
    "description",
    "environment",
    "event_count",
    "event_type",
    "gateway_error",
    "gateway_mode",
    "gateway_status",
    "health_status",
    "id",
    "labels",
    "last_heartbeat_at",
    "logs",
    "name",
    "namespace",
    "next_run_at",
    "operation_phase",
    "payload",
    "payloads",
    "phase",
    "policy",
    "project_id",
    "provider",
    "providers",
    "role",
    "role_id",
    "runtime_backend",
    "runtime_error",
    "sandbox_logs_snapshot",
    "sandbox_policy",
    "sandbox_policy_snapshot",
    "sandbox_template",
    "schedule",
    "scope",
    "secret",
    "seq",
    "session_id",
    "spec",
    "status",
    "status_message",
    "sync_status",
    "timezone",
    "type",
    "updated_at",
    "user_id",
    "username",
    "version",
];

/// An object with this value in every field, which is also a list of itself and has a session.
fn object(value: &Value) -> Value {
    let fields = FIELDS
        .iter()
        .map(|field| ((*field).to_owned(), value.clone()));
    let mut object: Map<String, Value> = fields.collect();
    let item = Value::Object(object.clone());
    object.insert("items".to_owned(), json!([item]));
    object.insert("total".to_owned(), 1.into());
    object.insert("session".to_owned(), item);
    Value::Object(object)
}

/// The lies: each body that a server sends, whatever is asked.
fn lies() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let nested =
        |inner: &str| format!("{{\"id\":\"x\",\"name\":\"x\",\"spec\":{inner},\"items\":{inner}}}");
    let text = |value: &Value| object(value).to_string().into_bytes();
    let mut phases = object(&json!(EVIL));
    for (key, value) in [
        ("phase", "Failed"),
        ("id", "x"),
        ("project_id", "p"),
        ("runtime_backend", "hypershell"),
        ("type", "RUN_ERROR"),
    ] {
        phases[key] = value.into();
    }
    let conditions = json!([{"type": "SandboxFailure", "message": EVIL}]).to_string();
    phases["conditions"] = conditions.into();
    phases["runtime_error"] = EVIL.into();
    let negative = json!({"Pending": -1, EVIL: 1e300, "Running": "many"});
    vec![
        ("control characters", text(&json!(EVIL))),
        (
            "a failure in control characters",
            phases.to_string().into_bytes(),
        ),
        ("numbers", text(&json!(-1))),
        ("lists", text(&json!([[EVIL], null, {"a": EVIL}]))),
        ("objects", text(&json!({EVIL: {"a": [EVIL]}}))),
        ("null", text(&Value::Null)),
        ("deep text in fields", text(&json!(deep(50_000)))),
        ("long text in fields", text(&json!("x\n".repeat(20_000)))),
        ("deep JSON", nested(&deep(100_000)).into_bytes()),
        ("counts", negative.to_string().into_bytes()),
        ("a list", b"[null, 1, [], {}]".to_vec()),
        ("a text", json!(EVIL).to_string().into_bytes()),
        ("nothing", Vec::new()),
        ("not UTF-8", b"{\"id\":\"\xff\xfe\x1b[31m\"}".to_vec()),
        ("a page", b"<html>\x1b[31m</html>".to_vec()),
    ]
}

fn reply(request: &Received, body: &[u8]) -> Reply {
    let status = if request.method == "POST" { 201 } else { 200 };
    let wants_events = request
        .header("Accept")
        .is_some_and(|it| it.contains("event-stream"));
    if wants_events {
        let line: Vec<u8> = body
            .iter()
            .map(|byte| if *byte == b'\n' { b' ' } else { *byte })
            .collect();
        return raw(
            200,
            "text/event-stream",
            [b"data: ", &line[..], b"\n\n"].concat(),
        );
    }
    raw(status, "application/json", body)
}

#[test]
fn lies_on_every_new_route_end_in_order_and_show_only_text() {
    let lies = lies();
    let wrong = &std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for some in lies.chunks(lies.len().div_ceil(4)) {
            scope.spawn(move || {
                for (name, body) in some {
                    for line in LINES {
                        if let Err(why) = check(line, body) {
                            wrong
                                .lock()
                                .unwrap()
                                .push(format!("{line} on {name}: {why}"));
                        }
                    }
                }
            });
        }
    });
    let wrong = wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(line: &str, body: &[u8]) -> Result<(), String> {
    let env = TestEnv::new();
    let body = body.to_vec();
    let server = Scripted::with(move |request| reply(request, &body));
    let output = env
        .connected(server.url())
        .env("AMBIENT_PROJECT", "p")
        .args(["--retries", "0", "--request-timeout", "20s"])
        .args(line.split(' '))
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let some = |text: &str| text.chars().take(300).collect::<String>();
    let code = output.status.code();
    if !matches!(code, Some(0..=13)) || stderr.contains("panicked") {
        return Err(format!("ends with {code:?}: {}", some(&stderr)));
    }
    if code != Some(0) && !stderr.contains("Error: ") {
        return Err(format!("fails without a word: {}", some(&stderr)));
    }
    for text in [&stdout, &stderr] {
        if is_unsafe(text) || text.contains(TOKEN) {
            return Err(format!("shows what it must not show: {:?}", some(text)));
        }
    }
    if stderr.len() > 100_000 {
        return Err(format!("says {} bytes", stderr.len()));
    }
    Ok(())
}
