//! The embedded API behind `--local`: the main job with no platform at all.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::run::{Line as _, Run as _};
use crate::support::{SAMPLE, TestEnv, skipped, streams};

fn count(env: &TestEnv) -> usize {
    let list: Value =
        serde_json::from_str(&env.local().line("credential list -o json").stdout()).unwrap();
    list["items"].as_array().unwrap().len()
}

#[test]
fn a_kubeconfig_goes_in_and_comes_back_out() {
    let env = TestEnv::new();
    let sample = std::fs::read_to_string(SAMPLE).unwrap();
    env.local()
        .line("credential create --provider kubeconfig --name c1")
        .write_stdin(sample.clone())
        .assert()
        .success()
        .stdout("credential/c1 created\n");
    let token = env.local().args(["credential", "token", "c1"]).stdout();
    assert!(
        token.contains("current-context: team-a") && !token.contains("somebody"),
        "{token}"
    );
    env.file("carved.yaml", &token);
    env.acpctl()
        .args(["credential", "validate", "carved.yaml"])
        .assert()
        .success();
    let list = env
        .local()
        .args(["credential", "list", "-o", "wide"])
        .stdout();
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
        return skipped("kubectl is not installed");
    }
    let env = TestEnv::new();
    env.local()
        .line("credential create --provider kubeconfig --name c1 --from-file")
        .arg(SAMPLE)
        .assert()
        .success();
    let token = env.local().args(["credential", "token", "c1"]).stdout();
    let carved = env.file("carved.yaml", token);
    let view = |file: &std::path::Path| -> Value {
        let output = Command::new("kubectl")
            .line("config view --raw --minify --flatten -o json --kubeconfig")
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
        .line("credential create --provider github --name g --from-file -")
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
                .line("--local credential create --provider github --token t --name")
                .arg(format!("n{n}"))
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
            .line("--local credential create --provider github --token t --name")
            .arg(&name)
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
            env.local().args(["credential", "token", &name]).stdout(),
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
        .stderr("Error: get credential \"nope\": ambient API error 404: ambient-api-server-7 — Credential with id='nope' not found\nHint: no credential that you may see has this ID or name; those that exist: acpctl --local credential list\n");
    env.acpctl()
        .args(["--api-url", "local:", "credential", "list"])
        .assert()
        .success();
}

/// A run on the embedded API: its status, and what it says.
fn said(env: &TestEnv, line: &str) -> (Option<i32>, String, String) {
    let output = env.local().args(line.split(' ')).output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

#[test]
fn the_embedded_api_has_a_user_and_no_login() {
    let env = TestEnv::new();
    let (code, stdout, stderr) = said(&env, "whoami");
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.contains("dev-user") && stdout.contains("local:"),
        "{stdout}"
    );
    let (code, stdout, stderr) = said(&env, "whoami --show-token");
    assert_eq!((code, stdout.as_str()), (Some(3), ""));
    assert!(!stderr.contains("login"), "{stderr}");
}

#[test]
fn hints_are_commands_that_work() {
    let env = TestEnv::new();
    env.file("k.yaml", std::fs::read(SAMPLE).unwrap());
    for line in [
        "create project --name web",
        "agent create --name lead --project web --prompt p",
        "credential create --provider kubeconfig --name prod --from-file k.yaml",
    ] {
        assert_eq!(said(&env, line).0, Some(0), "{line}");
    }
    for (line, code) in [
        // Its hint starts the session that the next line waits for.
        ("session preview lead --project web", 3),
        ("wait lead --project web --timeout 1ms", 9),
        ("credential unbind prod --project web", 0),
        ("credential bind prod", 2),
        ("apply -f k.yaml", 7),
        ("project set other", 3),
    ] {
        let (got, _, stderr) = said(&env, line);
        assert_eq!(got, Some(code), "{line}: {stderr}");
        let (_, hint) = stderr.rsplit_once("acpctl --local ").expect(line);
        let (got, _, stderr) = said(&env, hint.trim_end());
        assert_eq!(got, Some(0), "{hint}: {stderr}");
    }
}

#[test]
fn what_is_missing_is_told_before_what_it_holds() {
    let env = TestEnv::new();
    assert_eq!(said(&env, "create project --name team-a").0, Some(0));
    let (code, _, stderr) = said(&env, "agent start lead --project tema-a");
    assert_eq!(code, Some(3));
    assert!(stderr.contains("project \"tema-a\" not found"), "{stderr}");
    assert!(stderr.contains("did you mean \"team-a\"?"), "{stderr}");
    // Only with its project does a session go by the name of its agent.
    let (code, _, stderr) = said(&env, "session preview lead");
    assert_eq!(code, Some(3));
    assert!(stderr.contains("add --project NAME"), "{stderr}");
}

#[test]
fn a_new_name_is_one_that_is_free() {
    let env = TestEnv::new();
    for name in ["a", "b"] {
        env.local()
            .line("credential create --provider github --name")
            .arg(name)
            .write_stdin("a secret")
            .assert()
            .success();
    }
    let (code, _, stderr) = said(&env, "credential update a --name b");
    assert_eq!(code, Some(6), "{stderr}");
    assert!(stderr.contains("\"b\" already exists"), "{stderr}");
    for line in [
        "credential update a --name a",
        "credential update a --name c",
        "credential get b",
    ] {
        assert_eq!(said(&env, line).0, Some(0), "{line}");
    }
}

#[test]
fn a_project_that_create_does_not_use_is_not_passed_over() {
    let env = TestEnv::new();
    let create = "credential create --provider github --name a --project web";
    let output = env
        .local()
        .args(create.split(' '))
        .write_stdin("a secret")
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout, "credential/a created\n");
    let bind = "acpctl --local credential bind a --project web\n";
    assert!(stderr.ends_with(bind), "{stderr}");
}

#[test]
fn a_copy_needs_a_free_place_and_its_return_a_file() {
    let env = TestEnv::new();
    let taken = env.file("taken", "mine");
    let (code, _, stderr) = said(&env, "local backup taken");
    assert_eq!(code, Some(1));
    assert!(stderr.contains("\"taken\" exists already"), "{stderr}");
    assert_eq!(std::fs::read_to_string(taken).unwrap(), "mine");
    let (code, _, stderr) = said(&env, "local restore nothing");
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("no such file") && !stderr.contains("--yes"),
        "{stderr}"
    );
}

#[test]
fn a_store_without_its_key_says_what_to_do() {
    let env = TestEnv::new();
    env.file("k.yaml", std::fs::read(SAMPLE).unwrap());
    // Before the first secret there is no key to keep.
    let (code, _, stderr) = said(&env, "local backup empty.db");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(
        said(&env, "credential create --name prod -f k.yaml").0,
        Some(0)
    );
    let key = env.home().join(".local/share/ambient/ambient.key");
    let place = key.to_str().unwrap();
    let (code, _, stderr) = said(&env, "local backup full.db");
    assert_eq!(code, Some(0));
    assert!(stderr.contains(&format!("it is in {place}")), "{stderr}");
    assert_eq!(said(&env, "doctor").1.matches("fail").count(), 0);

    std::fs::rename(&key, env.work().join("key")).unwrap();
    let back = format!("copy the key back to {place}");
    let (code, stdout, _) = said(&env, "doctor -o json");
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains(&back), "{stdout}");
    let (code, _, stderr) = said(&env, "local rekey");
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&back), "{stderr}");
    for line in [
        "exec prod -- true",
        "credential create --name other -f k.yaml",
    ] {
        let (code, _, stderr) = said(&env, line);
        assert_eq!(code, Some(10), "{line}: {stderr}");
        assert!(stderr.contains("acpctl --local doctor"), "{line}: {stderr}");
    }
    let (_, _, stderr) = said(&env, "local backup without.db");
    assert!(stderr.contains("is missing from"), "{stderr}");
    let (code, _, stderr) = said(&env, "local restore full.db --yes");
    assert_eq!(code, Some(1));
    let hint = format!("first bring the key that was kept with the backup to {place}");
    assert!(stderr.contains(&hint), "{stderr}");
    std::fs::rename(env.work().join("key"), &key).unwrap();
    assert_eq!(said(&env, "local restore full.db --yes").0, Some(0));
}

#[test]
fn a_curl_line_of_the_embedded_api_takes_the_address_of_serve() {
    let env = TestEnv::new();
    let (_, _, stderr) = said(&env, "credential list --print-curl");
    assert!(
        stderr.contains("\"$AMBIENT_API_URL\"'/api/ambient/v1/credentials?"),
        "{stderr}"
    );
}
