//! What the program asks of the system, seen by strace: offline commands open no socket and start no
//! process, judging a kubeconfig opens nothing but the kubeconfig, files with secrets are private from
//! the call that makes them, and a command talks to its server alone (docs/security.md).

use std::fs;
use std::process::{Command, Output};

use serde_json::json;

use crate::support::server::{Scripted, json as answer, nothing};
use crate::support::{ID, TOKEN, TestEnv, skipped, streams};

/// Calls that files, sockets and processes are made with.
const TRACED: &str = "trace=%file,%network,%process,fchmod";

/// A kubeconfig whose authority, certificate, key and token are files of these names.
const FILES: [&str; 4] = ["ca.pem", "cert.pem", "key.pem", "token"];
const WITH_FILES: &str = "
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: 'https://dev.example.test:6443', certificate-authority: ca.pem}}]
users: [{name: dev, user: {client-certificate: cert.pem, client-key: key.pem, tokenFile: token}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
";

const SELF_CONTAINED: &str = "
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: 'https://dev.example.test:6443'}}]
users: [{name: dev, user: {token: canary-kubeconfig-0123456789}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
";

/// One system call as strace writes it.
struct Call {
    name: String,
    /// What stands between the brackets.
    arguments: String,
    /// What stands behind the equals sign.
    result: String,
}

impl Call {
    fn read(line: &str) -> Option<Self> {
        let (call, result) = line.rsplit_once(" = ")?;
        let (name, arguments) = call.trim_end().strip_suffix(')')?.split_once('(')?;
        Some(Self {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            result: result.to_owned(),
        })
    }

    fn succeeded(&self) -> bool {
        !self.result.starts_with('-')
    }

    /// The path, for the calls looked at here: the first text among the arguments, of a link the second.
    fn path(&self) -> &str {
        let place = if self.name == "linkat" { 3 } else { 1 };
        self.arguments.split('"').nth(place).unwrap_or_default()
    }

    /// A file that gets its name later, by `linkat`, with its content.
    fn makes_a_file_without_a_name(&self) -> bool {
        self.opens() && self.arguments.contains("O_TMPFILE")
    }

    fn file_name(&self) -> &str {
        self.path().rsplit('/').next().unwrap_or_default()
    }

    fn opens(&self) -> bool {
        self.name.starts_with("open") && self.succeeded()
    }

    fn makes_a_file(&self) -> bool {
        (self.opens() && self.arguments.contains("O_CREAT"))
            || self.name == "creat"
            || (self.name == "linkat" && self.succeeded())
    }

    fn starts_a_process(&self) -> bool {
        match self.name.as_str() {
            "fork" | "vfork" => true,
            "clone" | "clone3" => !self.arguments.contains("CLONE_THREAD"),
            _ => false,
        }
    }

    fn is_of_the_network(&self) -> bool {
        [
            "socket", "connect", "bind", "listen", "accept", "send", "recv",
        ]
        .iter()
        .any(|start| self.name.starts_with(start))
    }

    fn line(&self) -> String {
        format!("{}({}) = {}", self.name, self.arguments, self.result)
    }
}

/// Whether strace can be used here; says so where it can't.
fn can_trace() -> bool {
    let tried = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        skipped("strace is missing or may not trace: system calls were not looked at");
    }
    can
}

/// Runs the program under strace, with the most open umask. Gives the calls of all its threads and
/// children.
fn traced(env: &TestEnv, url: Option<&str>, words: &[&str]) -> (Output, Vec<Call>) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", "umask 000; exec strace \"$@\"", "sh"])
        .args(["-ff", "-qq", "-s", "4096", "-e", TRACED, "-o"])
        .arg(folder.path().join("calls"))
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(words)
        .env_clear()
        .envs(env.variables())
        .env("XDG_RUNTIME_DIR", env.home())
        .current_dir(env.work());
    if let Some(url) = url {
        command
            .env("AMBIENT_API_URL", url)
            .env("AMBIENT_TOKEN", TOKEN);
    }
    let output = command.output().unwrap();
    let mut calls = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        calls.extend(text.lines().filter_map(Call::read));
    }
    assert!(calls.iter().any(|call| call.name == "execve"), "{words:?}");
    (output, calls)
}

/// The same, for runs that must succeed.
fn calls_of(env: &TestEnv, url: Option<&str>, words: &[&str]) -> Vec<Call> {
    let (output, calls) = traced(env, url, words);
    assert!(output.status.success(), "{words:?}: {}", streams(&output).1);
    calls
}

fn lines<'a>(calls: &'a [Call], which: impl Fn(&Call) -> bool + 'a) -> Vec<String> {
    calls
        .iter()
        .filter(|call| which(call))
        .map(Call::line)
        .collect()
}

#[test]
fn offline_commands_open_no_socket_and_start_no_process() {
    if !can_trace() {
        return;
    }
    let env = TestEnv::new();
    env.file("kc.yaml", SELF_CONTAINED);
    env.config(r#"{"api_url": "http://127.0.0.1:9", "access_token": "sha256~x"}"#);
    for words in [
        &["--help"][..],
        &["--version"],
        &["help", "credential", "create"],
        &["completion", "bash"],
        &["credential", "validate", "kc.yaml"],
        &["credential", "validate", "kc.yaml", "--rules", "runner"],
        &[
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--from-file",
            "kc.yaml",
            "--dry-run",
        ],
        &["session", "preview", "--from-file", "kc.yaml"],
        &["config", "view"],
        &["whoami"],
    ] {
        let calls = calls_of(&env, None, words);
        assert_eq!(
            lines(&calls, Call::is_of_the_network),
            [""; 0],
            "{words:?} uses the network"
        );
        assert_eq!(
            lines(&calls, Call::starts_a_process),
            [""; 0],
            "{words:?} starts a process"
        );
        let programs = lines(&calls, |call| call.name.starts_with("exec"));
        assert_eq!(programs.len(), 1, "{words:?} runs a program: {programs:?}");
    }
}

#[test]
fn judging_for_a_session_opens_the_kubeconfig_alone() {
    if !can_trace() {
        return;
    }
    let env = TestEnv::new();
    env.file("kc.yaml", WITH_FILES);
    for name in FILES {
        env.file(name, "never read");
    }
    let opened = |rules: &str| -> Vec<String> {
        let words = ["credential", "validate", "kc.yaml", "--rules", rules];
        let (_, calls) = traced(&env, None, &words);
        calls
            .iter()
            .filter(|call| call.opens())
            .map(|call| call.path().to_owned())
            .filter(|path| !belongs_to_the_system(path))
            .collect()
    };
    assert_eq!(opened("runner"), ["kc.yaml"]);
    // The test would see it: Kubernetes' own verdict needs the files.
    assert!(
        opened("kubernetes")
            .iter()
            .any(|path| path.ends_with("ca.pem")),
        "nothing else was seen where files are read"
    );
}

/// What the loader and the language's runtime open before the program begins.
fn belongs_to_the_system(path: &str) -> bool {
    path.starts_with("/etc/ld.so.")
        || path.starts_with("/proc/self/")
        || path.starts_with("/sys/fs/cgroup")
        || ((path.starts_with("/lib") || path.starts_with("/usr/lib") || path.starts_with("/nix/"))
            && path.contains(".so"))
}

#[test]
fn files_with_secrets_are_private_from_the_call_that_makes_them() {
    if !can_trace() {
        return;
    }
    let env = TestEnv::new();
    env.file("kc.yaml", SELF_CONTAINED);
    env.file("token.txt", TOKEN);
    let server = Scripted::with(|_| {
        answer(
            200,
            &json!({"credential_id": ID, "provider": "kubeconfig", "token": "a\nb\n"}),
        )
    });
    for (words, made) in [
        (
            &["credential", "token", ID, "--to-file", "kc"][..],
            &["kc"][..],
        ),
        (&["config", "set", "project", "p"], &["config.json"]),
        (
            &["login", "http://127.0.0.1:9", "--token", "@token.txt"],
            &["config.json"],
        ),
        (
            &[
                "--local",
                "credential",
                "create",
                "--provider",
                "kubeconfig",
                "--name",
                "dev",
                "--from-file",
                "kc.yaml",
            ],
            &["ambient.db", "ambient.key", "digest.key"],
        ),
        (
            &["--local", "local", "backup", "copy.db"],
            &["copy.db", "ambient.db"],
        ),
        (
            &["session", "exec", "--from-file", "kc.yaml", "--", "true"],
            &["kubeconfig"],
        ),
    ] {
        let calls = calls_of(&env, Some(server.url()), words);
        let files: Vec<&Call> = calls.iter().filter(|call| call.makes_a_file()).collect();
        for name in made {
            assert!(
                files.iter().any(|call| call.path().contains(name)),
                "{words:?} makes no {name}: {:?}",
                lines(&calls, Call::makes_a_file)
            );
        }
        let exclusive: Vec<&str> = files
            .iter()
            .filter(|call| call.arguments.contains("O_EXCL"))
            .map(|call| call.file_name())
            .collect();
        for call in &files {
            let line = call.line();
            // A lock is made once, and is empty.
            let is_lock = call.file_name() == "store.lock";
            assert!(
                is_lock || made.iter().any(|name| call.file_name().contains(name)),
                "{words:?} makes a file that nobody asked for: {line}"
            );
            if call.name == "linkat" {
                // It was made as private as any, without a name or beside its place.
                let beside = format!("\".{}.", call.file_name());
                assert!(
                    line.contains("/proc/self/fd/") || line.contains(&beside),
                    "{line}"
                );
            } else if call.arguments.contains("O_EXCL") || is_sqlites_own(call) {
                assert!(line.contains(", 0600) = "), "{line}");
                assert!(line.contains("O_NOFOLLOW"), "{line}");
            } else {
                // SQLite opens once more what was made for it.
                assert!(exclusive.contains(&call.file_name()), "{line}");
            }
        }
        for line in lines(&calls, Call::makes_a_file_without_a_name) {
            assert!(line.contains(", 0600) = "), "{line}");
        }
        let folders = |call: &Call| call.name.starts_with("mkdir") && call.succeeded();
        for line in lines(&calls, folders) {
            assert!(line.contains(", 0700) = "), "{line}");
        }
        let later = lines(&calls, |call| {
            call.name.starts_with("chmod") || call.name.starts_with("fchmod")
        });
        assert_eq!(later, [""; 0], "{words:?} changes a mode afterwards");
        for line in lines(&calls, |call| call.name.starts_with("exec")) {
            assert!(!line.contains("canary-"), "{line}");
        }
    }
}

/// Journals beside the database: `SQLite` opens them, with the database's mode, in a private folder.
fn is_sqlites_own(call: &Call) -> bool {
    ["-journal", "-wal", "-shm"]
        .iter()
        .any(|end| call.path().ends_with(end))
}

#[test]
fn a_command_talks_to_its_server_alone() {
    if !can_trace() {
        return;
    }
    let env = TestEnv::new();
    let server = nothing();
    let port = server.url().rsplit(':').next().unwrap();
    for words in [
        "credential list",
        "project list",
        "get sessions",
        "agent list --project-id team-a",
        "scheduled-session list --project-id team-a",
        "application list",
        "session messages 3MX85aKNFVYjNaWSBgG3UcSclTU",
        "version",
        "doctor",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let (_, calls) = traced(&env, Some(server.url()), &words);
        let peers = lines(&calls, |call| {
            matches!(call.name.as_str(), "connect" | "sendto" | "sendmsg")
                && call.arguments.contains("sa_family")
        });
        assert!(!peers.is_empty(), "{words:?}");
        for line in &peers {
            assert!(
                line.contains(&format!("htons({port})")) && line.contains("\"127.0.0.1\""),
                "{words:?}: {line}"
            );
        }
    }
    let calls = calls_of(&env, None, &["--local", "credential", "list"]);
    let sockets = lines(&calls, |call| {
        matches!(
            call.name.as_str(),
            "socket" | "connect" | "bind" | "listen" | "sendto"
        )
    });
    assert_eq!(sockets, [""; 0], "the embedded API needs no socket");
}
