//! Makes sure that the prompt of a start reaches the session: for the commands that start agents, and for the screen.

use anyhow::Context as _;
use serde_json::Value;

use crate::api::{Body, Client, Method, Request, path};
use crate::resources::{Record, SESSION_MESSAGE, is_usable_id};

/// How the prompt reached the session.
pub(crate) enum Delivery {
    /// The server's answer repeats it, so the session has it.
    ByServer,
    /// As a message of the session, which was sent for it.
    Sent { session: String, seq: i64 },
    /// It did not: the answer names no session.
    Nowhere,
}

/// Delivers the prompt of a start. The platform drops it, so unless the answer repeats it, it is sent as a message of
/// the session. Without a project, the request is for that of the client.
///
/// # Errors
/// If the server refuses the message. The session then runs without its task.
pub(crate) async fn deliver(
    client: &Client,
    answer: &Value,
    project: Option<&str>,
    prompt: &str,
) -> anyhow::Result<Delivery> {
    let starting = answer.get("starting_prompt").and_then(Value::as_str);
    if starting.is_some_and(|starting| ends_in(starting, prompt)) {
        return Ok(Delivery::ByServer);
    }
    let session = answer.pointer("/session/id").and_then(Value::as_str);
    let Some(session) = session.filter(|id| is_usable_id(id)) else {
        return Ok(Delivery::Nowhere);
    };
    let sent = send(client, session, project, prompt).await;
    let sent = sent.with_context(|| {
        format!("session/{session} is started, but its prompt could not be sent")
    })?;
    Ok(Delivery::Sent {
        session: session.to_owned(),
        seq: sent.value("seq").and_then(Value::as_i64).unwrap_or(0),
    })
}

/// Says what does not follow, on a server of the embedded API, from a request that succeeded. `has_runner` is what
/// the server tells; another one tells nothing.
pub(crate) fn lacking(
    has_runner: Option<bool>,
    request: &Request,
    answer: &Value,
) -> Option<&'static str> {
    const NOBODY: &str = "nobody runs the sessions here: acpctl serve --run-sessions -- COMMAND";
    const NOTHING: &str = "nothing starts: the embedded API ignores a trigger";
    const LATER: &str = "it is not started yet: press s on it";
    let has_runner = has_runner?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    match request.path.rsplit('/').next() {
        _ if request.method != Method::Post => None,
        Some("start") => (!has_runner).then_some(NOBODY),
        Some("trigger") => (text("kind") != "Session").then_some(NOTHING),
        Some("sessions") => text("phase").is_empty().then_some(LATER),
        _ => None,
    }
}

async fn send(
    client: &Client,
    session: &str,
    project: Option<&str>,
    prompt: &str,
) -> anyhow::Result<Record> {
    let mut body = Body::new();
    body.set("event_type", "user");
    body.set("payload", prompt);
    let messages = path(&["sessions", session, "messages"]);
    let mut request = Request::new(Method::Post, messages).body(body);
    request.project = project.map(str::to_owned);
    Ok(client.fetch(&SESSION_MESSAGE, &request).await?)
}

/// True if the last lines of a prompt are the task, which is the prompt's last section.
fn ends_in(starting: &str, task: &str) -> bool {
    let before = starting.trim_end().strip_suffix(task.trim());
    before.is_some_and(|before| before.is_empty() || before.ends_with('\n'))
}
