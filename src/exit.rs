//! Failures and exit codes: the one place that turns an error into text and a status.

use std::fmt;
use std::process::ExitCode;

use serde_json::json;

use crate::output::{Closed, Color, Out};
use crate::text::secrets;

/// What kind of failure it is. The number is the exit code (man page, EXIT STATUS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything that has no code of its own.
    Other = 1,
    /// The command line is wrong.
    Usage = 2,
    /// What was named does not exist, or is hidden from the caller.
    NotFound = 3,
    /// Not logged in, or the server rejected the token (401).
    Login = 4,
    /// The caller may not do this (403).
    Forbidden = 5,
    /// A conflict on the server (409), or a name that fits several objects.
    Conflict = 6,
    /// The input data is not valid.
    Data = 7,
    /// A policy gate closed: `--min-ttl`, `--strict`.
    Policy = 8,
    /// The server can't be reached, or did not answer in time.
    Network = 9,
    /// The server failed (5xx).
    Server = 10,
    /// Input is needed, and asking for it is not allowed here.
    Input = 11,
}

/// The exit codes with their meaning, as the manual page and the README list them.
pub const CODES: &[(u8, &str)] = &[
    (0, "success"),
    (1, "other failure"),
    (2, "usage error"),
    (3, "not found"),
    (4, "not logged in, or the token was rejected (401)"),
    (5, "forbidden (403)"),
    (6, "conflict, or an ambiguous name"),
    (7, "invalid input data"),
    (8, "policy gate: --min-ttl or --strict"),
    (9, "network failure or time-out"),
    (10, "server error"),
    (11, "input needed, but asking is not allowed"),
];

/// A failure with the words for the user: what happened, and one thing to do about it.
///
/// The message carries no secret: it is printed, and goes into JSON.
#[derive(Debug, Clone)]
pub struct Failure {
    pub kind: Kind,
    pub message: String,
    pub hint: Option<String>,
}

impl Failure {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
        }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Ends the program with a status of someone else's: a child process, or a signal.
#[derive(Debug)]
pub struct Status(pub u8);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit status {}", self.0)
    }
}

impl std::error::Error for Status {}

/// What is known about an error once it reaches the top.
struct Described {
    kind: Kind,
    message: String,
    hint: Option<String>,
    /// The server's error code, its id for the request, and its words where they had no code.
    code: Option<String>,
    operation_id: Option<String>,
    detail: Option<String>,
}

/// Reads an error chain: the kind from its typed member, the message from all of it.
fn describe(error: &anyhow::Error) -> Described {
    let message = secrets::hide(&format!("{error:#}")).into_owned();
    if let Some(failure) = error.chain().find_map(|e| e.downcast_ref::<Failure>()) {
        return Described {
            kind: failure.kind,
            message,
            hint: failure.hint.clone(),
            code: None,
            operation_id: None,
            detail: None,
        };
    }
    if let Some(api) = error
        .chain()
        .find_map(|e| e.downcast_ref::<crate::api::Error>())
    {
        return Described {
            kind: api.kind(),
            message,
            hint: api.hint(),
            code: api.code().map(str::to_owned),
            operation_id: api.operation_id().map(str::to_owned),
            detail: api.detail().map(str::to_owned),
        };
    }
    Described {
        kind: Kind::Other,
        message,
        hint: None,
        code: None,
        operation_id: None,
        detail: None,
    }
}

/// The kind of an error, from its typed member.
#[must_use]
pub fn kind(error: &anyhow::Error) -> Kind {
    describe(error).kind
}

/// Prints an error and gives the exit code: `Error: …` on standard error, and with `-o json` an
/// object on standard output too, if nothing was printed there before.
pub fn report(out: &Out, error: &anyhow::Error, as_json: bool) -> ExitCode {
    if let Some(status) = error.chain().find_map(|e| e.downcast_ref::<Status>()) {
        return ExitCode::from(status.0);
    }
    if error.is::<Closed>() {
        return ExitCode::SUCCESS;
    }
    let described = describe(error);
    let code = described.kind as u8;
    out.note(&format!("Error: {}", described.message));
    // Scripts compare the first line; what follows explains it.
    for (label, text) in [("Server", &described.detail), ("Hint", &described.hint)] {
        if let Some(text) = text {
            out.note(&format!("{label}: {text}"));
        }
    }
    if as_json && !out.wrote() {
        let body = json!({"error": {
            "exit_code": code, "code": described.code, "reason": described.message, "detail": described.detail,
            "hint": described.hint, "operation_id": described.operation_id,
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
        crate::VERSION
    ));
}
