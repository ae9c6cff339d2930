//! Questions and tables on a terminal.

mod asking;
mod doctor;
mod embedded;
mod layout;
mod pager;
mod wizard;

use std::fs;

use serde_json::{Value, json};

use crate::support::pty::Terminal;
use crate::support::server::{Scripted, error, json as answer, list};
use crate::support::{ID, TestEnv, streams};

const ENTER: &str = "\r";

const CTRL_C: &str = "\x03";

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: prod
contexts:
- {name: dev, context: {cluster: dev, user: dev}}
- {name: prod, context: {cluster: prod, user: dev}}
clusters:
- {name: dev, cluster: {server: 'https://dev.example.org:6443'}}
- {name: prod, cluster: {server: 'https://prod.example.org:6443'}}
users:
- {name: dev, user: {token: canary-in-the-file-0a4f}}
";

fn platform() -> Scripted {
    Scripted::with(|request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match (
            request.method.as_str(),
            path.split('?').next().unwrap_or_default(),
        ) {
            ("GET", "/projects") => {
                list(json!([{"id": "team-a", "name": "team-a", "description": "First"}]))
            }
            ("GET", "/roles") => list(json!([{"id": "role-1", "name": "credential:viewer"}])),
            ("GET", "/credentials") => list(json!([])),
            ("GET", path) if path == format!("/credentials/{ID}") => {
                answer(200, &json!({"id": ID, "name": "prod"}))
            }
            ("POST", "/credentials") => {
                let mut body = request.json();
                body["id"] = json!(ID);
                answer(201, &body)
            }
            ("POST", "/role_bindings") => answer(201, &json!({"id": "rb-1"})),
            ("DELETE", _) => answer(204, &Value::Null),
            _ => error(404, "not-found", "nothing here"),
        }
    })
}

fn with_kubeconfig() -> TestEnv {
    let env = TestEnv::new();
    fs::create_dir(env.home().join(".kube")).unwrap();
    fs::write(env.home().join(".kube/config"), KUBECONFIG).unwrap();
    env
}

/// Answers the first steps; the name is typed whole.
fn answer_steps(terminal: &Terminal, steps: &[(&str, &[&str])]) {
    for (question, keys) in steps {
        terminal.wait_for(question);
        for key in *keys {
            terminal.type_text(key);
        }
    }
}

fn changes(server: &Scripted) -> Vec<String> {
    server
        .lines()
        .into_iter()
        .filter(|line| !line.starts_with("GET"))
        .collect()
}

/// The statuses of `doctor -o json`, and its exit status.
fn doctor(env: &TestEnv, url: &str, token: &str) -> (Value, Option<i32>) {
    let output = env
        .acpctl()
        .env("AMBIENT_API_URL", url)
        .env("AMBIENT_TOKEN", token)
        .args(["doctor", "-o", "json"])
        .output()
        .unwrap();
    let (stdout, _) = streams(&output);
    assert!(!stdout.contains("canary"), "no secret is shown");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let pairs = checks.iter().map(|check| {
        assert_eq!(check["fix"].is_null(), check["status"] == "ok", "{check}");
        (
            check["name"].as_str().unwrap().to_owned(),
            check["status"].clone(),
        )
    });
    (
        pairs.collect::<serde_json::Map<_, _>>().into(),
        output.status.code(),
    )
}
