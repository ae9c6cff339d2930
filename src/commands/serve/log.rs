//! The log of the server on standard error: one line for each request and each run, as text on a terminal and as JSON
//! elsewhere.

use std::io::{IsTerminal as _, Write as _};

use serde_json::{Value, json};

use crate::compat::json;
use crate::output::style::{Tone, paint};
use crate::output::{Color, Out, talk};
use crate::server::Access;

/// Logs a request, without its query, headers and body.
pub(super) fn request(access: &Access<'_>) {
    let milliseconds = u64::try_from(access.duration.as_millis()).unwrap_or(u64::MAX);
    if is_for_person() {
        let mut status = access.status.to_string();
        let is_colored = Out::new(Color::Auto).colored_stderr();
        match access.status {
            500.. => status = paint(&status, Tone::Bad, is_colored),
            400.. => status = paint(&status, Tone::Doubtful, is_colored),
            _ => {}
        }
        let id = match access.status {
            500.. => format!("  {}", access.operation_id.unwrap_or_default()),
            _ => String::new(),
        };
        let (method, path) = (access.method, access.path);
        return tell(&format!(
            "{status}  {method:<6} {path}  {milliseconds} ms{id}"
        ));
    }
    write(&json!({
        "time": jiff::Timestamp::now().to_string(),
        "method": access.method,
        "path": access.path,
        "status": access.status,
        "ms": milliseconds,
        "operation_id": access.operation_id,
    }));
}

/// Logs that the run of a session started or how it ended.
pub(super) fn session(session: &str, event: &str) {
    if is_for_person() {
        return tell(&format!("session {session}  {event}"));
    }
    write(&json!({
        "time": jiff::Timestamp::now().to_string(),
        "session": session,
        "run": event,
    }));
}

fn is_for_person() -> bool {
    std::io::stderr().is_terminal()
}

/// Writes a line with the time before it.
fn tell(line: &str) {
    let time = jiff::Timestamp::now().strftime("%H:%M:%SZ").to_string();
    talk(&format!("{time}  {}\n", crate::text::seen::visible(line)));
}

fn write(line: &Value) {
    let _ = writeln!(
        std::io::stderr().lock(),
        "{}",
        json::shown(&json::compact(line))
    );
}
