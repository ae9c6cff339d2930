//! The log of the server: one line of JSON on standard error for each request and each run.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::compat::json;
use crate::server::Access;

/// Logs a request, without its query, headers and body.
pub(super) fn request(access: &Access<'_>) {
    write(&json!({
        "time": jiff::Timestamp::now().to_string(),
        "method": access.method,
        "path": access.path,
        "status": access.status,
        "ms": u64::try_from(access.duration.as_millis()).unwrap_or(u64::MAX),
        "operation_id": access.operation_id,
    }));
}

/// Logs that the run of a session started or how it ended.
pub(super) fn session(session: &str, event: &str) {
    write(&json!({
        "time": jiff::Timestamp::now().to_string(),
        "session": session,
        "run": event,
    }));
}

fn write(line: &Value) {
    let _ = writeln!(
        std::io::stderr().lock(),
        "{}",
        json::shown(&json::compact(line))
    );
}
