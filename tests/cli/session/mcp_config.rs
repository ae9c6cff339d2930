//! `session mcp-config`: an entry that works in any client, and a file in which nothing else changes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::session::kubeconfig;
use crate::support::run::Line as _;
use crate::support::{TestEnv, streams};

#[test]
fn an_entry_for_a_credential_needs_nothing_of_the_client() {
    let env = TestEnv::new();
    let ca = env.file("ca.pem", "");
    let output = env
        .local()
        .line("session mcp-config --credential prod --read-only")
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let entry: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"));
    assert_eq!(
        entry["mcpServers"]["openshift"],
        json!({"command": "acpctl", "args": [
            "--local", "session", "exec", "--target", "pod", "--credential", "prod", "--", "npx", "--yes",
            "kubernetes-mcp-server@0.0.67", "--disable-multi-cluster", "--read-only",
        ]})
    );
    assert!(!stdout.contains('$'), "{stdout}");

    let output = env
        .connected("https://acp.example.org")
        .line("session mcp-config --credential prod --ca-file ca.pem")
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let entry: Value = serde_json::from_str(&stdout).unwrap();
    let args = entry["mcpServers"]["openshift"]["args"].as_array().unwrap();
    assert_eq!(
        args[..5],
        [
            json!("--api-url"),
            json!("https://acp.example.org"),
            json!("--ca-file"),
            json!(ca),
            json!("session")
        ]
    );
    assert!(
        stderr.starts_with("Warning: AMBIENT_TOKEN is set in this shell but not in the entry"),
        "{stderr}"
    );

    env.acpctl()
        .line("session mcp-config --credential prod --kubeconfig x")
        .assert()
        .code(2);
    env.acpctl()
        .args(["session", "mcp-config", "--credential", ""])
        .assert()
        .code(2);
}

/// The printed words, run as a client runs them: without a shell, with few variables.
#[test]
fn the_entry_starts_its_server_with_the_kubeconfig() {
    let env = TestEnv::new();
    env.file("config.yaml", kubeconfig("canary-secret-0123456789"));
    env.local()
        .line("credential create --provider kubeconfig --name prod --from-file config.yaml")
        .assert()
        .success();
    let output = env
        .local()
        .args(["session", "mcp-config", "--credential", "prod"])
        .output()
        .unwrap();
    let entry: Value = serde_json::from_slice(&output.stdout).unwrap();
    let npx = env.file(
        "npx",
        "#!/bin/sh\necho \"$@\"\ngrep ^current-context: \"$KUBECONFIG\"\n",
    );
    fs::set_permissions(&npx, fs::Permissions::from_mode(0o755)).unwrap();
    let words = entry["mcpServers"]["openshift"]["args"]
        .as_array()
        .unwrap()
        .iter();
    let output = env
        .acpctl()
        .env("PATH", format!("{}:/usr/bin:/bin", env.work().display()))
        .args(words.map(|word| word.as_str().unwrap()))
        .current_dir("/")
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        stdout, "--yes kubernetes-mcp-server@0.0.67 --disable-multi-cluster\ncurrent-context: c\n",
        "{stderr}"
    );
}

#[test]
fn merging_changes_the_entry_and_no_other_byte() {
    let env = TestEnv::new();
    let before = "\u{feff}{\r\n    // ours\r\n    \"z\": 1e5, \"n\": 123456789012345678901234567890,\r\n    \"mcpServers\": {\r\n        \"other\": { \"command\": \"x\" },\r\n        \"openshift\": {\r\n            \"env\": {\"A\": \"1\"},\r\n            \"command\": \"old\",\r\n            \"disabled\": true\r\n        }\r\n    }\r\n}";
    let after = before.replace("\"command\": \"old\"", "\"command\": \"npx\"").replace(
        "\"disabled\": true\r\n",
        "\"disabled\": true,\r\n            \"args\": [\r\n                \"--yes\",\r\n                \"kubernetes-mcp-server@0.0.67\",\r\n                \"--kubeconfig\",\r\n                \"${KUBECONFIG}\",\r\n                \"--disable-multi-cluster\"\r\n            ]\r\n",
    );
    let path = env.file("mcp.json", before);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    for _ in 0..2 {
        env.acpctl()
            .args(["session", "mcp-config", "--merge", "mcp.json"])
            .assert()
            .success()
            .stderr("Set mcpServers.openshift in mcp.json\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
    }
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );

    for (text, why) in [
        ("{\"mcpServers\": {}, \"mcpServers\": {}}", "twice"),
        (
            "{\"mcpServers\": {\"openshift\": {\"url\": \"https://x\"}}}",
            "at an address",
        ),
        ("{\"a\": tru}", "line 1, column 7"),
    ] {
        env.file("mcp.json", text);
        let output = env
            .acpctl()
            .args(["session", "mcp-config", "--merge", "mcp.json"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(7));
        assert!(streams(&output).1.contains(why), "{}", streams(&output).1);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn only_a_regular_file_of_some_size_is_merged_into() {
    let env = TestEnv::new();
    let fifo = env.work().join("fifo");
    let made = std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap();
    assert!(made.success());
    env.file("huge.json", vec![b' '; (4 << 20) + 1]);
    std::os::unix::fs::symlink("nowhere", env.work().join("dangling")).unwrap();
    fs::create_dir(env.work().join("folder")).unwrap();
    for (path, why) in [
        ("fifo", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("folder", "is a directory"),
        ("huge.json", "more than 4 MiB"),
        ("dangling", "no such file or directory"),
    ] {
        let output = env
            .acpctl()
            .args(["session", "mcp-config", "--merge", path])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(7), "{path}");
        assert!(
            streams(&output).1.contains(why),
            "{path}: {}",
            streams(&output).1
        );
    }
}
