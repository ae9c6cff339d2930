//! The pictures of the README and the documents are real frames: this runs their commands on a terminal and compares
//! what it shows with docs/pictures/. `UPDATE_PICTURES=1 cargo test --test cli pictures` writes them anew.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use pty_process::blocking::Command;
use serde_json::{Value, json};

use crate::support::TestEnv;
use crate::support::picture::{Frame, svg};
use crate::support::pty::{Terminal, start_with};
use crate::support::server::{Reply, Scripted, json as answer, list};

/// The usual problems of a laptop's kubeconfig.
const LAPTOP: &str = "apiVersion: v1
kind: Config
current-context: laptop
contexts:
- name: laptop
  context: {cluster: kind, user: me, namespace: shop}
clusters:
- name: kind
  cluster: {server: 'https://127.0.0.1:6443', insecure-skip-tls-verify: true}
users:
- name: me
  user: {client-certificate: /home/me/.minikube/client.crt, client-key: /home/me/.minikube/client.key}
";

/// The usual kubeconfig: of several clusters, one is wanted.
const SEVERAL: &str = "apiVersion: v1
kind: Config
current-context: prod
contexts:
- name: prod
  context: {cluster: prod, user: deployer, namespace: shop}
- name: staging
  context: {cluster: staging, user: admin}
clusters:
- name: prod
  cluster: {server: 'https://api.prod.example.org:6443'}
- name: staging
  cluster: {server: 'https://api.staging.example.org:6443'}
users:
- name: deployer
  user: {token: xC0PfQ2nR8dLw7vTkB5s}
- name: admin
  user: {token: Jq4ZkM9sYb1EhU6gN3pW}
";

/// What kubectl prints for the one question of the pictures; the tests need no kubectl.
const KUBECTL: &str = "#!/bin/sh
sed -n 's/^current-context: //p' \"$KUBECONFIG\"
";

/// Lines typed into a shell one after the other; a picture can be taken after each.
struct Shell {
    terminal: Terminal,
    home: String,
}

impl Shell {
    fn start(env: &TestEnv, rows: u16, columns: u16) -> Self {
        let bin = env.home().join("bin");
        fs::create_dir_all(&bin).unwrap();
        let _ = std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_acpctl"), bin.join("acpctl"));
        env.file("../bin/kubectl", KUBECTL);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(bin.join("kubectl"), mode).unwrap();
        let path = format!(
            "{}:{}",
            bin.display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let command = Command::new("sh")
            .env_clear()
            .envs(env.variables())
            .env("PATH", path)
            .env("TERM", "xterm-256color")
            .env("PS1", "$ ")
            .current_dir(env.work());
        let shell = Self {
            terminal: Terminal::start(command, rows, columns),
            home: env.home().to_string_lossy().into_owned(),
        };
        shell.terminal.wait_for("$ ");
        shell
    }

    /// Types a line, waits until the prompt is back, and takes a picture of the screen without that prompt.
    fn run(&self, line: &str) {
        let prompts = |screen: &str| screen.lines().filter(|line| line.starts_with('$')).count();
        let before = prompts(&self.terminal.wait_for("$"));
        self.terminal.type_text(&format!("{line}\r"));
        self.terminal.wait_until("the next prompt", |screen| {
            prompts(screen) > before && screen.trim_end().ends_with("\n$")
        });
    }

    fn frame(&self, shown: u32) -> Frame {
        let home = &self.home;
        self.terminal
            .read_screen(|screen| Frame::of(screen, shown, |text| text.replace(home.as_str(), "~")))
    }
}

/// Compares with the file, or writes it.
fn check(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/pictures")
        .join(name);
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, picture).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == picture,
        "docs/pictures/{name} shows another screen; write it anew with UPDATE_PICTURES=1 and look at the difference"
    );
}

#[test]
fn validate_names_each_problem_with_its_fix() {
    let env = TestEnv::new();
    env.file("laptop.yaml", LAPTOP);
    let shell = Shell::start(&env, 30, 92);
    shell.run("acpctl credential validate laptop.yaml");
    check(
        "validate.svg",
        &svg(
            "acpctl credential validate names each problem with its fix",
            &[shell.frame(1)],
        ),
    );
}

#[test]
fn create_carves_one_context_and_exec_uses_it() {
    let env = TestEnv::new();
    env.file("../.kube/config", SEVERAL);
    let shell = Shell::start(&env, 30, 92);
    let mut frames = vec![shell.frame(800)];
    for (line, shown) in [
        ("acpctl config set local true", 1500),
        ("acpctl project create team-a", 1500),
        (
            "acpctl credential create -f ~/.kube/config --bind team-a",
            5000,
        ),
        ("acpctl exec prod -- kubectl config current-context", 5000),
    ] {
        shell.run(line);
        frames.push(shell.frame(shown));
    }
    check(
        "start.svg",
        &svg(
            "acpctl stores one context of a kubeconfig, binds it and uses it",
            &frames,
        ),
    );
}

/// The time so many hours from now, and half an hour more: its age stays the same while a picture is taken.
fn hours_away(hours: i64) -> String {
    let minutes = hours * 60 + hours.signum() * 30;
    (Timestamp::now() + SignedDuration::from_mins(minutes)).to_string()
}

fn credential(
    name: &str,
    provider: &str,
    days: i64,
    cluster: Option<[&str; 3]>,
    ends: i64,
) -> Value {
    let mut annotations = json!({});
    if let Some([context, server, grade]) = cluster {
        annotations["acpctl/context"] = context.into();
        annotations["acpctl/server"] = server.into();
        annotations["acpctl/grade"] = grade.into();
    }
    if ends != 0 {
        annotations["acpctl/expires-at"] = hours_away(ends).into();
    }
    json!({
        "id": format!("id-of-{name}"), "name": name, "provider": provider, "annotations": annotations.to_string(),
        "created_at": hours_away(-24 * days),
    })
}

/// A platform with credentials, and a session that talks.
fn platform() -> Scripted {
    Scripted::with(|request| {
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match path.split('?').next().unwrap_or_default() {
            "/projects" => list(json!([{"id": "shop", "name": "shop"}])),
            "/credentials" => list(json!([
                credential("prod", "kubeconfig", 40, Some(["prod", "https://api.prod.example.org:6443", "read"]), 24 * 300),
                credential("staging", "kubeconfig", 12, Some(["staging", "https://api.staging.example.org:6443", "admin"]), 24 * 3),
                credential("old-cluster", "kubeconfig", 300, Some(["lab", "https://10.0.0.7:6443", "write"]), -24 * 20),
                credential("gh-bot", "github", 90, None, 0),
                credential("jira", "jira", 90, None, 0),
            ])),
            "/role_bindings" => list(json!([
                {"id": "b1", "scope": "credential", "credential_id": "id-of-prod", "project_id": "shop"},
                {"id": "b2", "scope": "credential", "credential_id": "id-of-gh-bot", "project_id": "shop"},
            ])),
            "/sessions" => list(json!([
                {"id": "s1", "name": "fix-checkout", "project_id": "shop", "phase": "Running", "created_at": hours_away(-2)},
                {"id": "s2", "name": "nightly", "project_id": "shop", "phase": "Completed", "created_at": hours_away(-9)},
                {"id": "s3", "name": "upgrade-db", "project_id": "shop", "phase": "Failed", "created_at": hours_away(-30)},
            ])),
            "/sessions/s1" => answer(200, &json!({"id": "s1", "name": "fix-checkout", "phase": "Running"})),
            "/sessions/s1/messages" if path.ends_with("after_seq=0") => answer(200, &json!([
                {"id": "m1", "seq": 1, "event_type": "user", "payload": "Orders fail since this morning. Find out why, and mend it."},
                {"id": "m2", "seq": 2, "event_type": "assistant", "payload": "The pod `checkout-7d9` restarts: its memory limit is 64Mi, and it needs 180Mi since the last release."},
            ])),
            "/sessions/s1/messages" => answer(200, &json!([])),
            "/sessions/s1/events" => Reply::Stream {
                content_type: "text/event-stream".to_owned(),
                body: b"data: {\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"t\",\"toolCallName\":\"kubectl describe pod\"}\n\n\
                    data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"I raise the limit to 256Mi and watch\"}\n\n"
                    .to_vec(),
                held: true,
            },
            _ => list(json!([])),
        }
    })
}

/// A screen on the platform, as user `me` of a context `prod`.
fn ambient(env: &TestEnv, server: &Scripted, command: &str) -> Terminal {
    let context = json!({"server": server.url(), "access_token": "sha256~canary-0123456789", "project": "shop"});
    env.config(&json!({"current_context": "prod", "contexts": {"prod": context}}).to_string());
    let variables = [("AMBIENT_TOKEN", ""), ("TERM", "xterm-256color")];
    let words = ["ambient", "--command", command];
    start_with(env, "", &variables, "\"$@\"", &words, (20, 100))
}

/// Takes the screen, with an address that does not differ from run to run.
fn screen(terminal: &Terminal, server: &Scripted, shown: u32) -> Frame {
    let url = server.url();
    let name = format!("{:<width$}", "https://acp.corp.test", width = url.len());
    terminal.read_screen(|screen| Frame::of(screen, shown, |text| text.replace(url, &name)))
}

#[test]
fn the_screen_shows_credentials_with_their_ends() {
    let (env, server) = (TestEnv::new(), platform());
    let terminal = ambient(&env, &server, "credentials");
    // The last sentence goes after a while, and the numbers of bindings come last.
    terminal.wait_until("the table", |screen| {
        let has_count = |line: &str| line.contains("gh-bot") && line.contains(" 1 ");
        screen.lines().any(has_count) && !screen.contains("Viewing")
    });
    let title = "acpctl ambient shows credentials with their clusters, grades and ends";
    check(
        "screen-credentials.svg",
        &svg(title, &[screen(&terminal, &server, 1)]),
    );
}

#[test]
fn the_screen_shows_sessions_and_what_they_say() {
    let (env, server) = (TestEnv::new(), platform());
    let terminal = ambient(&env, &server, "sessions");
    let is_quiet = |screen: &str| !screen.contains("Viewing");
    terminal.wait_until("the sessions", |screen| {
        screen.contains("fix-checkout") && is_quiet(screen)
    });
    let mut frames = vec![screen(&terminal, &server, 3000)];
    terminal.type_text("g\r");
    terminal.wait_until("the messages", |screen| {
        screen.contains("and watch▌") && screen.contains("kubectl describe pod") && is_quiet(screen)
    });
    frames.push(screen(&terminal, &server, 6000));
    let title = "acpctl ambient shows sessions, and what one of them says and does";
    check("screen-sessions.svg", &svg(title, &frames));
}
