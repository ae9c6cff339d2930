//! One request on its way to a handler.

use bytes::Bytes;

use super::query::Query;
use super::route::Route;
use super::{AppState, Manners};

/// What handlers see of a request.
pub struct Call<'a> {
    pub state: &'a AppState,
    pub route: &'static Route,
    /// The values of the `{…}` parts of the path, by name.
    pub path: Vec<(&'static str, String)>,
    pub query: Query,
    /// `X-Ambient-Project`, if it has a value.
    pub project_header: Option<String>,
    /// `Accept` is exactly `text/event-stream`.
    pub wants_events: bool,
    pub last_event_id: Option<String>,
    pub body: Bytes,
}

impl Call<'_> {
    /// A `{…}` part of the path; empty if the route has none of this name.
    pub fn part(&self, name: &str) -> &str {
        self.path
            .iter()
            .find(|(key, _)| *key == name)
            .map_or("", |(_, value)| value.as_str())
    }

    pub fn manners(&self) -> Manners {
        self.state.manners()
    }
}
