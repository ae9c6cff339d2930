//! The embedded API behind `--local`: the main job with no platform at all.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{TestEnv, streams};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/kubeconfig.yaml");

fn stdout(command: &mut assert_cmd::Command) -> String {
    let output = command.output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    stdout
}

fn count(env: &TestEnv) -> usize {
    let list: Value = serde_json::from_str(&stdout(env.local().args([
        "credential",
        "list",
        "-o",
        "json",
    ])))
    .unwrap();
    list["items"].as_array().unwrap().len()
}

#[test]
fn a_kubeconfig_goes_in_and_comes_back_out() {
    let env = TestEnv::new();
    let sample = std::fs::read_to_string(SAMPLE).unwrap();
    env.local()
        .args([
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--name",
            "c1",
        ])
        .write_stdin(sample.clone())
        .assert()
        .success()
        .stdout("credential/c1 created\n");
    let token = stdout(env.local().args(["credential", "token", "c1"]));
    assert!(
        token.contains("current-context: team-a") && !token.contains("somebody"),
        "{token}"
    );
    env.file("carved.yaml", &token);
    env.acpctl()
        .args(["credential", "validate", "carved.yaml"])
        .assert()
        .success();
    let list = stdout(env.local().args(["credential", "list", "-o", "wide"]));
    for part in [
        "c1",
        "kubeconfig",
        "team-a",
        "https://api.sample-cluster.example.net:6443",
        "2099-01-01T00:00:00Z",
    ] {
        assert!(list.contains(part), "{part} in {list}");
    }
    env.local()
        .args(["credential", "update", "c1", "--description", "d"])
        .assert()
        .success();
    env.local()
        .args(["credential", "delete", "c1", "--yes"])
        .assert()
        .success();
    assert_eq!(count(&env), 0);
}

#[test]
fn kubectl_and_the_source_agree_on_the_stored_file() {
    if Command::new("kubectl")
        .arg("version")
        .arg("--client")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_err()
    {
        eprintln!("skipped: kubectl is not installed");
        return;
    }
    let env = TestEnv::new();
    env.local()
        .args([
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--name",
            "c1",
            "--from-file",
            SAMPLE,
        ])
        .assert()
        .success();
    let token = stdout(env.local().args(["credential", "token", "c1"]));
    let carved = env.file("carved.yaml", token);
    let view = |file: &std::path::Path| -> Value {
        let output = Command::new("kubectl")
            .args([
                "config",
                "view",
                "--raw",
                "--minify",
                "--flatten",
                "-o",
                "json",
                "--kubeconfig",
            ])
            .arg(file)
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(view(&carved), view(std::path::Path::new(SAMPLE)));
}

#[test]
fn the_store_is_private_and_sealed() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::new();
    let secret = "canary-at-rest-3f7e0d";
    env.local()
        .args([
            "credential",
            "create",
            "--provider",
            "github",
            "--name",
            "g",
            "--from-file",
            "-",
        ])
        .write_stdin(secret)
        .assert()
        .success();
    let dir = env.home().join(".local/share/ambient");
    assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let files: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            file.display()
        );
        let bytes = std::fs::read(&file).unwrap();
        assert!(
            !bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes()),
            "{} holds the secret in clear",
            file.display()
        );
    }
}

#[test]
fn parallel_creates_lose_nothing() {
    let env = TestEnv::new();
    let children: Vec<_> = (0..12)
        .map(|n| {
            Command::new(env!("CARGO_BIN_EXE_acpctl"))
                .args([
                    "--local",
                    "credential",
                    "create",
                    "--provider",
                    "github",
                    "--token",
                    "t",
                    "--name",
                    &format!("n{n}"),
                ])
                .env_clear()
                .envs(env.variables())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", streams(&output).1);
    }
    assert_eq!(count(&env), 12);
}

#[test]
fn a_kill_at_any_moment_loses_no_acknowledged_write() {
    let env = TestEnv::new();
    let mut acknowledged = Vec::new();
    for round in 0..40_u64 {
        let name = format!("k{round}");
        let mut child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
            .args([
                "--local",
                "credential",
                "create",
                "--provider",
                "github",
                "--token",
                "t",
                "--name",
                &name,
            ])
            .env_clear()
            .envs(env.variables())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The moment of the kill wanders over the whole run; the last rounds end by themselves.
        std::thread::sleep(std::time::Duration::from_micros(round * 700));
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        if output.stdout.ends_with(b"created\n") {
            acknowledged.push(name);
        }
    }
    for name in acknowledged {
        assert_eq!(
            stdout(env.local().args(["credential", "token", &name])),
            "t\n",
            "{name}"
        );
    }
}

#[test]
fn errors_are_those_of_a_server() {
    let env = TestEnv::new();
    env.local()
        .args(["credential", "get", "nope"])
        .assert()
        .code(3)
        .stderr("Error: get credential \"nope\": ambient API error 404: ambient-api-server-7 — Credential with id='nope' not found\n");
    env.acpctl()
        .args(["--api-url", "local:", "credential", "list"])
        .assert()
        .success();
}
