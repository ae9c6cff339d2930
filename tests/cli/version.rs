//! Versions: that of the server, and that of the newest release.

use serde_json::{Value, json};

use crate::support::pty::start_with;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Scripted, json as answer, list, raw};
use crate::support::{TOKEN, TestEnv, schema};

/// A server of a later release of the platform.
fn later() -> Scripted {
    Scripted::with(|request| {
        if request.target.ends_with("/version") {
            let version = json!({"version": "0b59fe7de", "git_tag": "v0.3.1-2-g0b59fe7de"});
            answer(200, &version)
        } else {
            list([Value::Null; 0])
        }
    })
}

#[test]
fn another_release_of_the_server_is_told_once_and_only_on_a_terminal() {
    let env = TestEnv::new();
    let server = later();
    let asked = || {
        let lines = server.lines();
        lines
            .iter()
            .filter(|line| line.ends_with("/version"))
            .count()
    };
    let words = ["project", "list"];
    // In a pipe, in CI and with --quiet, no request is sent.
    let silent = "\"$@\" 2>&1 | cat; CI=1 \"$@\"; \"$@\" --quiet";
    let terminal = start_with(&env, server.url(), &[], silent, &words, (24, 100));
    terminal.wait_for("status 0");
    assert_eq!(asked(), 0);
    assert!(!terminal.written().contains("Warning"));

    let twice = "\"$@\"; \"$@\"";
    let terminal = start_with(&env, server.url(), &[], twice, &words, (24, 160));
    terminal.wait_for("status 0");
    let written = terminal.written();
    let warning =
        "Warning: the server is release 0.3 of the platform, and this acpctl was written for 0.2";
    assert_eq!(written.matches(warning).count(), 1, "{written}");
    assert_eq!(asked(), 1);
}

/// The answer of an address of releases.
fn check(body: &str, more: &[&str]) -> (Option<i32>, String, String, Scripted) {
    let env = TestEnv::new();
    let body = body.to_owned();
    let server = Scripted::with(move |_| raw(200, "application/json", body.as_str()));
    let (code, stdout, stderr) = env
        .connected("http://127.0.0.1:9")
        .env("ACPCTL_RELEASE_URL", format!("{}/latest", server.url()))
        .line("version --check")
        .args(more)
        .told();
    (code, stdout, stderr, server)
}

#[test]
fn the_newest_release_is_looked_up_on_request_and_without_the_login() {
    let (code, stdout, stderr, server) = check(r#"{"tag_name": "v0.9.0"}"#, &[]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(
        stdout.ends_with("\nLatest: v0.9.0 (this build has no number to compare)\n"),
        "{stdout}"
    );
    assert_eq!(server.lines(), ["GET /latest"]);
    assert!(!format!("{:?}", server.received()).contains(TOKEN));

    let (_, stdout, _, _) = check("0.9.0\n", &["-o", "json"]);
    let value: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(value["latest"], json!({"version": "0.9.0", "newer": null}));
    assert_eq!(schema::faults("version", &value), [""; 0]);
}

#[test]
fn an_address_of_releases_is_not_trusted() {
    let hostile = r#"{"tag_name": "v1\u001b[31m"}"#;
    let endless = " ".repeat((1 << 20) + 1);
    for (body, status, why) in [
        (hostile, 10, "does not name a version"),
        ("<html>", 10, "does not name a version"),
        (endless.as_str(), 9, "the answer is too large"),
    ] {
        let (code, stdout, stderr, _) = check(body, &[]);
        assert_eq!(code, Some(status), "{stderr}");
        assert!(!stdout.contains("Latest"), "{stdout}");
        assert!(
            stderr.contains(why) && !stderr.contains('\u{1b}'),
            "{stderr}"
        );
    }
}

#[test]
fn an_address_of_releases_is_named_and_encrypted() {
    let env = TestEnv::new();
    let (code, _, stderr) = env.acpctl().line("version --check").told();
    assert_eq!(code, Some(2));
    assert_eq!(
        stderr,
        "Error: this build does not know where its releases are\n\
         Hint: export ACPCTL_RELEASE_URL=https://api.github.com/repos/OWNER/REPOSITORY/releases/latest\n"
    );
    for url in [
        "http://releases.example.org/latest",
        "file:///etc/passwd",
        "latest",
    ] {
        let mut command = env.acpctl();
        command
            .env("ACPCTL_RELEASE_URL", url)
            .line("version --check");
        let (code, _, stderr) = command.told();
        assert_eq!(code, Some(2));
        assert_eq!(
            stderr,
            format!("Error: ACPCTL_RELEASE_URL is not an https address: \"{url}\"\n")
        );
    }
}
