//! A signal at any moment of a backup, a rekey, a restore or an export.

use std::path::Path;

use crate::local::transfer::run;
use crate::support::TestEnv;
use crate::support::run::{Line as _, credential_create};

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
        let words = credential_create("jira", name, &[]);
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
        let words = credential_create("jira", name, &[]);
        run(env.local().args(words).args(["--token", "@secret"]));
    }
    std::fs::remove_file(env.work().join("secret")).unwrap();
    let interrupted = |signal: &str, call: &str, when: u32| {
        let inject = format!("inject={call}:signal={signal}:when={when}");
        std::process::Command::new("strace")
            .line("-f -qq -o /dev/null -e")
            .arg(format!("trace={call}"))
            .args(["-e", &inject, env!("CARGO_BIN_EXE_acpctl")])
            .line("local export -o store.yaml --secrets secrets")
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
