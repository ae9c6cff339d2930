//! Tells what the present run of a session does not do: for the commands that act on sessions, and for the screen.

use crate::api::{Client, Request, path};
use crate::resources::{FINAL_PHASES, Record, SESSION};

/// The phases in which a run has begun and not yet ended.
const BEGUN: [&str; 3] = ["Creating", "Running", "Stopping"];

/// Explains a refused interruption. A command or a key that ends the session follows it.
pub(crate) const CANNOT_INTERRUPT: &str = "no runner answers for the session; to end it";

/// The reason why no run reads a new message of a session now.
pub(crate) struct Unread {
    pub session: Record,
    /// True if a run is active that has begun before the message; false if the session has ended.
    pub has_begun: bool,
}

impl Unread {
    /// Returns the end of a sentence about the session.
    pub(crate) fn words(&self) -> String {
        let phase = self.session.text("phase");
        if self.has_begun {
            format!("is {phase}, and this run began before the message")
        } else {
            format!("is {phase}")
        }
    }
}

/// Returns why the present run of a session does not read its message with this number; `None` if a run reads it, or
/// if the session can't be read. Without a project, the requests are for that of the client.
pub(crate) async fn unread(
    client: &Client,
    id: &str,
    seq: i64,
    project: Option<&str>,
) -> Option<Unread> {
    let request = in_project(path(&["sessions", id]), project);
    let session = client.fetch(&SESSION, &request).await.ok()?;
    let is_embedded = client.has_runner().is_some();
    if is_embedded && has_begun_since(client, id, seq, project).await {
        return None;
    }
    let phase = session.text("phase");
    let has_ended = FINAL_PHASES.contains(&phase);
    // A command of the embedded API reads its messages when it begins.
    let has_begun = is_embedded && BEGUN.contains(&phase);
    (has_ended || has_begun).then_some(Unread { session, has_begun })
}

/// True if a run has begun after the message with this number, so that it reads it.
async fn has_begun_since(client: &Client, id: &str, seq: i64, project: Option<&str>) -> bool {
    let messages = path(&["sessions", id, "messages"]);
    let request = in_project(format!("{messages}?after_seq={seq}"), project);
    let later = client.send(&request).await;
    let later = later.and_then(|answer| answer.json()).unwrap_or_default();
    let mut later = later.as_array().into_iter().flatten();
    later.any(|message| message["event_type"] == "RUN_STARTED")
}

fn in_project(path: String, project: Option<&str>) -> Request {
    let mut request = Request::get(path);
    request.project = project.map(str::to_owned);
    request
}

/// Returns the phase in parentheses. A session that was just started may have none: the platform sets it a little
/// later.
pub(crate) fn phase_note(session: &Record) -> String {
    match session.text("phase") {
        "" => String::new(),
        phase => format!(" (phase: {phase})"),
    }
}
