//! Completion: the answers of `acpctl __complete`, and what a press of Tab does in real shells.

mod answers;
mod shells;

use serde_json::json;

use crate::support::server::{Scripted, error, list};

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: dev, user: dev}}
- {name: 'arn:aws:eks:demo', context: {cluster: dev, user: dev}}
clusters:
- {name: dev, cluster: {server: 'https://dev.example.org:6443'}}
users:
- {name: dev, user: {token: canary}}
";

fn platform() -> Scripted {
    Scripted::with(|request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        let items = match path.split('?').next().unwrap_or_default() {
            "/credentials" => json!([
                {"id": "3MX85aKNFVYjNaWSBgG3UcSclTU", "name": "prod", "provider": "kubeconfig", "token": "canary",
                 "annotations": "{\"acpctl/server\":\"https://prod.example.org\"}"},
                {"id": "3MX85aKNFVYjNaWSBgG3UcSclTV", "name": "$(touch pwned) `x`;", "provider": "github"},
                {"id": "3MX85aKNFVYjNaWSBgG3UcSclTW", "name": "bad\nname\u{1b}[2J", "provider": "github"},
            ]),
            "/projects" => json!([{"id": "team-a", "name": "team-a", "description": "First"}]),
            "/sessions" => json!([{"id": "s1", "name": "build", "phase": "Running"}]),
            "/projects/team-a/agents" => {
                json!([{"id": "a1", "name": "api", "display_name": "API"}])
            }
            "/roles" => json!([{"id": "r1", "name": "credential:viewer"}]),
            _ => return error(404, "not-found", "nothing here"),
        };
        list(items)
    })
}

/// For answers that must come, however busy the machine is.
const PATIENT: (&str, &str) = ("AMBIENT_COMPLETION_TIMEOUT", "60000");
