//! The routes of the API: which handler answers which verb on which path.
//!
//! The `OpenAPI` document is generated from the same table.

use super::call::{Call, Verb};
use super::crud;
use super::error::ServerFailure;
use super::fields::Kind;
use super::handlers::{
    agents, applications, clusters, credentials, history, in_project, inbox, messages,
    project_settings, projects, role_bindings, roles, runner, scheduled_sessions, sessions,
    unbuilt,
};
use super::kinds::{
    AGENT, APPLICATION, CLUSTER, CREDENTIAL, INBOX_MESSAGE, POLICY, PROJECT, PROJECT_SETTINGS,
    PROVIDER, ROLE, ROLE_BINDING, SCHEDULED_SESSION, SESSION, USER,
};
use super::names::BASE;
use super::reply::Reply;

/// The effect of a route, as the `OpenAPI` document describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    List,
    Create,
    Read,
    Change,
    Delete,
    /// Performs an action and answers with the record.
    Act,
    /// Does something else; the text says what.
    Other(&'static str),
    /// Answers with a status in the 500s, because neither the platform nor this server implements it. The one
    /// exception are the events of a session that ran here.
    Unavailable(&'static str),
}

impl Route {
    /// True if the answer holds a session, one that was just started, or a message that it shall read.
    pub(super) fn shows_session(&self) -> bool {
        let is_session = self.kind.name == SESSION.name;
        match self.does {
            Create | Read | Act => is_session,
            Other(_) => {
                self.verb == POST
                    && ["/start", "/trigger", "/messages"]
                        .iter()
                        .any(|end| self.path.ends_with(end))
            }
            List | Change | Delete | Unavailable(_) => false,
        }
    }
}

pub(super) type Handler = fn(&Call<'_>) -> Result<Reply, ServerFailure>;

/// One verb on one path.
pub(super) struct Route {
    pub verb: Verb,
    /// The path below [`BASE`]. `{name}` stands for one part, `{name*}` for all parts that follow.
    pub path: &'static str,
    pub kind: &'static Kind,
    pub does: Does,
    pub run: Handler,
}

const fn route(
    verb: Verb,
    path: &'static str,
    kind: &'static Kind,
    does: Does,
    run: Handler,
) -> Route {
    Route {
        verb,
        path,
        kind,
        does,
        run,
    }
}

use Does::{Act, Change, Create, Delete, List, Other, Read, Unavailable};
use Verb::{Delete as DELETE, Get as GET, Patch as PATCH, Post as POST};

/// All routes, one on each line.
#[rustfmt::skip]
pub(super) static ROUTES: &[Route] = &[
    route(GET, "/credentials", &CREDENTIAL, List, crud::list),
    route(POST, "/credentials", &CREDENTIAL, Create, credentials::create),
    route(GET, "/credentials/{id}", &CREDENTIAL, Read, crud::get),
    route(PATCH, "/credentials/{id}", &CREDENTIAL, Change, credentials::patch),
    route(DELETE, "/credentials/{id}", &CREDENTIAL, Delete, credentials::delete),
    route(GET, "/credentials/{id}/role_bindings", &ROLE_BINDING, List, role_bindings::of_credential),
    route(GET, "/credentials/{id}/token", &CREDENTIAL, Other("Fetch the token"), credentials::token),
    // The project in these paths is not checked (docs/interface/api.md section 7.2).
    route(GET, "/projects/{project}/credentials", &CREDENTIAL, List, crud::list),
    route(POST, "/projects/{project}/credentials", &CREDENTIAL, Create, credentials::create),
    route(GET, "/projects/{project}/credentials/{id}", &CREDENTIAL, Read, crud::get),
    route(PATCH, "/projects/{project}/credentials/{id}", &CREDENTIAL, Change, credentials::patch),
    route(DELETE, "/projects/{project}/credentials/{id}", &CREDENTIAL, Delete, credentials::delete),
    route(GET, "/projects/{project}/credentials/{id}/token", &CREDENTIAL, Other("Fetch the token"), credentials::token),
    route(GET, "/projects", &PROJECT, List, crud::list),
    route(POST, "/projects", &PROJECT, Create, projects::create),
    route(GET, "/projects/{id}", &PROJECT, Read, crud::get),
    route(PATCH, "/projects/{id}", &PROJECT, Change, projects::patch),
    route(DELETE, "/projects/{id}", &PROJECT, Delete, crud::delete),
    route(POST, "/projects/{id}/transfer-ownership", &PROJECT, Act, projects::transfer),
    route(GET, "/projects/{id}/role_bindings", &ROLE_BINDING, List, role_bindings::of_project),
    route(GET, "/projects/{project}/providers", &PROVIDER, List, in_project::list),
    route(POST, "/projects/{project}/providers", &PROVIDER, Create, in_project::create),
    route(GET, "/projects/{project}/providers/{id}", &PROVIDER, Read, in_project::get),
    route(PATCH, "/projects/{project}/providers/{id}", &PROVIDER, Change, in_project::patch),
    route(DELETE, "/projects/{project}/providers/{id}", &PROVIDER, Delete, in_project::delete),
    route(GET, "/projects/{project}/policies", &POLICY, List, in_project::list),
    route(POST, "/projects/{project}/policies", &POLICY, Create, in_project::create),
    route(GET, "/projects/{project}/policies/{id}", &POLICY, Read, in_project::get),
    route(PATCH, "/projects/{project}/policies/{id}", &POLICY, Change, in_project::patch),
    route(DELETE, "/projects/{project}/policies/{id}", &POLICY, Delete, in_project::delete),
    route(GET, "/projects/{id}/home", &PROJECT, Unavailable("Not built yet"), unbuilt::not_implemented),
    route(GET, "/project_settings", &PROJECT_SETTINGS, List, project_settings::list),
    route(POST, "/project_settings", &PROJECT_SETTINGS, Create, project_settings::create),
    route(GET, "/project_settings/{id}", &PROJECT_SETTINGS, Read, crud::get),
    route(PATCH, "/project_settings/{id}", &PROJECT_SETTINGS, Change, project_settings::patch),
    route(DELETE, "/project_settings/{id}", &PROJECT_SETTINGS, Delete, crud::delete),
    route(GET, "/projects/{project}/agents", &AGENT, List, agents::list),
    route(POST, "/projects/{project}/agents", &AGENT, Create, agents::create),
    route(GET, "/projects/{project}/agents/{id}", &AGENT, Read, agents::get),
    route(PATCH, "/projects/{project}/agents/{id}", &AGENT, Change, agents::patch),
    route(DELETE, "/projects/{project}/agents/{id}", &AGENT, Delete, agents::delete),
    route(POST, "/projects/{project}/agents/{id}/start", &AGENT, Other("Start a session"), agents::start),
    route(GET, "/projects/{project}/agents/{id}/start", &AGENT, Other("Show the prompt of a start"), agents::preview),
    route(GET, "/projects/{project}/agents/{id}/sessions", &SESSION, List, agents::sessions),
    route(GET, "/projects/{project}/agents/{id}/role_bindings", &ROLE_BINDING, List, agents::role_bindings),
    route(GET, "/projects/{project}/agents/{agent}/inbox", &INBOX_MESSAGE, List, inbox::list),
    route(POST, "/projects/{project}/agents/{agent}/inbox", &INBOX_MESSAGE, Create, inbox::create),
    route(GET, "/projects/{project}/agents/{agent}/inbox/{id}", &INBOX_MESSAGE, Unavailable("Not built yet"), unbuilt::not_implemented),
    route(PATCH, "/projects/{project}/agents/{agent}/inbox/{id}", &INBOX_MESSAGE, Change, inbox::patch),
    route(DELETE, "/projects/{project}/agents/{agent}/inbox/{id}", &INBOX_MESSAGE, Delete, inbox::delete),
    route(GET, "/projects/{project}/scheduled-sessions", &SCHEDULED_SESSION, List, scheduled_sessions::list),
    route(POST, "/projects/{project}/scheduled-sessions", &SCHEDULED_SESSION, Create, scheduled_sessions::create),
    route(GET, "/projects/{project}/scheduled-sessions/{id}", &SCHEDULED_SESSION, Read, crud::get),
    route(PATCH, "/projects/{project}/scheduled-sessions/{id}", &SCHEDULED_SESSION, Change, scheduled_sessions::patch),
    route(DELETE, "/projects/{project}/scheduled-sessions/{id}", &SCHEDULED_SESSION, Delete, crud::delete),
    route(POST, "/projects/{project}/scheduled-sessions/{id}/suspend", &SCHEDULED_SESSION, Act, scheduled_sessions::suspend),
    route(POST, "/projects/{project}/scheduled-sessions/{id}/resume", &SCHEDULED_SESSION, Act, scheduled_sessions::resume),
    route(POST, "/projects/{project}/scheduled-sessions/{id}/trigger", &SCHEDULED_SESSION, Other("Start a session of it now"), scheduled_sessions::trigger),
    route(GET, "/projects/{project}/scheduled-sessions/{id}/runs", &SCHEDULED_SESSION, Other("List the sessions that it started"), scheduled_sessions::runs),
    route(GET, "/sessions", &SESSION, List, sessions::list),
    route(POST, "/sessions", &SESSION, Create, sessions::create),
    // Before the route of one session, which fits as well.
    route(GET, "/sessions/phase_counts", &SESSION, Other("Count the sessions in each phase"), history::phase_counts),
    route(GET, "/sessions/{id}", &SESSION, Read, crud::get),
    route(PATCH, "/sessions/{id}", &SESSION, Change, sessions::patch),
    route(DELETE, "/sessions/{id}", &SESSION, Delete, sessions::delete),
    route(PATCH, "/sessions/{id}/status", &SESSION, Act, sessions::status),
    route(POST, "/sessions/{id}/start", &SESSION, Act, sessions::start),
    route(POST, "/sessions/{id}/stop", &SESSION, Act, sessions::stop),
    route(POST, "/sessions/{id}/clone", &SESSION, Other("Copy the session"), sessions::clone),
    route(POST, "/sessions/{id}/repos", &SESSION, Act, sessions::add_repo),
    route(DELETE, "/sessions/{id}/repos/{name}", &SESSION, Act, sessions::remove_repo),
    route(POST, "/sessions/{id}/workflow", &SESSION, Act, sessions::set_workflow),
    route(GET, "/sessions/{id}/workflow/metadata", &SESSION, Other("The workflow as an object"), sessions::workflow),
    route(POST, "/sessions/{id}/model", &SESSION, Act, sessions::set_model),
    route(PATCH, "/sessions/{id}/displayname", &SESSION, Act, sessions::rename),
    route(GET, "/sessions/{id}/export", &SESSION, Other("The session with the time of the export"), sessions::export),
    route(GET, "/sessions/{id}/messages", &SESSION, Other("Messages, at once or as they come"), messages::read),
    route(POST, "/sessions/{id}/messages", &SESSION, Other("Write a message"), messages::write),
    route(GET, "/sessions/{id}/events", &SESSION, Unavailable("Events of the latest run"), runner::events),
    route(GET, "/sessions/{id}/events/history", &SESSION, Other("List the stored events"), history::events),
    route(GET, "/sessions/{id}/sandbox/logs", &SESSION, Other("The logs as text"), history::logs),
    route(GET, "/sessions/{id}/sandbox/policy", &SESSION, Other("The policy as text"), history::policy),
    route(GET, "/sessions/{id}/role_bindings", &ROLE_BINDING, List, role_bindings::of_session),
    route(GET, "/sessions/{id}/agui/events", &SESSION, Other("Events of the runner"), runner::empty_stream),
    route(GET, "/sessions/{id}/agui/tasks", &SESSION, Other("Tasks of the runner"), runner::tasks),
    route(GET, "/sessions/{id}/agui/capabilities", &SESSION, Other("What the runner can do"), runner::capabilities),
    route(POST, "/sessions/{id}/agui/run", &SESSION, Unavailable("Needs a runner"), runner::needed),
    route(POST, "/sessions/{id}/agui/interrupt", &SESSION, Unavailable("Needs a runner"), runner::needed),
    route(POST, "/sessions/{id}/agui/feedback", &SESSION, Unavailable("Needs a runner"), runner::needed),
    route(GET, "/sessions/{id}/mcp/status", &SESSION, Other("Tool servers of the runner"), runner::tool_servers),
    route(GET, "/sessions/{id}/workspace", &SESSION, Other("Files of the runner"), runner::files),
    route(GET, "/sessions/{id}/workspace/{path*}", &SESSION, Unavailable("Needs a runner"), runner::needed),
    route(DELETE, "/sessions/{id}/workspace/{path*}", &SESSION, Unavailable("Needs a runner"), runner::needed),
    route(GET, "/sessions/{id}/files", &SESSION, Other("Files of the runner"), runner::files),
    route(DELETE, "/sessions/{id}/files/{path*}", &SESSION, Unavailable("Needs a runner"), runner::needed),
    route(GET, "/sessions/{id}/git/status", &SESSION, Other("Changes in the runner's files"), runner::git_status),
    route(GET, "/sessions/{id}/git/branches", &SESSION, Other("Branches in the runner's files"), runner::nothing),
    route(POST, "/sessions/{id}/git/configure-remote", &SESSION, Unavailable("Needs a runner"), runner::needed),
    route(GET, "/sessions/{id}/repos/status", &SESSION, Other("Repositories of the runner"), runner::nothing),
    route(GET, "/sessions/{id}/pod-events", &SESSION, Other("Events of the runner's pod"), runner::nothing),
    route(GET, "/sessions/{id}/oauth/{provider}/url", &SESSION, Unavailable("Not built yet"), runner::oauth),
    route(GET, "/users", &USER, List, crud::list),
    route(POST, "/users", &USER, Create, crud::create),
    route(GET, "/users/{id}", &USER, Read, crud::get),
    route(PATCH, "/users/{id}", &USER, Change, crud::patch),
    route(DELETE, "/users/{id}", &USER, Delete, crud::delete),
    route(GET, "/users/{id}/role_bindings", &ROLE_BINDING, List, role_bindings::of_user),
    route(GET, "/roles", &ROLE, List, crud::list),
    route(POST, "/roles", &ROLE, Create, roles::create),
    route(GET, "/roles/{id}", &ROLE, Read, crud::get),
    route(PATCH, "/roles/{id}", &ROLE, Change, roles::patch),
    route(DELETE, "/roles/{id}", &ROLE, Delete, crud::delete),
    route(GET, "/role_bindings", &ROLE_BINDING, List, crud::list),
    route(POST, "/role_bindings", &ROLE_BINDING, Create, role_bindings::create),
    route(GET, "/role_bindings/{id}", &ROLE_BINDING, Read, crud::get),
    route(PATCH, "/role_bindings/{id}", &ROLE_BINDING, Change, role_bindings::patch),
    route(DELETE, "/role_bindings/{id}", &ROLE_BINDING, Delete, role_bindings::delete),
    route(GET, "/applications", &APPLICATION, List, crud::list),
    route(POST, "/applications", &APPLICATION, Create, applications::create),
    route(GET, "/applications/{id}", &APPLICATION, Read, crud::get),
    route(PATCH, "/applications/{id}", &APPLICATION, Change, applications::patch),
    route(DELETE, "/applications/{id}", &APPLICATION, Delete, crud::delete),
    route(POST, "/applications/{id}/sync", &APPLICATION, Act, applications::sync),
    route(POST, "/applications/{id}/refresh", &APPLICATION, Act, applications::refresh),
    route(GET, "/applications/{id}/status", &APPLICATION, Act, crud::get),
    route(GET, "/clusters", &CLUSTER, List, crud::list),
    route(POST, "/clusters", &CLUSTER, Create, clusters::create),
    route(GET, "/clusters/{id}", &CLUSTER, Read, crud::get),
    route(PATCH, "/clusters/{id}", &CLUSTER, Change, clusters::patch),
    route(DELETE, "/clusters/{id}", &CLUSTER, Delete, crud::delete),
    route(GET, "/clusters/{id}/status", &CLUSTER, Act, crud::get),
    route(POST, "/clusters/{id}/heartbeat", &CLUSTER, Act, clusters::heartbeat),
];

/// The result of looking up a path and a verb.
pub(super) enum Found {
    Route(&'static Route, Vec<(&'static str, String)>),
    WrongVerb,
    Nothing,
}

/// Finds the route for a path as it was sent. The path is split before its parts are decoded, so that an encoded
/// slash in an id does not divide the path.
pub(super) fn find(path: &str, verb: Option<Verb>) -> Found {
    let Some(below) = path.strip_prefix(BASE) else {
        return Found::Nothing;
    };
    let mut found = Found::Nothing;
    for route in ROUTES {
        if let Some(parts) = fits(route.path, below) {
            if Some(route.verb) == verb {
                return Found::Route(route, parts);
            }
            found = Found::WrongVerb;
        }
    }
    found
}

/// Returns the values of a pattern's variable parts if a path fits the pattern.
fn fits(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut values = Vec::new();
    let mut rest = path.strip_prefix('/')?;
    let mut parts = pattern.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let name = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        if let Some(name) = name.and_then(|name| name.strip_suffix('*')) {
            values.push((name, decode(rest)));
            return (!rest.is_empty()).then_some(values);
        }
        let (value, after) = match rest.split_once('/') {
            Some((value, after)) => (value, Some(after)),
            None => (rest, None),
        };
        let value = decode(value);
        match name {
            // No id contains a slash, so a part that decodes to one fits nothing.
            Some(name) if !value.is_empty() && !value.contains('/') => values.push((name, value)),
            None if value == part => {}
            _ => return None,
        }
        match (parts.peek(), after) {
            (Some(_), Some(after)) => rest = after,
            (None, None) => return Some(values),
            _ => return None,
        }
    }
    None
}

/// Percent-decodes a path; malformed escapes are kept verbatim.
pub(super) fn decode(path: &str) -> String {
    percent_encoding::percent_decode_str(path)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_percent_decoded() {
        assert_eq!(decode("/a%2Fb%20c%zz%"), "/a/b c%zz%");
        assert_eq!(decode("/%ff"), "/\u{fffd}");
    }

    #[test]
    fn a_slash_in_an_id_leads_nowhere() {
        assert_eq!(fits("/a/{x}", "/a/1%2Fb"), None);
        assert_eq!(fits("/a/{x}/b", "/a/1%2Fb"), None);
        assert_eq!(
            fits("/a/{x}", "/%61/1%20b"),
            Some(vec![("x", "1 b".to_owned())])
        );
    }

    #[test]
    fn patterns_fit_whole_paths() {
        assert_eq!(
            fits("/a/{x}/b", "/a/1/b"),
            Some(vec![("x", "1".to_owned())])
        );
        assert_eq!(
            fits("/a/{x*}", "/a/1/b"),
            Some(vec![("x", "1/b".to_owned())])
        );
        for path in ["/a", "/a/1", "/a//b", "/a/1/b/c", "/b/1/b", "a/1/b", ""] {
            assert_eq!(fits("/a/{x}/b", path), None, "{path}");
        }
    }

    #[test]
    fn no_two_routes_answer_the_same_request() {
        for (index, route) in ROUTES.iter().enumerate() {
            let path = route.path.replace(['{', '}', '*'], "");
            let same = ROUTES
                .iter()
                .position(|other| other.verb == route.verb && fits(other.path, &path).is_some());
            assert_eq!(same, Some(index), "{}", route.path);
        }
    }
}
