//! `serve --run-sessions`: a session's life, its credentials, its output, and its end in each way.

mod credentials;
mod end;
mod life;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::run::Line as _;
use crate::support::serve::{Serve, wait_for};
use crate::support::{SAMPLE, TestEnv, streams};

const SECRET: &str = "canary-4b1e-runs";

/// A store with a project and, bound to it, a kubeconfig and a token.
fn store() -> TestEnv {
    let env = TestEnv::new();
    env.file("token", SECRET);
    env.file(
        "all.yaml",
        format!(
            "kind: Project\nname: web\n---\nkind: Agent\nname: lead\nproject: web\nprompt: Lead.\n\
             ---\nkind: Credential\nname: kube\nprovider: kubeconfig\ntokenFrom: {{file: {SAMPLE}}}\n\
             ---\nkind: Credential\nname: gh\nprovider: github\ntokenFrom: {{file: token}}\n\
             ---\nkind: RoleBinding\nrole: credential:viewer\nscope: credential\nscope_id: kube\nproject: web\n\
             ---\nkind: RoleBinding\nrole: credential:viewer\nscope: credential\nscope_id: gh\nproject: web\n"
        ),
    );
    env.local()
        .line("apply -f all.yaml --allow-file")
        .arg(env!("CARGO_MANIFEST_DIR"))
        .assert()
        .success();
    env
}

fn serve(env: &TestEnv, script: &str) -> Serve {
    serve_with(env, &[], script)
}

fn serve_with(env: &TestEnv, flags: &[&str], script: &str) -> Serve {
    let mut args = vec!["--run-sessions"];
    args.extend(flags);
    args.extend(["--", "sh", "-c", script]);
    Serve::start(env, &args)
}

/// A new session in the project; it waits.
fn session(server: &Serve, name: &str, prompt: &str) -> String {
    let body = json!({"name": name, "prompt": prompt, "project_id": "web"});
    let made = server.json("POST", "/sessions", &body.to_string());
    made["id"].as_str().unwrap().to_owned()
}

fn start(server: &Serve, id: &str) {
    let started = server.json("POST", &format!("/sessions/{id}/start"), "");
    assert_eq!(started["phase"], "Pending");
}

fn get(server: &Serve, id: &str) -> Value {
    server.json("GET", &format!("/sessions/{id}"), "")
}

/// Waits until the session is in this phase.
fn reaches(server: &Serve, id: &str, phase: &str) -> Value {
    wait_for(phase, || {
        Some(get(server, id)).filter(|session| session["phase"] == phase)
    })
}

/// The messages as type and payload.
fn messages(server: &Serve, id: &str) -> Vec<(String, String)> {
    let found = server.json("GET", &format!("/sessions/{id}/messages"), "");
    let text = |message: &Value, key: &str| message[key].as_str().unwrap().to_owned();
    found
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (text(message, "event_type"), text(message, "payload")))
        .collect()
}

fn said(server: &Serve, id: &str, event_type: &str) -> Vec<String> {
    let mut found = messages(server, id);
    found.retain(|(kind, _)| kind == event_type);
    found.into_iter().map(|(_, payload)| payload).collect()
}

/// What is left of private folders.
fn left(env: &TestEnv) -> Vec<PathBuf> {
    let folder = env.home().join("run/ambient");
    let entries =
        fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    entries.unwrap_or_default()
}

/// `session messages -f`, once it is connected.
struct Follower {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

fn follow(env: &TestEnv, server: &Serve, id: &str) -> Follower {
    let mut child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .args(["session", "messages", "-f", id])
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", &server.url)
        .env("AMBIENT_TOKEN", crate::support::TOKEN)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut banner = String::new();
    stdout.read_line(&mut banner).unwrap();
    stdout.read_line(&mut banner).unwrap();
    assert!(
        banner.starts_with("Streaming events for session "),
        "{banner}"
    );
    Follower { child, stdout }
}

impl Follower {
    /// Its exit code, and what it wrote behind the banner and to standard error.
    fn finish(mut self) -> (Option<i32>, String, String) {
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), stdout, streams(&output).1)
    }
}
