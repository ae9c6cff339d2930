//! Says why a session failed or does not start, as far as the platform tells.

use serde_json::Value;

use super::server_mode::ServerModeArgs;
use crate::api::{self, Client, path};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::resources::Record;
use crate::runner::table::Target;
use crate::text::{acpctl_for, quote, secrets, visible};

/// The type of the condition that holds the reason of a failed sandbox.
const SANDBOX_FAILURE: &str = "SandboxFailure";
/// The type of the message with which a run fails.
const RUN_ERROR: &str = "RUN_ERROR";
/// The longest reason that is shown, in characters.
const LONGEST: usize = 500;

/// Why a sandbox session may stay Pending: the platform logs these causes and tells nobody.
const PENDING_CAUSES: &str = "a sandbox session stays Pending without a word if the project's namespace does not exist, if \
     the Kubernetes Secret of one of the agent's providers is missing, or if the project's gateway is not ready: ask the \
     administrators";

/// Why a session of the embedded API waits for ever.
const NO_RUNNER: &str = "Nobody runs the sessions of this store yet. To run a command of yours for each of them, \
     start its server with one (end a server that runs without one first): acpctl serve --run-sessions -- COMMAND";

/// Says beside a session that is shown why it failed, if the platform tells, and how the embedded API starts it again.
pub(crate) fn explain(ctx: &Ctx, session: &Record) {
    if session.text("phase") != "Failed" {
        return;
    }
    let client = ctx.client().ok().filter(|it| it.has_runner().is_some());
    let of_run = || {
        let reason = reason_of_own_run(client?, session);
        ctx.block_on(async { Ok(reason.await) }).ok().flatten()
    };
    if let Some(why) = reason(session).or_else(of_run) {
        let name = quote(session.name_or_id());
        ctx.out.note(&format!("session {name} failed: {why}"));
    }
    if client.is_some() {
        ctx.out.aside(&format!("To {}", again(session.id())));
    }
}

/// Returns the failure of a run that was followed. On the embedded API, the next run gets its prompt again.
pub(crate) fn of_run(id: &str, is_embedded: bool) -> Failure {
    let failure = Failure::new(Kind::Other, "run failed");
    if is_embedded {
        failure.hint(format!("to {}", again(id)))
    } else {
        failure
    }
}

/// Names the command that starts a session of the embedded API again: by its ID, because the name of an agent starts
/// another session.
pub(crate) fn again(id: &str) -> String {
    let start = acpctl_for(&["session", "start"], id, &[]);
    format!("start it again with the same prompt: {start}")
}

/// Says after a start that nobody runs the sessions of the embedded API, if that is so.
pub(crate) fn say_unrun(ctx: &Ctx, client: &Client) {
    if client.has_runner() == Some(false) {
        ctx.out.note(NO_RUNNER);
    }
}

/// Says after a creation on the embedded API how the session starts.
pub(crate) fn say_unstarted(ctx: &Ctx, client: &Client, session: &Record) {
    if let Some(why) = unstarted(client, session) {
        ctx.out.aside(&why);
    }
}

/// Returns what a session of the embedded API waits for; `None` for another server, and for a session that runs.
pub(crate) fn waits_for(client: &Client, session: &Record) -> Option<String> {
    match (session.text("phase"), client.has_runner()?) {
        ("", _) => unstarted(client, session),
        ("Pending" | "Creating" | "Running" | "Stopping", false) => Some(NO_RUNNER.to_owned()),
        _ => None,
    }
}

/// On the embedded API, a session that was created has no phase until it is started.
fn unstarted(client: &Client, session: &Record) -> Option<String> {
    let has_runner = client.has_runner()?;
    let start = acpctl_for(&["session", "start"], session.id(), &[]);
    let how =
        format!("The embedded API does not start a new session on its own. To start it: {start}");
    Some(if has_runner {
        how
    } else {
        format!("{how}\n{NO_RUNNER}")
    })
}

/// Returns why a session may still be Pending, if the session itself does not say.
pub(crate) async fn waiting(
    ctx: &Ctx,
    client: &Client,
    mode: &ServerModeArgs,
    session: &Record,
) -> Option<String> {
    if let Some(why) = waits_for(client, session) {
        return Some(why);
    }
    let project = session.text("project_id");
    if session.text("phase") != "Pending" || project.is_empty() {
        return None;
    }
    match mode.ask(ctx, client, Some(project)).await {
        Some(Target::Sandbox) => Some(PENDING_CAUSES.to_owned()),
        Some(Target::Managed) => gateway(client, project).await,
        Some(Target::Pod) | None => None,
    }
}

/// Returns what the platform says about a failed session; `None` if it says nothing.
#[must_use]
pub(crate) fn reason(session: &Record) -> Option<String> {
    let condition = || sandbox_failure(session.text("conditions"));
    let runtime = || Some(session.text("runtime_error").to_owned());
    let why = condition().or_else(runtime)?;
    let shown = visible(&secrets::hide(why.trim()));
    (!shown.is_empty()).then(|| shown.chars().take(LONGEST).collect())
}

/// Returns the reason that the run's last message gives; `None` if it gives none, or if the messages can't be read.
pub(crate) async fn reason_of_run(client: &Client, session: &Record) -> Option<String> {
    let path = path(&["sessions", session.id(), "messages"]);
    let messages = client.get_json(&path).await.ok()?;
    let end = messages.as_array()?.iter().rev().find(|message| {
        let event = message["event_type"].as_str();
        event.is_some_and(|event| event.starts_with("RUN_"))
    })?;
    reason_in(end)
}

/// Does the same for a session of the embedded API, which lists the ends of its runs alone.
async fn reason_of_own_run(client: &Client, session: &Record) -> Option<String> {
    let history = path(&["sessions", session.id(), "events", "history"]);
    let ends = format!("{history}?event_type={RUN_ERROR}&limit=1000");
    let ends = client.get_json(&ends).await.ok()?;
    reason_in(ends["items"].as_array()?.last()?)
}

/// Returns the reason that the last message of a failed run gives.
fn reason_in(end: &Value) -> Option<String> {
    if end["event_type"] != RUN_ERROR {
        return None;
    }
    let payload = api::json_in(end["payload"].as_str()?)?;
    let shown = visible(&secrets::hide(payload["message"].as_str()?.trim()));
    (!shown.is_empty()).then(|| shown.chars().take(LONGEST).collect())
}

/// Returns what keeps the sessions of a project waiting for its gateway, by the project's ID; `None` if nothing does,
/// or if the platform says nothing.
async fn gateway(client: &Client, project: &str) -> Option<String> {
    let project = client.get_json(&path(&["projects", project])).await.ok()?;
    let text = |key: &str| {
        let text = project.get(key)?.as_str()?.trim();
        let shown: String = visible(&secrets::hide(text))
            .chars()
            .take(LONGEST)
            .collect();
        (!shown.is_empty()).then_some(shown)
    };
    match (text("gateway_error"), text("gateway_status")) {
        (Some(error), _) => Some(format!("the project's gateway failed: {error}")),
        (None, Some(status)) if status != "Ready" => Some(format!(
            "the project's gateway is {status}; its sessions wait until it is Ready"
        )),
        (None, _) => None,
    }
}

/// Returns the message of the condition, or its reason if it has none.
fn sandbox_failure(conditions: &str) -> Option<String> {
    let conditions = api::json_in(conditions)?;
    let failure = conditions
        .as_array()?
        .iter()
        .rev()
        .find(|condition| condition["type"] == SANDBOX_FAILURE)?;
    let text = |key: &str| failure[key].as_str().filter(|text| !text.trim().is_empty());
    text("message")
        .or_else(|| text("reason"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resources::SESSION;

    fn reason_of(session: Value) -> Option<String> {
        reason(&Record::decode(&SESSION, session).unwrap())
    }

    #[test]
    fn the_condition_counts_before_the_general_text() {
        let failure = r#"[{"type": "Ready"}, {"type": "SandboxFailure", "reason": "SetupFailed",
            "message": "runner process exited with code 1"}]"#;
        assert_eq!(
            reason_of(json!({"conditions": failure, "runtime_error": "see there"})).as_deref(),
            Some("runner process exited with code 1")
        );
        let unnamed = r#"[{"type": "SandboxFailure", "reason": "SetupFailed"}]"#;
        assert_eq!(
            reason_of(json!({"conditions": unnamed})).as_deref(),
            Some("SetupFailed")
        );
        assert_eq!(
            reason_of(json!({"runtime_error": "broken\u{1b}[31m"})).as_deref(),
            Some("broken\\x1b[31m")
        );
    }

    #[test]
    fn damaged_or_missing_conditions_give_no_reason() {
        for conditions in ["", "{}", "[", "[1]", r#"[{"type": "SandboxFailure"}]"#] {
            assert_eq!(reason_of(json!({"conditions": conditions})), None);
        }
    }
}
