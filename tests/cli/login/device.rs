//! `login --device`: a code that is typed in a browser on any device.

use serde_json::json;

use crate::login::text;
use crate::support::oidc::{CLIENT, Issuer, Mood};
use crate::support::pty::Terminal;
use crate::support::server::nothing;
use crate::support::{TestEnv, streams};

fn device(env: &TestEnv, issuer: &Issuer, server: &str) -> (Option<i32>, String, String) {
    let output = env
        .acpctl()
        .args([
            "login",
            server,
            "--device",
            "--client-id",
            CLIENT,
            "--trace",
        ])
        .args(["--issuer-url", &issuer.url()])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

#[test]
fn a_code_is_shown_and_the_login_follows_once_it_was_typed() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    issuer.script_device(&["authorization_pending"]);
    let (status, stdout, stderr) = device(&env, &issuer, api.url());
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.starts_with("Login successful."), "{stdout}");
    let shown = format!(
        "enter the code:\n\n    {}/device\n\n    VBBN-OSRT\n",
        issuer.url()
    );
    assert!(stderr.contains(&shown), "{stderr}");
    assert!(stderr.contains(&format!("Logged in to {} as alice", api.url())));
    assert!(
        !stderr.contains("canary") && !stderr.contains("eyJ"),
        "{stderr}"
    );
    assert!(text(&env.saved(), "refresh_token").starts_with("canary-refresh-"));
    assert_eq!(text(&env.saved(), "client_id"), CLIENT);
    assert_eq!(issuer.token_requests().len(), 2);
}

#[test]
fn a_refusal_and_the_end_of_the_time_are_told() {
    for (answers, words) in [
        (&["access_denied"][..], "access was refused in the browser"),
        (
            &["expired_token"],
            "the code has expired before the login was finished",
        ),
        (&["invalid_grant"], "token endpoint: invalid_grant"),
    ] {
        let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
        issuer.script_device(answers);
        let (status, _, stderr) = device(&env, &issuer, "https://api.corp.test");
        assert_eq!(status, Some(4));
        assert!(
            stderr.contains(&format!("Error: device login: {words}")),
            "{stderr}"
        );
        assert!(!env.config_path().exists());
        assert_eq!(issuer.token_requests().len(), 1);
    }
}

#[test]
fn an_issuer_without_codes_is_named_and_another_way_shown() {
    let issuer = Issuer::lying(&json!({"device_authorization_endpoint": null}));
    let (status, _, stderr) = device(&TestEnv::new(), &issuer, "https://api.corp.test");
    assert_eq!(status, Some(4));
    assert!(
        stderr.contains("offers no login with a code\nHint: "),
        "{stderr}"
    );
}

#[test]
fn a_terminal_without_a_display_gets_a_code_with_a_picture_of_it() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    issuer.script_device(&["authorization_pending"]);
    let command = pty_process::blocking::Command::new("sh")
        .args(["-c", "\"$@\"; echo \"status $?\"; read wait", "sh"])
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(["login", api.url(), "--client-id", CLIENT])
        .args(["--issuer-url", &issuer.url()])
        .env_clear()
        .envs(env.variables())
        .env("TERM", "xterm")
        .current_dir(env.work());
    let terminal = Terminal::start(command, 60, 100);
    terminal.wait_for("left (Ctrl-C cancels)");
    let screen = terminal.wait_for("status 0");
    for wanted in ["VBBN-OSRT", "\u{2588}", "Logged in to "] {
        assert!(screen.contains(wanted), "{wanted}: {screen}");
    }
    assert!(!terminal.written().contains("canary"));
}
