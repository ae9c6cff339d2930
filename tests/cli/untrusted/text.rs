//! Text of others is text and nothing more.

use serde_json::{Value, json};

use crate::support::run::credential_create;
use crate::support::server::{Scripted, raw};
use crate::support::{TestEnv, streams};

/// Control characters, an escape sequence of 8 bits, and characters that turn the text or are not seen.
pub const EVIL: &str = "A\u{1b}]0;PWN\u{7}\u{1b}[31m\u{9b}2J\r\u{8}\u{202e}\u{200b}\u{feff}\u{ad}\u{61c}\u{2069}\u{e0041}B";

/// True for text that can do more than be read.
pub fn is_unsafe(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c as u32, 0xad | 0x61c | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x2069 | 0xfeff | 0xe0000..=0xe0fff)
    })
}

/// A server that writes the same everywhere, and fails where it is asked for credentials.
fn evil_server() -> Scripted {
    Scripted::with(|request| {
        if request.method == "GET" && request.target.contains("/credentials") {
            let reason = format!("{EVIL}\nError: forged\nHint: forged");
            let body = json!({"code": EVIL, "reason": reason, "operation_id": EVIL});
            return raw(500, "application/json", body.to_string());
        }
        let fields = [
            "id",
            "name",
            "version",
            "git_tag",
            "build_time",
            "provider",
            "phase",
            "project_id",
            "prompt",
            "description",
            "current_session_id",
            "starting_prompt",
            "schedule",
        ];
        let mut object: serde_json::Map<String, Value> = fields
            .iter()
            .map(|field| ((*field).to_owned(), EVIL.into()))
            .collect();
        object.insert("items".to_owned(), json!([object.clone()]));
        object.insert("total".to_owned(), 1.into());
        object.insert("session".to_owned(), object.clone().into());
        let status = if request.method == "POST" { 201 } else { 200 };
        raw(
            status,
            "application/json",
            Value::Object(object).to_string(),
        )
    })
}

#[test]
fn what_a_server_writes_is_text_and_nothing_more() {
    let server = evil_server();
    let files = TestEnv::new();
    let secret = files.file("s", "secret-of-some-length");
    let secret = format!("@{}", secret.display());
    for args in [
        &["credential", "list"][..],
        &["credential", "list", "--trace"],
        &["credential", "list", "-o", "json"],
        &["version"],
        &credential_create("jira", "n", &["--token", &secret]),
        &["create", "project", "--name", "nn"],
        &["create", "project", "--name", "nn", "-o", "json"],
        &["project", "list"],
        &["project", "list", "-o", "name"],
        &["project", "list", "-o", "wide"],
        &["project", "list", "-o", "jsonpath={.items[*].name}"],
        &["get", "projects", "--trace"],
        &["get", "sessions"],
        &["get", "sessions", "--color", "always"],
        &["agent", "stop", "X", "--project-id", "p"],
        &["agent", "start", "X", "--project-id", "p"],
        &["agent", "start-preview", "X", "--project-id", "p"],
        &["session", "messages", "s"],
        &["doctor"],
    ] {
        // A project that was created is the current one of its configuration.
        let env = TestEnv::new();
        let output = env.connected(server.url()).args(args).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(!is_unsafe(&stdout), "{args:?} {stdout:?}");
        assert!(!is_unsafe(&stderr), "{args:?} {stderr:?}");
        let labels = |label: &str| {
            stderr
                .lines()
                .filter(|line| line.starts_with(label))
                .count()
        };
        assert!(
            labels("Error:") <= 1 && labels("Hint:") <= 1,
            "{args:?} {stderr}"
        );
    }
    // The reader sees that there was something.
    let env = TestEnv::new();
    let output = env
        .connected(server.url())
        .args(["project", "list", "-o", "name"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(
        stdout.starts_with("project/A\\x1b]0;PWN\\a\\x1b[31m\\u009b2J "),
        "{stdout}{stderr}"
    );
}

#[test]
fn json_stays_json_and_shows_what_is_not_seen_as_escapes() {
    let env = TestEnv::new();
    let output = env
        .connected(evil_server().url())
        .args(["get", "projects", "-o", "json"])
        .output()
        .unwrap();
    let (stdout, _) = streams(&output);
    let value: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(value["items"][0]["name"], EVIL);
    assert!(
        stdout.contains("\\u009b")
            && stdout.contains("\\u202e")
            && stdout.contains("\\udb40\\udc41"),
        "{stdout}"
    );
}

#[test]
fn names_in_files_are_text_and_nothing_more() {
    let env = TestEnv::new();
    let manifest = format!("kind: Project\nname: {}\n", json!(EVIL));
    let path = env.file("m.yaml", manifest);
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {0}\ncontexts: [{{name: {0}, context: {{cluster: c, user: u}}}}]\n\
         clusters: [{{name: c, cluster: {{server: 'https://203.0.113.5:6443'}}}}]\n\
         users: [{{name: u, user: {{tokenFile: {0}}}}}]\n",
        json!("de\u{202e}mo\u{200b}\u{7}")
    );
    let config = env.file("k.yaml", kubeconfig);
    let file = config.to_str().unwrap();
    for args in [
        &["apply", "-f", path.to_str().unwrap(), "--dry-run"][..],
        &["apply", "-f", path.to_str().unwrap()],
        &["credential", "validate", file],
        &[
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--from-file",
            file,
        ],
        &["session", "preview", "--from-file", file],
    ] {
        let output = env.local().args(args).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(
            !is_unsafe(&stdout) && !is_unsafe(&stderr),
            "{args:?} {stdout:?} {stderr:?}"
        );
    }
}
