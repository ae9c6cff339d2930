//! What a press of Tab does in real shells.

use std::path::Path;

use pty_process::blocking::Command;
use serde_json::json;

use crate::completion::{KUBECONFIG, PATIENT, platform};
use crate::support::pty::Terminal;
use crate::support::{TestEnv, skipped, streams};

#[test]
fn other_shells_are_refused_with_a_list() {
    let env = TestEnv::new();
    let output = env.acpctl().args(["completion", "tcsh"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        streams(&output).1,
        "Error: unknown shell \"tcsh\": choose one of bash, zsh, fish, powershell, elvish, nushell\n"
    );
}

/// Says so if a shell is not installed, or does not start.
fn is_installed(name: &str, version: &str) -> bool {
    let started = std::process::Command::new(name).arg(version).output();
    let is_installed = started.is_ok_and(|output| output.status.success());
    if !is_installed {
        skipped(&format!("{name} is not installed"));
    }
    is_installed
}

/// A shell on a terminal, with nothing configured but our completion. Nothing, said out loud, where the
/// shell is not installed.
fn shell(env: &TestEnv, url: &str, name: &str) -> Option<Terminal> {
    let version = if name == "elvish" {
        "-version"
    } else {
        "--version"
    };
    if !is_installed(name, version) {
        return None;
    }
    let script = env
        .acpctl()
        .args(["completion", name])
        .output()
        .unwrap()
        .stdout;
    let script = env.file("completion-script", script);
    let binary = Path::new(env!("CARGO_BIN_EXE_acpctl")).parent().unwrap();
    let path = format!(
        "{}:{}",
        binary.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let arguments: &[&str] = match name {
        "bash" => &["--noprofile", "--norc", "-i"],
        "zsh" => &["-f", "-i"],
        "elvish" => &["-norc", "-i"],
        _ => &["--no-config", "-i"],
    };
    let command = Command::new(name)
        .args(arguments)
        .env_clear()
        .envs(env.variables())
        .env("PATH", path)
        .env("TERM", "xterm")
        .env("PS1", "ready> ")
        .env(PATIENT.0, PATIENT.1)
        .env("AMBIENT_API_URL", url)
        .env("AMBIENT_TOKEN", crate::support::TOKEN)
        .current_dir(env.work());
    let terminal = Terminal::start(command, 40, 120);
    let script = script.display();
    match name {
        "bash" => {
            terminal.wait_for("ready> ");
            terminal.type_text(&format!(
                "bind 'set bell-style none'; source {script}; clear\r"
            ));
        }
        "zsh" => {
            terminal.wait_for("ready> ");
            terminal.type_text(&format!(
                "autoload -U compinit; compinit -u -D; source {script}; clear\r"
            ));
        }
        "elvish" => {
            // Ctrl-U empties the line in all shells of these tests.
            terminal.type_text(&format!(
                "set edit:prompt = {{ put 'ready> ' }}; set edit:rprompt = {{ }}; \
                 set edit:insert:binding[Ctrl-U] = $edit:kill-line-left~; \
                 eval (slurp < {script}); edit:clear\r"
            ));
        }
        _ => {
            terminal.type_text(&format!(
                "function fish_prompt; echo 'ready> '; end; source {script}; clear\r"
            ));
        }
    }
    terminal.wait_until("a cleared screen", |screen| screen.trim() == "ready>");
    Some(terminal)
}

/// Types a line up to Tab, waits for what it becomes, and clears it.
fn tab(terminal: &Terminal, typed: &str, wanted: &str) {
    terminal.type_text(typed);
    terminal.wait_for(typed.trim_end());
    terminal.type_text("\t");
    // Elvish shows a menu even if only one word fits; Escape closes it.
    if terminal.wait_for(wanted).contains("COMPLETING") {
        terminal.type_text("\x1b");
        terminal.wait_until("no menu", |screen| !screen.contains("COMPLETING"));
    }
    // Ctrl-U empties the line.
    terminal.type_text("\x15");
    terminal.wait_until("an empty line", |screen| {
        !screen.contains(wanted) || screen.trim_end().ends_with('>')
    });
}

fn completes(name: &str) {
    let env = TestEnv::new();
    env.file("kc", KUBECONFIG);
    let server = platform();
    let Some(terminal) = shell(&env, server.url(), name) else {
        return;
    };
    for (typed, wanted) in [
        ("acpctl cred", "acpctl credential"),
        ("acpctl credential val", "acpctl credential validate"),
        ("acpctl credential create --allow-d", "--allow-duplicate"),
        (
            "acpctl credential create --provider ku",
            "--provider kubeconfig",
        ),
        (
            "acpctl credential create --provider=ku",
            "--provider=kubeconfig",
        ),
        ("acpctl credential create --from-file k", "--from-file kc"),
        (
            "acpctl credential create -f kc --context d",
            "--context dev",
        ),
        ("acpctl credential get pr", "credential get prod"),
        (
            "acpctl credential bind prod --project te",
            "--project team-a",
        ),
        ("acpctl completion powe", "completion powershell"),
    ] {
        tab(&terminal, typed, wanted);
    }
    // A name with a colon, and one that must not be run.
    tab(
        &terminal,
        "acpctl credential create -f kc --context arn:aws:e",
        "demo",
    );
    // Elvish has no backslash outside quotes.
    let dollar = if name == "elvish" { "'$" } else { "\\$" };
    tab(
        &terminal,
        &format!("acpctl credential get {dollar}"),
        "pwned",
    );
    terminal.type_text("exit\r");
    assert!(!env.work().join("pwned").exists());
}

#[test]
fn bash_completes() {
    completes("bash");
}

#[test]
fn zsh_completes() {
    completes("zsh");
}

#[test]
fn fish_completes() {
    completes("fish");
}

#[test]
fn elvish_completes() {
    completes("elvish");
}

/// Nushell's own editor needs more of a terminal than the one here, so its completer is asked directly: it answers with
/// the values that the editor inserts.
#[test]
fn nushell_completes() {
    if !is_installed("nu", "--version") {
        return;
    }
    let env = TestEnv::new();
    env.file("kc", KUBECONFIG);
    let server = platform();
    let binary = Path::new(env!("CARGO_BIN_EXE_acpctl")).to_string_lossy();
    let script = env.acpctl().args(["completion", "nushell"]).output();
    env.file("acpctl.nu", script.unwrap().stdout);
    let answer = |words: &[&str]| -> serde_json::Value {
        let spans = serde_json::to_string(&[&[binary.as_ref()], words].concat()).unwrap();
        env.file(
            "ask.nu",
            format!(
                "source acpctl.nu\nlet spans = r#'{spans}'# | from json\n\
                 do $env.config.completions.external.completer $spans | to json --raw | print\n"
            ),
        );
        let output = std::process::Command::new("nu")
            .args(["--no-config-file", "ask.nu"])
            .env_clear()
            .envs(env.variables())
            .env(PATIENT.0, PATIENT.1)
            .env("AMBIENT_API_URL", server.url())
            .env("AMBIENT_TOKEN", crate::support::TOKEN)
            .current_dir(env.work())
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"))
    };
    assert_eq!(
        answer(&["cred"]),
        json!([{"value": "credential", "description": "Manage credentials"}])
    );
    let hostile = "\"$(touch pwned) `x`;\"";
    let cases: &[(&[&str], &[&str])] = &[
        (&["credential", "val"], &["validate"]),
        (
            &["credential", "create", "--allow-d"],
            &["--allow-duplicate"],
        ),
        (
            &["credential", "create", "--provider", "ku"],
            &["kubeconfig"],
        ),
        (
            &["credential", "create", "--provider=ku"],
            &["--provider=kubeconfig"],
        ),
        (
            &["credential", "create", "-f", "kc", "--context", "d"],
            &["dev"],
        ),
        (
            &["credential", "create", "-f", "kc", "--context", "\"arn"],
            &["arn:aws:eks:demo"],
        ),
        (&["credential", "get", "pr"], &["prod"]),
        (&["credential", "get", "'pr"], &["prod"]),
        (&["credential", "get", "$"], &[hostile]),
        (
            &["credential", "bind", "prod", "--project", "te"],
            &["team-a"],
        ),
        (&["completion", "powe"], &["powershell"]),
        (&["nope", ""], &[]),
    ];
    for (words, wanted) in cases {
        let found = answer(words);
        let found: Vec<&str> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|found| found["value"].as_str().unwrap())
            .collect();
        assert_eq!(found, *wanted, "{words:?}");
    }
    // Nushell offers file names itself.
    let files = answer(&["credential", "create", "--from-file", "k"]);
    assert_eq!(files, json!(null));
    assert!(!env.work().join("pwned").exists());
}

#[test]
fn lists_show_descriptions() {
    for name in ["bash", "zsh", "fish", "elvish"] {
        let env = TestEnv::new();
        let server = platform();
        let Some(terminal) = shell(&env, server.url(), name) else {
            continue;
        };
        terminal.type_text("acpctl credential \t\t");
        terminal.wait_for("Let the sessions of a project use a credential");
        terminal.wait_for("validate");
    }
}

/// The script for PowerShell is looked over where no PowerShell is installed: it must ask the program, and quote what
/// it inserts.
#[test]
fn every_script_asks_the_program_and_holds_no_list() {
    for (name, script) in acpctl::testing::SHELLS {
        assert!(script.contains("__complete"), "{name}");
        assert!(!script.contains("kubeconfig"), "{name}");
    }
    let (_, script) = acpctl::testing::SHELLS[3];
    assert!(
        script.contains("$insert.Replace(\"'\", \"''\")"),
        "{script}"
    );
}

#[test]
fn wide_names_stay_on_one_line_of_the_list() {
    let env = TestEnv::new();
    let wide = "部署".repeat(40);
    let contexts = [&wide, "dev"]
        .map(|name| format!("- {{name: {name}, context: {{cluster: c, user: u}}}}\n"));
    env.file(
        "wide",
        format!(
            "apiVersion: v1\nkind: Config\ncontexts:\n{}clusters:\n\
             - {{name: c, cluster: {{server: 'https://c.example.org'}}}}\nusers:\n- {{name: u, user: {{token: t}}}}\n",
            contexts.concat()
        ),
    );
    let server = platform();
    let Some(terminal) = shell(&env, server.url(), "bash") else {
        return;
    };
    terminal.type_text("acpctl credential create -f wide --context \t\t");
    // The screen of the tests joins what the terminal had to break.
    let wide = |screen: &str| {
        screen
            .lines()
            .find(|line| line.starts_with("部署"))
            .map(str::to_owned)
    };
    let screen = terminal.wait_until("both rows", |screen| {
        screen.contains("dev  (") && wide(screen).is_some()
    });
    let row = wide(&screen).unwrap();
    assert!(row.chars().count() < 60, "{screen}");
}

/// Without a ~/.zshrc nobody has set the completion up.
#[test]
fn a_bare_zsh_takes_the_script() {
    let env = TestEnv::new();
    let program = env!("CARGO_BIN_EXE_acpctl");
    let script = format!("source <({program} completion zsh) && print ${{_comps[acpctl]}}");
    let mut command = std::process::Command::new("zsh");
    command.env_clear().envs(env.variables());
    match command.args(["-f", "-c", &script]).output() {
        Ok(output) => {
            let (stdout, stderr) = streams(&output);
            assert_eq!((stdout.as_str(), stderr.as_str()), ("_acpctl\n", ""));
        }
        Err(_) => skipped("zsh is not installed"),
    }
}
