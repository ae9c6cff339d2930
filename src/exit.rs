//! The one place that turns an error into text and a status.

use std::process::ExitCode;

use serde_json::json;

use crate::api;
use crate::failure::{Failure, Kind, Status};
use crate::output::{Closed, Color, Out};
use crate::text::secrets;
use crate::version;

/// Prints an error and gives the exit code: `Error: …` on standard error, and with `-o json` an
/// object on standard output too, if nothing was printed there before.
pub fn report(out: &Out, error: &anyhow::Error, as_json: bool) -> ExitCode {
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
        let body = json!({"error": {
            "exit_code": code, "code": server.code, "reason": message, "detail": server.detail,
            "hint": failure.hint, "operation_id": server.operation_id,
        }});
        // The exit code already tells that something failed; a closed pipe adds nothing to it.
        let _ = out.json(&body);
    }
    ExitCode::from(code)
}

/// Says where the program broke, and nothing else: the message of a panic may quote what was worked on.
pub fn on_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map_or_else(String::new, |place| format!(" at {place}"));
    let out = Out::new(Color::Never);
    out.note(&format!("Error: internal error{place}"));
    out.note(&format!(
        "Hint: this is a defect of acpctl {}; please report it with the line above",
        version::VERSION
    ));
}
