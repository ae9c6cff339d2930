//! What killed runs leave, and who removes it.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::config::assert_done;
use crate::support::run::credential_create;
use crate::support::{TOKEN, TestEnv, skipped};

/// Ends the program with a signal at each system call that has to do with the file, one run for each.
#[test]
fn no_signal_leaves_a_copy_of_a_token() {
    let can_trace = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !can_trace {
        skipped("strace is missing or may not trace: no signal was sent");
        return;
    }
    let env = TestEnv::new();
    let token = env.file("token", TOKEN);
    let folder = env.config_path().parent().unwrap().to_owned();
    let left = || -> Vec<String> {
        fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name != "config.json" && name != ".config.json.lock")
            .collect()
    };
    for call in ["write", "fsync", "linkat", "rename", "unlink"] {
        for signal in ["INT", "KILL"] {
            for when in 1..4 {
                env.config("{\"project\": \"p\"}");
                let inject = format!("inject={call}:signal={signal}:when={when}");
                Command::new("strace")
                    .args(["-f", "-qq", "-o", "/dev/null", "-e", &inject])
                    .arg(env!("CARGO_BIN_EXE_acpctl"))
                    .args(["login", "http://127.0.0.1:9", "--token"])
                    .arg(format!("@{}", token.display()))
                    .env_clear()
                    .envs(env.variables())
                    .output()
                    .unwrap();
                if call != "linkat" && call != "rename" {
                    assert_eq!(left(), [""; 0], "{inject}");
                }
                // Whole, whichever it is.
                let saved = fs::read(env.config_path()).unwrap();
                serde_json::from_slice::<serde_json::Value>(&saved).unwrap();
                assert_done(&env.acpctl().arg("logout").output().unwrap());
                assert_eq!(left(), [""; 0], "{inject}, then a logout");
            }
        }
    }
}

#[test]
fn a_logout_removes_what_earlier_runs_left() {
    let env = TestEnv::new();
    env.config(&json!({"access_token": TOKEN}).to_string());
    let beside = |name: &str| env.config_path().with_file_name(name);
    let left = beside(".config.json.0123456789abcdef");
    let theirs = beside(".config.json.backup");
    fs::write(&left, TOKEN).unwrap();
    fs::write(&theirs, "theirs").unwrap();
    assert_done(&env.acpctl().arg("logout").output().unwrap());
    assert!(!left.exists() && theirs.exists());
}

#[test]
fn a_rekey_forgets_the_keys_that_killed_runs_left() {
    let env = TestEnv::new();
    let create = credential_create("github", "n", &[]);
    let mut command = env.local();
    command.args(create).args(["--from-file", "-"]);
    assert_done(&command.write_stdin("canary-0123456789").output().unwrap());
    let folder = env.home().join(".local/share/ambient");
    let left = folder.join(".ambient.key.0123456789abcdef");
    fs::copy(folder.join("ambient.key"), &left).unwrap();
    let rekeyed = env.local().args(["local", "rekey"]).output().unwrap();
    assert_done(&rekeyed);
    assert!(!left.exists());
}
