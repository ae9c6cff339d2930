//! The pictures of the README and the documents are real frames: this runs their commands on a terminal and compares
//! what it shows with docs/pictures/. `UPDATE_PICTURES=1 cargo test --test cli pictures` writes them anew.

use std::fs;
use std::path::Path;

use pty_process::blocking::Command;

use crate::support::TestEnv;
use crate::support::picture::{Frame, svg};
use crate::support::pty::Terminal;

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
    env.config(r#"{"local": true}"#);
    env.file("../.kube/config", SEVERAL);
    let project = ["create", "project", "--name", "team-a"];
    env.acpctl().args(project).assert().success();
    let shell = Shell::start(&env, 30, 92);
    let mut frames = vec![shell.frame(800)];
    for (line, shown) in [
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
