//! The one place that turns an error into text and an exit status.

use std::process::ExitCode;

use serde_json::json;

use crate::api;
use crate::failure::{Failure, Kind, Status};
use crate::output::{Closed, Color, Out};
use crate::text::secrets;
use crate::version;

/// Prints an error and returns the exit code. The error is `Error: …` on standard error, and with `-o json` also an
/// object on standard output, unless something was printed there before.
pub(crate) fn report(out: &Out, error: &anyhow::Error, as_json: bool) -> ExitCode {
    if let Some(status) = error.chain().find_map(|e| e.downcast_ref::<Status>()) {
        return ExitCode::from(status.0);
    }
    if error.is::<Closed>() {
        return ExitCode::SUCCESS;
    }
    let message = secrets::hide(&format!("{error:#}")).into_owned();
    let failure = api::failure_in(error).unwrap_or_else(|| Failure::new(Kind::Other, ""));
    let server = failure.server.unwrap_or_default();
    let code = failure.kind as u8;
    out.note(&format!("Error: {message}"));
    // Scripts compare the first line; the lines after it explain it.
    for (label, text) in [("Server", &server.detail), ("Hint", &failure.hint)] {
        if let Some(text) = text {
            out.note(&format!("{label}: {text}"));
        }
    }
    if as_json && !out.wrote() {
        let hidden = |text: Option<String>| text.map(|text| secrets::hide(&text).into_owned());
        let mut body = json!({"error": {
            "exit_code": code, "code": server.code, "reason": message, "detail": hidden(server.detail),
            "hint": hidden(failure.hint), "operation_id": server.operation_id,
        }});
        if let Some(findings) = failure.findings {
            let findings = secrets::hide(&findings.to_string()).into_owned();
            body["error"]["findings"] = serde_json::from_str(&findings).unwrap_or_default();
        }
        // The exit code reports the failure; if the pipe is closed, nothing is lost.
        let _ = out.json(&body);
    }
    ExitCode::from(code)
}

/// Reports the location of a panic and nothing else: its message may quote the user's data.
pub fn on_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic
        .location()
        .map_or_else(String::new, |location| format!(" at {location}"));
    let out = Out::new(Color::Never);
    out.note(&format!("Error: internal error{location}"));
    out.note(&format!(
        "Hint: this is a defect of acpctl {}; please report it with the line above",
        version::VERSION
    ));
}
