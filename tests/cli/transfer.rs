//! `local export` and `local import`: a store goes out as manifests and comes back the same.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::serve::Serve;
use crate::support::{TestEnv, streams};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/kubeconfig.yaml");
const SECRET: &str = "canary-7c1d $HOME \"quoted\"\n second line\n\n";

/// Texts that YAML has other ideas about.
const ODD: [&str; 34] = [
    "yes",
    "null",
    "~",
    "0x10",
    "1.50",
    "1e3",
    "2026-01-01",
    "",
    " leading",
    "trailing ",
    "a: b # c",
    "- x",
    "? x",
    "many\nlines\n\n  indented\n",
    "\n",
    "ends\n\n\n",
    " \n x\n",
    "tab\there",
    "\tx\n\ty",
    "cr\r\nlf\r",
    "\u{85}nel\u{2028}ls",
    "🎉 ünïcode",
    "\u{feff}mark",
    "q\"'uote",
    "$HOME ${X}",
    "\u{7f}\u{1b}[31m\u{1}",
    "# no comment",
    "---",
    "...",
    "!tag",
    "&a *a",
    "%x @y `z",
    "{a: [b]}",
    "<<",
];

fn run(command: &mut assert_cmd::Command) -> (String, String) {
    let output = command.output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    (stdout, stderr)
}

/// Fills the store with what manifests can hold, and some of what they can't.
fn fill(env: &TestEnv) {
    let pairs = |prefix: &str| -> Value {
        let value = |(n, text): (usize, &&str)| (format!("{prefix}{n}"), Value::from(*text));
        ODD.iter()
            .enumerate()
            .map(value)
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let keys: serde_json::Map<String, Value> = ODD
        .iter()
        .filter(|key| !["<<"].contains(*key))
        .map(|key| ((*key).to_owned(), Value::from("v")))
        .collect();
    let mut documents = vec![
        json!({"kind": "Project", "name": "web", "description": ODD[13], "prompt": ODD[15], "labels": pairs("l")}),
        json!({"kind": "Project", "name": "ops", "annotations": keys}),
        json!({"kind": "Credential", "name": "Weird / näme: 'x'", "provider": "gitlab", "tokenFrom": {"file": "s"},
               "url": "https://e.example.net", "email": "a@example.net", "description": "yes", "labels": pairs("")}),
        json!({"kind": "Credential", "name": "weird   näme   x", "provider": "github", "tokenFrom": {"file": "s"}}),
        json!({"kind": "Credential", "name": "..", "provider": "jira"}),
        json!({"kind": "Credential", "name": "kube", "provider": "kubeconfig", "tokenFrom": {"file": SAMPLE},
               "annotations": {"team": "a"}}),
        json!({"kind": "RoleBinding", "role": "project:viewer", "scope": "project", "scope_id": "web",
               "user_id": "yes"}),
        json!({"kind": "RoleBinding", "role": "credential:viewer", "scope": "credential", "scope_id": "kube",
               "project": "web"}),
    ];
    for project in ["web", "ops"] {
        documents.push(
            json!({"kind": "Agent", "name": "lead", "project": project, "prompt": ODD[13],
            "inbox": [{"from_name": "boot", "body": ODD[13]}, {"body": "~"}]}),
        );
    }
    for (n, text) in ODD.iter().enumerate() {
        documents.push(json!({"kind": "Agent", "name": format!("a{n} {text}"), "project": "ops", "prompt": text,
            "labels": {"x": text}}));
    }
    documents.push(json!({"kind": "RoleBinding", "role": "credential:viewer", "scope": "credential", "scope_id": "kube",
        "project": "ops", "agent": "lead", "user_id": "bo"}));
    env.file("s", SECRET);
    let escape = |c: char| match c {
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{feff}' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    let manifest: Vec<String> = documents
        .iter()
        .map(|document| {
            format!(
                "---\n{}\n",
                document.to_string().chars().map(escape).collect::<String>()
            )
        })
        .collect();
    env.file("filled.yaml", manifest.concat());
    let (stdout, _) = run(env.local().args([
        "apply",
        "-f",
        "filled.yaml",
        "--allow-file",
        env!("CARGO_MANIFEST_DIR"),
    ]));
    assert_eq!(
        stdout.matches(" created\n").count(),
        documents.len(),
        "{stdout}"
    );
}

/// The manifests and the secrets, by the names of their files.
fn exported(env: &TestEnv, name: &str) -> (String, Vec<(String, Vec<u8>)>) {
    let (manifest, folder) = (format!("{name}/store.yaml"), format!("{name}/secrets"));
    std::fs::create_dir_all(env.work().join(name)).unwrap();
    run(env
        .acpctl()
        .args(["local", "export", "-o", &manifest, "--secrets", &folder]));
    let text = std::fs::read_to_string(env.work().join(manifest)).unwrap();
    let mut secrets: Vec<_> = std::fs::read_dir(env.work().join(folder))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    secrets.sort();
    (text, secrets)
}

fn copy(from: &TestEnv, to: &TestEnv, name: &str) {
    for part in ["", "/secrets"] {
        let (from, to) = (
            from.work().join(name).join(&part[part.len().min(1)..]),
            to.work().join(name).join(&part[part.len().min(1)..]),
        );
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(from)
            .unwrap()
            .flatten()
            .filter(|entry| entry.path().is_file())
        {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn token(env: &TestEnv, name: &str) -> String {
    let shown = run(env.local().args(["credential", "token", name])).0;
    shown.strip_suffix('\n').unwrap_or(&shown).to_owned()
}

/// The prompts of the agents that [`fill`] made one for each odd text.
fn texts(env: &TestEnv) -> Vec<String> {
    let list = run(env
        .local()
        .args(["agent", "list", "--project-id", "ops", "-o", "json"]))
    .0;
    let list: Value = serde_json::from_str(&list).unwrap();
    let mut agents: Vec<&Value> = list["items"].as_array().unwrap().iter().collect();
    agents.retain(|agent| agent["name"] != "lead");
    agents.sort_by_key(|agent| {
        let name = agent["name"].as_str().unwrap();
        name[1..]
            .split(' ')
            .next()
            .unwrap()
            .parse::<usize>()
            .unwrap()
    });
    let text = |agent: &&Value| {
        let labels: Value = serde_json::from_str(agent["labels"].as_str().unwrap()).unwrap();
        let prompt = agent["prompt"].as_str().unwrap_or_default().to_owned();
        assert_eq!(labels["x"], prompt);
        prompt
    };
    agents.iter().map(text).collect()
}

#[test]
fn a_store_goes_out_and_comes_back_the_same() {
    let env = TestEnv::new();
    fill(&env);
    let first = exported(&env, "one");
    assert_eq!(first.1.len(), 3, "one file for each secret");
    let other = TestEnv::new();
    copy(&env, &other, "one");
    let (stdout, _) = run(other.acpctl().args(["local", "import", "one/store.yaml"]));
    assert!(!stdout.contains("unchanged"), "{stdout}");
    assert_eq!(exported(&other, "two"), first);
    for name in ["Weird / näme: 'x'", "weird   näme   x"] {
        assert_eq!(token(&other, name), SECRET);
    }
    assert_eq!(texts(&other), ODD, "{}", first.0);
    assert_eq!(token(&other, "kube"), token(&env, "kube"));
    let (stdout, _) = run(other.acpctl().args(["local", "import", "one/store.yaml"]));
    let is_written = |word: &str| stdout.contains(&format!(" {word}\n"));
    assert!(
        !is_written("created") && !is_written("configured"),
        "{stdout}"
    );
}

#[test]
fn plain_apply_brings_it_to_a_server() {
    let env = TestEnv::new();
    fill(&env);
    let first = exported(&env, "one");
    let platform = TestEnv::new();
    let server = Serve::start(&platform, &["--quiet"]);
    run(env
        .connected(&server.url)
        .args(["apply", "-f", "one/store.yaml"]));
    assert_eq!(exported(&platform, "two"), first);
}

#[test]
fn without_a_folder_no_secret_leaves() {
    let env = TestEnv::new();
    fill(&env);
    let (stdout, stderr) = run(env.acpctl().args(["local", "export"]));
    assert!(!stdout.contains("canary") && !stderr.contains("canary"));
    for variable in [
        "ACP_TOKEN_KUBE",
        "ACP_TOKEN_WEIRD___N_ME___X_",
        "ACP_TOKEN_WEIRD___N_ME___X",
    ] {
        assert!(
            stdout.contains(&format!("  env: {variable}\n")),
            "{variable}: {stdout}"
        );
        assert!(stderr.contains(variable), "{stderr}");
    }
    assert!(stderr.contains("Exported 2 projects, "), "{stderr}");
    let other = TestEnv::new();
    let import = |env: &mut assert_cmd::Command| {
        env.args(["local", "import", "-"])
            .write_stdin(stdout.clone())
            .output()
            .unwrap()
    };
    let refused = import(&mut other.acpctl());
    assert_eq!(refused.status.code(), Some(7));
    let mut command = other.acpctl();
    command
        .env("ACP_TOKEN_KUBE", std::fs::read_to_string(SAMPLE).unwrap())
        .env("ACP_TOKEN_WEIRD___N_ME___X_", "t")
        .env("ACP_TOKEN_WEIRD___N_ME___X", "u");
    assert!(import(&mut command).status.success());
    assert_eq!(run(other.acpctl().args(["local", "export"])).0, stdout);
}

#[test]
fn secrets_are_private_and_move_as_a_folder() {
    let env = TestEnv::new();
    fill(&env);
    exported(&env, "one");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = env.work().join("one/secrets");
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(&folder).unwrap().flatten() {
        assert_eq!(mode(&entry.path()), 0o600);
    }
    let again = env
        .acpctl()
        .args(["local", "export", "--secrets", "one/secrets"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&again);
    assert!(!again.status.success() && stdout.is_empty(), "{stdout}");
    assert!(
        stderr.contains("a folder that does not exist yet"),
        "{stderr}"
    );
    let other = TestEnv::new();
    copy(&env, &other, "one");
    std::fs::rename(
        other.work().join("one/secrets"),
        other.work().join("elsewhere"),
    )
    .unwrap();
    run(other
        .acpctl()
        .args(["local", "import", "one", "--secrets", "elsewhere"]));
    assert_eq!(token(&other, "weird   näme   x"), SECRET);
}

#[test]
fn what_has_no_place_is_counted() {
    let env = TestEnv::new();
    run(env.local().args(["create", "project", "--name", "web"]));
    run(env
        .local()
        .args(["create", "session", "--name", "s", "--project-id", "web"]));
    run(env.local().args(["create", "role", "--name", "mine"]));
    run(env.local().args([
        "scheduled-session",
        "create",
        "--name",
        "n",
        "--schedule",
        "0 0 * * *",
        "--project-id",
        "web",
    ]));
    let (stdout, stderr) = run(env.acpctl().args(["local", "export"]));
    assert_eq!(stdout, "---\nkind: Project\nname: web\n");
    assert_eq!(
        stderr,
        "Exported 1 project, 0 agents, 0 credentials, 0 role bindings\n\
         Warning: left out, since manifests have no place for it: roles (1), scheduled sessions (1), sessions (1)\n"
    );
}

#[test]
fn names_that_tell_nothing_apart_are_refused() {
    let env = TestEnv::new();
    for _ in 0..2 {
        run(env.local().args([
            "credential",
            "create",
            "--provider",
            "github",
            "--name",
            "twin",
            "--token",
            "t",
        ]));
    }
    let output = env
        .acpctl()
        .args(["local", "export", "-o", "x.yaml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(6));
    assert!(
        streams(&output)
            .1
            .contains("there are several of credential \"twin\" (")
    );
    assert!(!env.work().join("x.yaml").exists());
}

#[test]
fn only_plain_files_are_replaced() {
    let env = TestEnv::new();
    let output = env
        .acpctl()
        .args(["local", "export", "-o", "/dev/null"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        streams(&output)
            .1
            .contains("\"/dev/null\" is not a regular file")
    );
}

#[test]
fn a_kubeconfig_that_apply_would_cut_is_warned_about() {
    let env = TestEnv::new();
    let create = [
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--name",
        "all",
        "--from-file",
        SAMPLE,
    ];
    run(env
        .local()
        .args(create)
        .arg("--no-flatten")
        .args(["--allow", "multiple-contexts"]));
    let (_, stderr) = run(env.acpctl().args(["local", "export"]));
    assert!(
        stderr.contains("credential/all: 'apply' will cut or refuse its kubeconfig"),
        "{stderr}"
    );
}

#[test]
fn a_manifest_that_is_too_long_is_warned_about() {
    let env = TestEnv::new();
    run(env.local().args(["create", "project", "--name", "web"]));
    for n in 0..5 {
        let agent = json!({"kind": "Agent", "name": format!("a{n}"), "project": "web", "prompt": "x".repeat(1 << 20)});
        run(env
            .local()
            .args(["apply", "-f", "-"])
            .write_stdin(agent.to_string()));
    }
    let (_, stderr) = run(env.acpctl().args(["local", "export", "-o", "long.yaml"]));
    let words = "Warning: 'apply' can't read this in one piece (yaml: larger than 4 MiB): split it at its lines ---";
    assert!(stderr.contains(words), "{stderr}");
}

/// All files below a folder that hold a text.
fn holding(folder: &Path, text: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if std::fs::read(&path)
            .unwrap()
            .windows(text.len())
            .any(|part| part == text.as_bytes())
        {
            found.push(path);
        }
    }
    found
}

/// Whether system calls can be looked at, and signals be sent at one of them.
fn can_trace() -> bool {
    let tried = std::process::Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        crate::support::skipped("strace is missing or may not trace: nothing was interrupted");
    }
    can
}

/// Runs the program under strace.
fn traced(env: &TestEnv, flags: &[&str], words: &[&str]) -> std::process::Output {
    std::process::Command::new("strace")
        .args(["-f", "-qq", "-o", "trace"])
        .args(flags)
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(words)
        .env_clear()
        .envs(env.variables())
        .current_dir(env.work())
        .output()
        .unwrap()
}

/// Runs the program once to see its system calls, then once for each of some of them, spread over the whole run, with a
/// signal at that call. Looks at what is left each time.
fn interrupt(
    env: &TestEnv,
    words: &[&str],
    prepare: impl Fn(),
    look: impl Fn(&str, &std::process::Output),
) {
    const RUNS: usize = 30;
    prepare();
    let whole = traced(env, &[], words);
    assert!(whole.status.success(), "{whole:?}");
    let trace = std::fs::read_to_string(env.work().join("trace")).unwrap();
    let main = trace.split(' ').next().unwrap().to_owned();
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let calls: Vec<(String, usize)> = trace
        .lines()
        .filter(|line| line.starts_with(&main))
        .filter_map(|line| {
            let call = line.split_once(' ')?.1.trim_start().split_once('(')?.0;
            let is_name = call.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let count = counts.entry(call.to_owned()).or_default();
            *count += 1;
            (is_name && call != "execve").then(|| (call.to_owned(), *count))
        })
        .collect();
    let step = calls.len().div_ceil(RUNS);
    let signals = ["SIGTERM", "SIGINT", "SIGKILL", "SIGHUP"];
    let mut ended = 0;
    for (number, (call, when)) in calls.iter().step_by(step).enumerate() {
        let signal = signals[number % signals.len()];
        prepare();
        let inject = format!("inject={call}:signal={signal}:when={when}");
        let output = traced(env, &["-e", &inject], words);
        std::fs::remove_file(env.work().join("trace")).unwrap();
        look(&inject, &output);
        ended += usize::from(!output.status.success());
    }
    assert!(ended > RUNS / 2, "{ended} runs were interrupted");
}

/// A store with two credentials, whose secrets still open.
fn with_secrets() -> TestEnv {
    let env = TestEnv::new();
    for name in ["a", "b"] {
        let words = ["credential", "create", "--provider", "jira", "--name", name];
        let mut command = env.local();
        run(command
            .args(words)
            .write_stdin(format!("canary-{name}-0123456789")));
    }
    env
}

fn assert_secrets_open(env: &TestEnv, when: &str) {
    for name in ["a", "b"] {
        let (token, _) = run(env.local().args(["credential", "token", name]));
        assert_eq!(token.trim(), format!("canary-{name}-0123456789"), "{when}");
    }
}

fn hidden_files(folder: &Path) -> Vec<std::ffi::OsString> {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect()
}

#[test]
fn a_signal_at_any_moment_of_a_backup_leaves_a_whole_copy_or_none() {
    if !can_trace() {
        return;
    }
    let env = with_secrets();
    let copy = env.work().join("copy.db");
    let prepare = || {
        let _ = std::fs::remove_file(&copy);
    };
    interrupt(
        &env,
        &["local", "backup", "copy.db"],
        prepare,
        |when, output| {
            assert!(!output.status.success() || copy.exists(), "{when}");
            if !when.contains("KILL") {
                assert!(hidden_files(&env.work()).is_empty(), "{when}");
            }
            if copy.exists() {
                run(env.acpctl().args(["local", "restore", "--yes", "copy.db"]));
            }
            prepare();
            run(env.acpctl().args(["local", "backup", "copy.db"]));
            assert!(
                hidden_files(&env.work()).is_empty(),
                "{when}, then a backup"
            );
            assert_secrets_open(&env, when);
        },
    );
}

#[test]
fn a_signal_at_any_moment_of_a_rekey_leaves_a_key_for_every_token() {
    if !can_trace() {
        return;
    }
    let env = with_secrets();
    let folder = env.home().join(".local/share/ambient");
    interrupt(
        &env,
        &["local", "rekey"],
        || {},
        |when, _| {
            assert_secrets_open(&env, when);
            if when.contains("KILL") {
                run(env.acpctl().args(["local", "rekey"]));
            }
            assert!(hidden_files(&folder).is_empty(), "{when}");
        },
    );
}

#[test]
fn a_signal_at_any_moment_of_a_restore_leaves_the_old_store_or_the_new_one() {
    if !can_trace() {
        return;
    }
    let env = with_secrets();
    run(env.acpctl().args(["local", "backup", "copy.db"]));
    let names = || run(env.local().args(["project", "list", "-o", "json"])).0;
    let before = names();
    let prepare = || {
        if names() == before {
            run(env.local().args(["create", "project", "--name", "later"]));
        }
    };
    prepare();
    let later = names();
    let words = ["local", "restore", "--yes", "copy.db"];
    interrupt(&env, &words, prepare, |when, output| {
        let found = names();
        let is_old = found.contains("\"later\"") && later.contains("\"later\"");
        assert!(is_old || found == before, "{when}: {found}");
        assert!(!output.status.success() || found == before, "{when}");
        assert_secrets_open(&env, when);
        assert!(env.work().join("copy.db").exists());
    });
}

#[test]
fn a_signal_at_any_moment_of_an_export_leaves_no_secret() {
    const CANARY: &str = "canary-of-the-export-0123456789";
    if !can_trace() {
        return;
    }
    let env = TestEnv::new();
    env.file("secret", CANARY);
    for name in ["a", "b"] {
        let words = ["credential", "create", "--provider", "jira", "--name", name];
        run(env.local().args(words).args(["--token", "@secret"]));
    }
    std::fs::remove_file(env.work().join("secret")).unwrap();
    let interrupted = |signal: &str, call: &str, when: u32| {
        let inject = format!("inject={call}:signal={signal}:when={when}");
        std::process::Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                &format!("trace={call}"),
            ])
            .args(["-e", &inject, env!("CARGO_BIN_EXE_acpctl")])
            .args([
                "local",
                "export",
                "-o",
                "store.yaml",
                "--secrets",
                "secrets",
            ])
            .env_clear()
            .envs(env.variables())
            .current_dir(env.work())
            .output()
            .unwrap()
    };
    for signal in ["SIGINT", "SIGTERM", "SIGHUP"] {
        for (call, when) in [("fsync", 1), ("fsync", 2), ("mkdir", 1), ("renameat2", 1)] {
            let output = interrupted(signal, call, when);
            assert!(!output.status.success(), "{signal} at {call} {when}");
            let left = holding(&env.work(), CANARY);
            assert!(left.is_empty(), "{signal} at {call} {when}: {left:?}");
        }
    }
    // Nobody can tidy up after KILL but the next run.
    interrupted("SIGKILL", "fsync", 2);
    let words = ["export", "-o", "store.yaml", "--secrets", "secrets"];
    run(env.acpctl().arg("local").args(words));
    let left: Vec<_> = std::fs::read_dir(env.work())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(holding(&env.work(), CANARY).len(), 2);
}
