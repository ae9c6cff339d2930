//! `session probe`: what is wrong is said by what acpctl itself saw, before any other program gets the credentials.

mod programs;
mod refusals;
mod steps;
mod ways;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::session::{left, runtime_dir};
use crate::support::cluster::{Cluster, Told};
use crate::support::{TestEnv, streams};

const SECRET: &str = "canary-secret-0123456789";

/// Fields of the cluster and of the user.
fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         contexts:\n- name: c\n  context: {{cluster: k, user: u, namespace: apps}}\n\
         clusters:\n- name: k\n  cluster: {{{cluster}}}\n\
         users:\n- name: u\n  user: {{{user}}}\n"
    )
}

fn reaching(cluster: &Cluster, user: &str) -> String {
    kubeconfig(
        &format!(
            "server: '{}', certificate-authority-data: {}",
            cluster.server, cluster.ca
        ),
        user,
    )
}

fn token() -> String {
    format!("token: {SECRET}")
}

/// A program that leaves a mark when it is started.
fn program(env: &TestEnv, name: &str, text: &str) -> PathBuf {
    let path = env.file(
        name,
        format!("#!/bin/sh\n: > \"$HOME/{name}-was-started\"\n{text}"),
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn was_started(env: &TestEnv, name: &str) -> bool {
    env.home().join(format!("{name}-was-started")).exists()
}

/// An MCP server whose tools answer as the test says; ids are echoed.
fn mcp_server(tools: &[(&str, Value)]) -> String {
    let names: Vec<Value> = tools
        .iter()
        .map(|(name, _)| json!({"name": name}))
        .collect();
    let calls: String = tools
        .iter()
        .map(|(name, result)| {
            format!(
                "*'\"tools/call\"'*'\"{name}\"'*) printf '{{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}}\\n' \"$id\" '{result}' ;;\n"
            )
        })
        .collect();
    format!(
        "while read -r line; do\nid=$(printf '%s' \"$line\" | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/')\ncase \"$line\" in\n\
         *'\"initialize\"'*) printf '{{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{{\"serverInfo\":{{\"name\":\"fake\",\"version\":\"v1\"}}}}}}\\n' \"$id\" ;;\n\
         *'\"tools/list\"'*) printf '{{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}}\\n' \"$id\" '{}' ;;\n{calls}esac\ndone\n",
        json!({"tools": names})
    )
}

fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

fn refused(text: &str) -> Value {
    json!({"isError": true, "content": [{"type": "text", "text": text}]})
}

struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Probes a file. Programs are found in the folder `bin` and where the system keeps its own.
fn probe(env: &TestEnv, config: &str, words: &[&str]) -> Run {
    env.file("config.yaml", config);
    let path = format!("{}/bin:/usr/bin:/bin", env.work().display());
    let output = env
        .acpctl()
        .env("PATH", path)
        .env("XDG_RUNTIME_DIR", runtime_dir(env))
        .args(["session", "probe", "--from-file", "config.yaml"])
        .args(words)
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(
        !stdout.contains(SECRET) && !stderr.contains(SECRET),
        "{stdout}{stderr}"
    );
    assert!(left(env).is_empty());
    Run {
        code: output.status.code(),
        stdout,
        stderr,
    }
}

/// A home in which a server is on `PATH`.
fn with_server(text: &str) -> TestEnv {
    let env = TestEnv::new();
    let path = program(&env, "kubernetes-mcp-server", text);
    fs::create_dir(env.work().join("bin")).unwrap();
    fs::rename(path, env.work().join("bin/kubernetes-mcp-server")).unwrap();
    env
}

fn status(status: u16, reason: &str, message: &str) -> Told {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
                      "reason": reason, "message": message, "code": status});
    Told::text(status, "application/json", &body.to_string())
}
