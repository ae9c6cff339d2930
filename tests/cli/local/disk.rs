//! A disk that is full, and one that can't be written: clear errors, nothing lost, and it goes on afterwards.
//!
//! The disk is a small one in memory, seen by one process and its children alone: this test program, started
//! again for one ignored test.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::mounts::own_mounts;
use crate::support::run::Line as _;
use crate::support::serve::{Serve, wait_for};
use crate::support::{TestEnv, skipped, streams};

/// Set for the process that may mount.
const INSIDE: &str = "ACPCTL_TEST_DISK";

/// Runs an ignored test of this file where it may mount.
fn in_private(test: &str) {
    let words = match own_mounts("mount -t tmpfs none /mnt && mount -o remount,ro /mnt") {
        Ok(words) => words,
        Err(why) => {
            skipped(&format!(
                "mounting a small disk is not permitted here: {why}"
            ));
            return;
        }
    };
    let output = Command::new(words[0])
        .args(&words[1..])
        .arg(std::env::current_exe().unwrap())
        .arg("--exact")
        .arg(format!("local::disk::{test}"))
        .line("--ignored --nocapture")
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}{stderr}"
    );
}

fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// The store's disk.
struct Disk(PathBuf);

impl Disk {
    fn new(env: &TestEnv) -> Self {
        let path = env.home().join(".local/share");
        std::fs::create_dir_all(&path).unwrap();
        let disk = Self(path);
        disk.mount(&["-t", "tmpfs", "-o", "size=1m", "none"]);
        disk
    }

    fn mount(&self, args: &[&str]) {
        let done = Command::new("mount")
            .args(args)
            .arg(&self.0)
            .status()
            .unwrap();
        assert!(done.success(), "mount {args:?}");
    }

    fn remount(&self, options: &str) {
        self.mount(&["-o", &format!("remount,{options}")]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn token(name: &str) -> String {
    format!("{name}-{}", "x".repeat(30_000))
}

fn create(env: &TestEnv, name: &str) -> (Option<i32>, String) {
    let output = env
        .local()
        .line("credential create --provider github --name")
        .arg(name)
        .line("--token -")
        .write_stdin(token(name))
        .output()
        .unwrap();
    (output.status.code(), streams(&output).1)
}

/// Every acknowledged credential has its secret, and there is no other.
fn check(env: &TestEnv, names: &[String]) {
    let list = env
        .local()
        .args(["credential", "list", "-o", "json"])
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    let mut found: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    found.sort_unstable();
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    for name in names {
        let shown = env
            .local()
            .args(["credential", "token", name])
            .output()
            .unwrap();
        assert_eq!(streams(&shown).0.trim_end(), token(name), "{name}");
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    in_private("full");
}

/// Not a test by itself.
#[test]
#[ignore = "the other process of the test above"]
fn full() {
    if !is_inside() {
        return;
    }
    let env = TestEnv::new();
    let disk = Disk::new(&env);
    let mut stored = Vec::new();
    let (code, stderr) = loop {
        let name = format!("c{}", stored.len());
        match create(&env, &name) {
            (Some(0), _) => stored.push(name),
            failed => break failed,
        }
        assert!(stored.len() < 100, "the disk has room for everything");
    };
    assert_eq!(code, Some(10), "{stderr}");
    assert_eq!(
        stderr.lines().next(),
        Some(
            "Error: create credential: ambient API error 500: ambient-api-server-9 — database or disk is full"
        )
    );
    assert!(stored.len() > 3);
    check(&env, &stored);
    disk.remount("size=8m");
    assert_eq!(create(&env, "later").0, Some(0));
    stored.push("later".to_owned());
    check(&env, &stored);
}

#[test]
fn a_run_whose_output_is_lost_has_failed() {
    in_private("full_of_output");
}

/// Not a test by itself.
#[test]
#[ignore = "the other process of the test above"]
fn full_of_output() {
    if !is_inside() {
        return;
    }
    let env = TestEnv::new();
    let disk = Disk::new(&env);
    env.local().line("project create web").assert().success();
    let full = env.work().join("full");
    let line = "x".repeat(1000);
    let script = format!(
        "i=0; while [ $i -lt 4000 ]; do echo {line}; i=$((i+1)); done; touch {0}; while [ -e {0} ]; do sleep 0.05; done",
        full.display()
    );
    let words = ["--run-sessions", "--allow-empty", "--", "sh", "-c", &script];
    let server = Serve::start(&env, &words);
    let body = json!({"name": "s", "prompt": "p", "project_id": "web"}).to_string();
    let made = server.json("POST", "/sessions", &body);
    let path = format!("/sessions/{}", made["id"].as_str().unwrap());
    server.json("POST", &format!("{path}/start"), "");
    wait_for("a full disk", || full.exists().then_some(()));
    disk.remount("size=16m");
    std::fs::remove_file(&full).unwrap();
    let ended = wait_for("the end", || {
        let session = server.json("GET", &path, "");
        Some(session).filter(|it| !it["completion_time"].is_null())
    });
    assert_eq!(ended["phase"], "Failed");
    let (_, messages) = server.request("GET", &format!("{path}/messages"), "");
    assert!(
        messages.contains("not all of its output could be stored: database or disk is full"),
        "{}",
        &messages[messages.len().saturating_sub(500)..]
    );
}

#[test]
fn a_server_outlives_a_full_disk() {
    in_private("full_while_serving");
}

/// Not a test by itself.
#[test]
#[ignore = "the other process of the test above"]
fn full_while_serving() {
    if !is_inside() {
        return;
    }
    let env = TestEnv::new();
    let disk = Disk::new(&env);
    let server = Serve::start(&env, &[]);
    let post = |name: &str| {
        let body = json!({"name": name, "provider": "github", "token": token(name)}).to_string();
        server.request("POST", "/credentials", &body)
    };
    let mut stored = Vec::new();
    let (status, body) = loop {
        let name = format!("c{}", stored.len());
        match post(&name) {
            (201, _) => stored.push(name),
            failed => break failed,
        }
        assert!(stored.len() < 100, "the disk has room for everything");
    };
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, body["code"].as_str()),
        (500, Some("ambient-api-server-9"))
    );
    assert!(
        body["reason"].as_str().unwrap().contains("disk is full"),
        "{body}"
    );
    assert_eq!(
        server.json("GET", "/credentials", "")["total"],
        stored.len()
    );
    disk.remount("size=8m");
    assert_eq!(post("later").0, 201);
    stored.push("later".to_owned());
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
    check(&env, &stored);
}

#[test]
fn a_disk_that_can_only_be_read_is_named() {
    in_private("read_only");
}

/// Not a test by itself.
#[test]
#[ignore = "the other process of the test above"]
fn read_only() {
    if !is_inside() {
        return;
    }
    let env = TestEnv::new();
    let disk = Disk::new(&env);
    assert_eq!(create(&env, "c").0, Some(0));
    disk.remount("ro");
    let place = env
        .home()
        .join(".local/share/ambient")
        .display()
        .to_string();
    let words = format!("open the store in {place}: Read-only file system");
    let (code, stderr) = create(&env, "d");
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&words), "{stderr}");
    let serve = env
        .acpctl()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert!(
        !serve.status.success() && streams(&serve).1.contains(&words),
        "{}",
        streams(&serve).1
    );
    disk.remount("rw");
    check(&env, &["c".to_owned()]);
}
