//! Applied again, or killed and run again, it ends the same.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::apply::{SECRET, applied, apply, folder, serve};
use crate::support::platform::Platform;
use crate::support::server::{Reply, Scripted};
use crate::support::{TOKEN, TestEnv, streams};

#[test]
fn applying_twice_writes_nothing() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::default();
    let (stdout, writes) = applied(&env, &platform, &["-f", "team"]);
    let statuses: Vec<&str> = stdout
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(statuses, ["created"; 10], "{stdout}");
    assert!(!writes.is_empty());
    let (stdout, writes) = applied(&env, &platform, &["-f", "team"]);
    assert_eq!(stdout.matches(" unchanged\n").count(), 10, "{stdout}");
    assert_eq!(writes, [""; 0]);
}

/// The digest of `apply` must not outlive its secret: the next `apply` would call it unchanged.
#[test]
fn a_secret_changed_by_update_is_noticed() {
    let manifest = "kind: Credential\nname: gl\nprovider: gitlab\ntokenFrom: {env: GL}\n\
                    annotations: {note: x}\n";
    let env = TestEnv::new();
    env.file("gl.yaml", manifest);
    let platform = Arc::default();
    let stored = |platform: &Platform| platform.state()["/credentials"][0].clone();
    applied(&env, &platform, &["-f", "gl.yaml"]);
    let server = serve(&platform);
    env.connected(server.url())
        .args(["credential", "update", "gl", "--token", "another"])
        .assert()
        .success()
        .stdout("credential/gl updated\n");
    assert_eq!(stored(&platform)["token"], "another");
    let (stdout, _) = applied(&env, &platform, &["-f", "gl.yaml"]);
    assert_eq!(stdout, "credential/gl configured\n");
    assert_eq!(stored(&platform)["token"], SECRET);

    // The digest tells what update stored, and the other annotations stay.
    env.connected(server.url())
        .args(["credential", "update", "gl", "--token", "another"])
        .assert()
        .success();
    assert!(
        stored(&platform)["annotations"]
            .as_str()
            .unwrap()
            .contains(r#""note":"x""#)
    );
    let server = serve(&platform);
    let output = apply(&env, server.url(), &["-f", "gl.yaml"])
        .env("GL", "another")
        .output()
        .unwrap();
    assert_eq!(streams(&output).0, "credential/gl unchanged\n");
}

#[test]
fn the_same_on_the_embedded_api() {
    let env = TestEnv::new();
    folder(&env);
    // Who may bind credentials everywhere is an administrator; anyone may in a project of their own.
    let binding = "---\nkind: RoleBinding\nrole: project:viewer\nscope: project\nscope_id: web\n";
    let users = ["lead", "dev", "test"].map(|user| format!("{binding}user_id: {user}\n"));
    env.file("team/4-bindings.yaml", users.concat());
    let run = || {
        let output = env
            .local()
            .env("AMBIENT_PROJECT", "web")
            .env("GL", SECRET)
            .args(["apply", "-f", "team", "-o", "json"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        let done: Vec<Value> = serde_json::from_str(&stdout).unwrap();
        done.iter()
            .map(|entry| entry["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), ["created"; 10]);
    assert_eq!(run(), ["unchanged"; 10]);
}

/// The program is killed at each of its requests in turn, before the server has seen it or before its
/// answer arrives, and run again: what is there then is what one undisturbed run leaves.
#[test]
fn killed_at_any_request_and_run_again_it_ends_the_same() {
    let env = TestEnv::new();
    folder(&env);
    let undisturbed = Arc::default();
    applied(&env, &undisturbed, &["-f", "team"]);
    let mut killed = 0;
    for is_done_by_server in [false, true] {
        for at in 0.. {
            let platform = Arc::<Platform>::default();
            if !killed_run(&env, &platform, at, is_done_by_server) {
                break;
            }
            killed += 1;
            applied(&env, &platform, &["-f", "team"]);
            assert_eq!(
                platform.state(),
                undisturbed.state(),
                "killed at request {at}, done by the server: {is_done_by_server}"
            );
        }
    }
    assert!(killed >= 60, "only {killed} requests");
}

/// Kills a run at its request number `at`; false where it has fewer.
fn killed_run(env: &TestEnv, platform: &Arc<Platform>, at: usize, is_done_by_server: bool) -> bool {
    let (reached, is_reached) = mpsc::channel();
    let count = AtomicUsize::new(0);
    let server = {
        let platform = Arc::clone(platform);
        Scripted::with(move |request| {
            if count.fetch_add(1, Ordering::SeqCst) != at {
                return platform.reply(request);
            }
            if is_done_by_server {
                platform.reply(request);
            }
            let _ = reached.send(());
            Reply::Hang
        })
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .envs([("AMBIENT_API_URL", server.url()), ("AMBIENT_TOKEN", TOKEN)])
        .envs([("AMBIENT_PROJECT", "web"), ("GL", SECRET)])
        .args(["apply", "-f", "team"])
        .current_dir(env.work())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    loop {
        if is_reached.recv_timeout(Duration::from_millis(20)).is_ok() {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return false;
        }
    }
}
