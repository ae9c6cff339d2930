//! Sessions from outside: what is shown is what happens, and nothing is left.

mod chosen;
mod end;
mod exec;
mod files;
mod follow;
mod mcp_config;
mod pod;
mod preview;
mod probe;
mod same;
mod targets;
mod warnings;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use acpctl::testing::table;
use base64::Engine as _;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::server::{Received, Reply, Scripted, error, json as answer, list};
use crate::support::{TOKEN, TestEnv, streams};

pub const SECRET: &str = "canary-secret-0123456789";

const ENDPOINT: &str = "/api/ambient/v1";

/// The providers that the table has, for any kind of session, and one that nobody knows.
fn providers() -> Vec<&'static str> {
    let rows = table::ROWS.iter().map(|row| row.provider);
    let known: BTreeSet<&str> = rows.filter(|provider| *provider != table::ANY).collect();
    known.into_iter().chain(["other"]).collect()
}

pub fn kubeconfig(token: &str) -> String {
    kubeconfig_of(&format!("token: {token}"))
}

/// A kubeconfig whose user has these fields.
fn kubeconfig_of(user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         contexts:\n- name: c\n  context: {{cluster: k, user: u}}\n\
         clusters:\n- name: k\n  cluster: {{server: 'https://api.team.example.org:6443'}}\n\
         users:\n- name: u\n  user: {{{user}}}\n"
    )
}

fn secret_of(provider: &str) -> String {
    match provider {
        "kubeconfig" => kubeconfig(SECRET),
        _ => SECRET.to_owned(),
    }
}

/// A platform with one credential of each provider; its name and id are the provider's. Those of
/// `bindings` are what the role bindings say.
pub fn platform(bindings: Value) -> Scripted {
    Scripted::with(move |request| route(request, &bindings))
}

pub fn route(request: &Received, bindings: &Value) -> Reply {
    let path = request.target.trim_start_matches(ENDPOINT);
    let path = path.split('?').next().unwrap();
    let record = |provider: &str| json!({"id": provider, "name": provider, "provider": provider, "url": "https://jira.example.org", "email": "dev@example.org"});
    match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        ["credentials"] => list(providers().into_iter().map(record).collect::<Value>()),
        ["roles"] => list(json!([
            {"id": "r-owner", "name": "credential:owner"},
            {"id": "r-viewer", "name": "credential:viewer"},
        ])),
        ["projects"] => list(json!([{"id": "team-a", "name": "team-a"}])),
        ["projects", "team-a", "agents"] => list(json!([{"id": "ada", "name": "lead"}])),
        ["projects", "team-a", "agents", "ada"] => {
            answer(200, &json!({"id": "ada", "name": "lead"}))
        }
        ["projects", "team-a"] => answer(200, &json!({"id": "team-a", "name": "team-a"})),
        ["role_bindings"] => list(bindings.clone()),
        ["sessions", id] => answer(
            200,
            &json!({
                "id": id, "project_id": "team-a", "agent_id": "ada",
                "timeout": id.strip_prefix('t').and_then(|seconds| seconds.parse::<i64>().ok()),
            }),
        ),
        ["credentials", id] if providers().contains(id) => answer(200, &record(id)),
        ["credentials", id, "token"] if providers().contains(id) => answer(
            200,
            &json!({"credential_id": id, "provider": id, "token": secret_of(id)}),
        ),
        _ => error(404, "NOT-FOUND", "no such thing"),
    }
}

pub fn bound(credential: &str, project: &str, role: &str) -> Value {
    json!({
        "id": format!("b-{credential}"), "scope": "credential", "role_id": role,
        "credential_id": credential, "project_id": project, "created_at": "2026-01-01T00:00:00Z",
    })
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A place for private folders that the test can look into.
pub fn runtime_dir(env: &TestEnv) -> PathBuf {
    let path = env.home().join("run");
    fs::create_dir_all(&path).unwrap();
    set_mode(&path, 0o700);
    path
}

pub fn session(env: &TestEnv, server: &Scripted, words: &[&str]) -> assert_cmd::Command {
    let mut command = env.connected(server.url());
    command
        .env("XDG_RUNTIME_DIR", runtime_dir(env))
        .arg("session")
        .args(words);
    command
}

/// The same as a child that is not waited for: its standard input is a pipe that the test holds.
pub fn started(env: &TestEnv, server: &Scripted, words: &[&str]) -> Child {
    child(env, server, words).spawn().unwrap()
}

/// What [`started`] starts.
pub fn child(env: &TestEnv, server: &Scripted, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acpctl"));
    command
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .env("XDG_RUNTIME_DIR", runtime_dir(env))
        .current_dir(env.work())
        .arg("session")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Not in the foreground of the terminal that runs the tests, if there is one.
        .process_group(0);
    command
}

pub fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    line.trim().to_owned()
}

pub fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// What is in the folder of private folders.
pub fn left(env: &TestEnv) -> Vec<PathBuf> {
    match fs::read_dir(runtime_dir(env).join("ambient")) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => Vec::new(),
    }
}

/// An unsigned token that ends at so many seconds since 1970.
pub fn jwt(end: u64) -> String {
    let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"RS256"}"#.to_owned());
    format!("{header}.{}.c2ln", part(format!(r#"{{"exp":{end}}}"#)))
}

/// A user's certificate and key that end at the beginning of a year, as fields of a kubeconfig.
pub fn certificate_until(year: i32) -> String {
    let mut params = rcgen::CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    format!(
        "client-certificate-data: {}, client-key-data: {}",
        encoded(&pem),
        encoded(&key.serialize_pem())
    )
}

/// A server that speaks the protocol, started with the platform's flags.
const FAKE_MCP: &str = r#"#!/bin/sh
[ -f "$2" ] && [ "$1 $3" = "--kubeconfig --disable-multi-cluster" ] || exit 9
HANDSHAKE
while read -r line; do
case "$line" in
*'"method":"initialize"'*) echo 'Downloading, says an old version'
  echo '{"jsonrpc":"2.0","id":1,"result":{"serverInfo":{"name":"fake","version":"v1"}}}' ;;
*'"method":"tools/list"'*) echo '{"jsonrpc":"2.0","method":"notifications/message"}'
  echo '{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"namespaces_list"},{"name":"configuration_view"}]}}' ;;
*'"method":"tools/call"'*) printf '%s\n' '{"jsonrpc":"2.0","id":3,"result":CALL}' ;;
esac
done
[ -f "$2" ] || echo too-late > "$HOME/too-late"
"#;

fn probe(handshake: &str, call: &Value) -> (Option<i32>, String, String, TestEnv) {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let script = FAKE_MCP
        .replace("HANDSHAKE", handshake)
        .replace("CALL", &call.to_string());
    let program = env.file("fake-mcp", script);
    set_mode(&program, 0o755);
    let output = session(
        &env,
        &server,
        &[
            "probe",
            "--credential",
            "kubeconfig",
            "--mcp-command",
            program.to_str().unwrap(),
        ],
    )
    .output()
    .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
    assert!(left(&env).is_empty());
    (output.status.code(), stdout, stderr, env)
}
