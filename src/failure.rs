//! Failures with their messages and hints, and the exit codes.

use std::fmt;

use serde_json::Value;

/// The kind of a failure. Its number is the exit code (manual page, EXIT STATUS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any failure without a code of its own.
    Other = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The named object does not exist, or is hidden from the caller.
    NotFound = 3,
    /// Not logged in, or the server rejected the token (401).
    Login = 4,
    /// The caller may not do this (403).
    Forbidden = 5,
    /// A conflict on the server (409), or a name that fits several objects.
    Conflict = 6,
    /// The input data is not valid.
    Data = 7,
    /// A policy gate refused the input: `--min-ttl`, `--max-grade`, `--strict`.
    Policy = 8,
    /// The server can't be reached, or did not answer in time.
    Network = 9,
    /// The server failed (5xx).
    Server = 10,
    /// Input is required, but the program must not prompt for it here.
    Input = 11,
    /// `credential list --expiring-within` found credentials.
    Expiring = 12,
    /// `credential scan` found a stored secret.
    Leak = 13,
    /// The command to run can't be run (the status that shells use).
    CannotRun = 126,
    /// The command to run does not exist (the status that shells use).
    NoCommand = 127,
}

/// The exit codes with their meanings, as the manual page and the README list them.
pub const CODES: &[(u8, &str)] = &[
    (0, "success"),
    (1, "other failure"),
    (2, "usage error"),
    (3, "not found"),
    (4, "not logged in, or the token was rejected (401)"),
    (5, "forbidden (403)"),
    (6, "conflict, or an ambiguous name"),
    (7, "invalid input data"),
    (8, "policy gate: --min-ttl, --max-grade or --strict"),
    (9, "network failure or timeout"),
    (10, "server error"),
    (11, "input required, but prompting is disabled"),
    (12, "credential list --expiring-within: credentials expire"),
    (13, "credential scan: a stored secret was found"),
    (126, "exec, session exec: the command cannot be run"),
    (127, "exec, session exec: the command does not exist"),
];

/// The hint about a flag whose value is empty.
pub(crate) const EMPTY_VALUE: &str = "its value is empty: check the variable that it comes from";

/// A failure for the user: a message that says what happened, and a hint that names one thing to do about it.
///
/// The message must not contain a secret, because it is printed and written to JSON.
#[derive(Debug, Clone)]
pub struct Failure {
    pub kind: Kind,
    pub message: String,
    pub hint: Option<String>,
    /// The rest of the server's answer, if the message comes from a server.
    pub server: Option<Box<ServerWords>>,
    /// The findings that led to it, for JSON; people have read them before.
    pub findings: Option<Box<Value>>,
}

/// A server's error code, its id for the request, and its message without a code.
#[derive(Debug, Clone, Default)]
pub struct ServerWords {
    pub code: Option<String>,
    pub operation_id: Option<String>,
    pub detail: Option<String>,
}

impl Failure {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            server: None,
            findings: None,
        }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Returns the refusal of a flag whose value is empty: in a job, most often a variable that is not defined.
    #[must_use]
    pub(crate) fn empty(flag: &str) -> Self {
        Self::usage(format!("--{flag} is required")).hint(EMPTY_VALUE)
    }

    /// Adds a hint that names one thing to do.
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

/// Ends the program with the exit status of a child process or of a signal.
#[derive(Debug)]
pub(crate) struct Status(pub u8);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit status {}", self.0)
    }
}

impl std::error::Error for Status {}
