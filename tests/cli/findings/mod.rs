//! Findings as people and programs read them: pages on a terminal, lists of several files, reports for code scanning,
//! explanations; and the kinds of findings that the users' own files have.

mod kinds;
mod page;
mod report;

use serde_json::Value;

use crate::support::{TestEnv, streams};

/// A kubeconfig of one context; the user is a flow-style body.
fn config(server: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
         contexts: [{{name: dev, context: {{cluster: c, user: u, namespace: ns}}}}]\n\
         clusters:\n- name: c\n  cluster: {{server: '{server}'}}\nusers:\n- name: u\n  user: {{{user}}}\n"
    )
}

const GOOD: &str = "https://api.example.com:6443";

/// Two contexts, faults of each severity, and a secret in every kind of place.
pub const FAULTY: &str = "\
apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: {cluster: c, user: u}
- name: prod
  context: {cluster: c, user: u}
clusters:
- name: c
  cluster:
    server: http://admin:canary-userinfo@10.0.0.1:6443/?x=canary-query
    insecure-skip-tls-verify: true # canary-comment
    certificate_authority_data: canary-unknown
users:
- name: u
  user:
    token: canary-token-0123
    token: canary-second-0123
    tokn: canary-misspelt
    password: \"canary\\x2descaped\"
";

fn run(env: &TestEnv, args: &[&str]) -> (Option<i32>, String, String) {
    let output = env.acpctl().args(args).output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

fn validate(env: &TestEnv, args: &[&str]) -> (Option<i32>, String, String) {
    run(env, &[&["credential", "validate"], args].concat())
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn codes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|it| it["code"].as_str().unwrap())
        .collect()
}
