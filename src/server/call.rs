//! One request on its way to a handler.

use zeroize::Zeroizing;

use super::fields::Kind;
use super::query::Query;
use super::state::{AppState, Fidelity, Platform};

/// The methods that routes answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Patch,
    Delete,
}

/// The parts of a request that handlers see.
pub(super) struct Call<'a> {
    pub state: &'a AppState,
    /// The kind of record that the route is about.
    pub kind: &'static Kind,
    /// The values of the `{…}` parts of the path, by name.
    pub path: Vec<(&'static str, String)>,
    pub query: Query,
    /// The header `X-Ambient-Project`, if it has a value.
    pub project_header: Option<String>,
    /// Whether the header `Accept` is exactly `text/event-stream`.
    pub wants_events: bool,
    pub last_event_id: Option<String>,
    /// The body as sent. It may hold a token.
    pub body: Zeroizing<Vec<u8>>,
}

impl Call<'_> {
    /// Returns a `{…}` part of the path; empty if the route has no part of this name.
    pub(super) fn part(&self, name: &str) -> &str {
        self.path
            .iter()
            .find(|(key, _)| *key == name)
            .map_or("", |(_, value)| value.as_str())
    }

    pub(super) fn fidelity(&self) -> Fidelity {
        self.state.fidelity()
    }

    /// Whether the server behaves like the platform that runs sessions in sandboxes.
    pub(super) fn is_sandbox(&self) -> bool {
        self.state.platform() == Platform::Sandbox
    }
}
