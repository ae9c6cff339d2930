//! The ways in which a server can tell how it runs sessions (docs/interface/runner.md section 12.1).

use serde_json::json;

use super::server::{Received, Reply, error, json as answer, list, raw};

/// A state of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The platform as it was: no such routes.
    Former,
    /// Sandboxes exist, and are switched off.
    SwitchedOff,
    /// Sandboxes, and the server says so.
    Sandbox,
    /// Sandboxes, after the field was removed.
    SandboxUnsaid,
    /// Projects with managed gateways.
    Managed,
    /// The question fails.
    Failing,
    /// Something other than the platform answers.
    Portal,
}

impl State {
    /// Answers a request that asks for the state; `None` for every other one. The only project is `team-a`.
    pub fn answer(self, request: &Received) -> Option<Reply> {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        let path = target.split('?').next().unwrap();
        if request.method != "GET" {
            return None;
        }
        let missing = || error(404, "NOT-FOUND", "no such route");
        match path {
            "/projects/team-a" => {
                let mut project = json!({"id": "team-a", "name": "team-a"});
                if self == Self::Managed {
                    project["runtime_backend"] = json!("hypershell");
                }
                Some(answer(200, &project))
            }
            "/platform-info" => Some(match self {
                Self::Former => missing(),
                Self::SwitchedOff => answer(200, &json!({"gateway_mode": false})),
                Self::Sandbox => answer(200, &json!({"gateway_mode": true})),
                Self::SandboxUnsaid | Self::Managed => answer(200, &json!({"rbac_enabled": true})),
                Self::Failing => error(500, "GENERAL", "broken"),
                Self::Portal => raw(200, "text/html", "<html>log in</html>"),
            }),
            "/projects/team-a/providers" => Some(match self {
                Self::Former => missing(),
                Self::Failing => error(403, "FORBIDDEN", "no"),
                Self::Portal => raw(200, "text/html", "<html>log in</html>"),
                _ => list(json!([])),
            }),
            _ => None,
        }
    }
}
