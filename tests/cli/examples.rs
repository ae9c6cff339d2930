//! Every example of the help, which the manual pages repeat, and of the README is run against the
//! embedded API.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use acpctl::help;

use crate::support::serve::Serve;
use crate::support::{TOKEN, TestEnv, streams};

/// Examples that can't run here, or that do not end with 0, with the reason.
const EXCEPTIONS: &[(&str, Expected)] = &[
    (
        "acpctl credential create",
        Expected::Skipped("asks on a terminal: terminal.rs"),
    ),
    (
        "acpctl credential delete prod",
        Expected::Skipped("asks on a terminal: terminal.rs"),
    ),
    (
        "acpctl login ",
        Expected::Skipped("needs a server: account.rs"),
    ),
    (
        "acpctl serve",
        Expected::Skipped("serves until it is stopped"),
    ),
    (
        "acpctl serve ",
        Expected::Skipped("serves until it is stopped"),
    ),
    (
        "acpctl --api-url ",
        Expected::Skipped("needs a server: serve.rs"),
    ),
    (
        "acpctl delete role-binding ",
        // It names no binding that exists.
        Expected::Code(3),
    ),
    (
        "acpctl session exec 3MX85aKNFVYjNaWSBgG3UcSclTU ",
        // It names no session that exists.
        Expected::Code(3),
    ),
    (
        "acpctl session probe ",
        Expected::Skipped("needs an MCP server and a cluster: session_helper.rs"),
    ),
];

#[derive(Clone, Copy)]
enum Expected {
    Code(i32),
    Skipped(&'static str),
}

/// The longest entry that the line starts with; one without arguments must be the whole line.
fn expected(line: &str) -> Expected {
    EXCEPTIONS
        .iter()
        .filter(|(start, _)| {
            line == *start
                || line.starts_with(start) && (start.ends_with(' ') || start.contains("--"))
        })
        .max_by_key(|(start, _)| start.len())
        .map_or(Expected::Code(0), |(_, expected)| *expected)
}

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: dev, user: dev}}
clusters:
- {name: dev, cluster: {server: 'https://dev.example.org:6443'}}
users:
- {name: dev, user: {token: a-token-of-nobody}}
";

/// Programs that examples use beside ours.
const KUBECTL: &str = "#!/bin/sh
case \"$*\" in
*view*) cat \"$HOME/.kube/config\" ;;
*) cat >/dev/null; echo dev ;;
esac
";
const GH: &str = "#!/bin/sh\necho gho_of_nobody\n";

/// A home with what the examples take for granted.
fn home() -> TestEnv {
    let env = TestEnv::new();
    for folder in [
        ".kube",
        ".zfunc",
        ".config/fish/completions",
        ".local/share/bash-completion/completions",
        "bin",
    ] {
        fs::create_dir_all(env.home().join(folder)).unwrap();
    }
    fs::write(env.home().join(".kube/config"), KUBECONFIG).unwrap();
    env.file("team.yaml", "kind: Project\nname: team-a\n");
    env.file("manifests/team.yaml", "kind: Project\nname: team-a\n");
    for (name, script) in [("kubectl", KUBECTL), ("gh", GH)] {
        let path = env.home().join("bin").join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    env
}

fn run(env: &TestEnv, line: &str) -> Output {
    run_on(env, line, "local:")
}

fn run_on(env: &TestEnv, line: &str, url: &str) -> Output {
    let variables = env.variables();
    let path = variables.iter().find(|(key, _)| *key == "PATH");
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_acpctl"));
    let path = format!(
        "{}:{}:{}",
        env.home().join("bin").display(),
        binary.parent().unwrap().display(),
        path.unwrap().1
    );
    Command::new("bash")
        .args(["-o", "pipefail", "-c", line])
        .env_clear()
        .envs(variables)
        .env("PATH", path)
        .env("AMBIENT_API_URL", url)
        .env("AMBIENT_TOKEN", TOKEN)
        .env("AMBIENT_PROJECT", "team-a")
        .current_dir(env.work())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What the examples work with.
const PREPARATION: &[&str] = &[
    "acpctl create project --name team-a",
    "kubectl config view --raw | acpctl credential create --provider kubeconfig --name prod",
];

fn collect(command: &clap::Command, lines: &mut Vec<String>) {
    let examples = help::examples(command);
    lines.extend(examples.into_iter().filter(|line| !line.starts_with('#')));
    for sub in command.get_subcommands() {
        collect(sub, lines);
    }
}

/// The commands of the README's blocks.
fn readme() -> Vec<String> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let mut lines = Vec::new();
    let mut kind = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), kind) {
            (Some(_), Some(_)) => kind = None,
            (Some(name), None) => kind = Some(name.to_owned()).map(|name| name == "console"),
            (None, Some(true)) => lines.extend(line.strip_prefix("$ ").map(str::to_owned)),
            (None, Some(false)) if line.starts_with("acpctl ") => {
                let line = line.split("   #").next().unwrap_or_default();
                lines.push(line.trim_end().to_owned());
            }
            (None, _) => {}
        }
    }
    lines
}

#[test]
fn examples_of_the_help_run() {
    let mut lines = Vec::new();
    collect(&help::tree(), &mut lines);
    assert!(lines.len() > 10);
    let probe = home();
    if !run(&probe, "acpctl credential list").status.success() {
        crate::support::skipped("the embedded API is not part of this build");
        return;
    }
    let mut wrong = String::new();
    for line in &lines {
        let Expected::Code(code) = expected(line) else {
            continue;
        };
        let env = home();
        for step in PREPARATION {
            let done = run(&env, step);
            assert!(done.status.success(), "{step}: {}", streams(&done).1);
        }
        let output = run(&env, line);
        if output.status.code() != Some(code) {
            wrong.push_str(&format!(
                "$ {line}\n{:?} {}\n",
                output.status.code(),
                streams(&output).1
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Those that reach the API behave the same where it is behind a port.
#[test]
fn examples_of_the_help_run_on_a_server() {
    let mut lines = Vec::new();
    collect(&help::tree(), &mut lines);
    let mut wrong = String::new();
    for line in &lines {
        let Expected::Code(code) = expected(line) else {
            continue;
        };
        let env = home();
        let server = Serve::start(&env, &[]);
        for step in PREPARATION {
            let done = run_on(&env, step, &server.url);
            assert!(done.status.success(), "{step}: {}", streams(&done).1);
        }
        let output = run_on(&env, line, &server.url);
        if output.status.code() != Some(code) {
            let stderr = streams(&output).1;
            wrong.push_str(&format!("$ {line}\n{:?} {stderr}\n", output.status.code()));
        }
        let (status, log) = server.stop();
        assert!(
            status.success() && !log.contains("\"status\":5"),
            "{line}: {log}"
        );
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn examples_of_the_readme_run() {
    let lines = readme();
    assert!(lines.len() > 3, "{lines:?}");
    let env = home();
    if !run(&env, "acpctl credential list").status.success() {
        crate::support::skipped("the embedded API is not part of this build");
        return;
    }
    run(&env, PREPARATION[0]);
    for line in &lines {
        if let Expected::Code(code) = expected(line) {
            let output = run(&env, line);
            let stderr = streams(&output).1;
            assert_eq!(output.status.code(), Some(code), "{line}: {stderr}");
        }
    }
}

#[test]
fn every_exception_is_an_example() {
    let mut lines = readme();
    collect(&help::tree(), &mut lines);
    for (start, expected) in EXCEPTIONS {
        let known = lines.iter().any(|line| line.starts_with(start));
        if let Expected::Skipped(reason) = expected {
            assert!(known, "{start} ({reason}) is no example any more");
        }
    }
}
