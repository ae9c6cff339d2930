//! `login` with a token: where it may come from, and what becomes of the configuration file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::login::mode;
use crate::support::oidc::{FAR, Issuer, Mood, PAST, jwt, token_until};
use crate::support::pty::Terminal;
use crate::support::server::nothing;
use crate::support::{TOKEN, TestEnv, streams};

// Logging in with a token

#[test]
fn a_token_may_come_from_everywhere_but_the_command_line() {
    let env = TestEnv::new();
    let path = env.file("token.txt", format!("{TOKEN}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let api = nothing();
    let at_path = format!("@{}", path.display());
    for (args, stdin) in [
        (["--token", TOKEN], ""),
        (["--token", "-"], TOKEN),
        (["--token", "@-"], "sha256~canary-token-0123456789\r\n"),
        (["--token", at_path.as_str()], ""),
        (["--token-fd", "0"], "sha256~canary-token-0123456789\n"),
    ] {
        let _ = fs::remove_file(env.config_path());
        let output = env
            .acpctl()
            .args(["login", api.url(), "--project", "p1"])
            .args(args)
            .write_stdin(stdin)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{args:?}: {stderr}");
        let path = env.config_path().display().to_string();
        assert_eq!(
            stdout,
            format!("Login successful. Configuration saved to {path}\n")
        );
        assert_eq!(stderr, format!("Logged in to {}\n", api.url()));
        assert_eq!(
            env.saved(),
            json!({"api_url": api.url(), "access_token": TOKEN, "project": "p1"})
        );
        assert_eq!(mode(&env), 0o600);
    }
}

#[test]
fn a_hint_that_repeats_a_login_keeps_its_flags() {
    let env = TestEnv::new();
    for (words, hint) in [
        (
            "https://a.test",
            "acpctl --project=p1 login https://a.test --token @PATH",
        ),
        (
            "--device --store none --issuer-url http://127.0.0.1:1/r",
            "acpctl --project=p1 login --device --issuer-url http://127.0.0.1:1/r --store file",
        ),
        (
            "--token @x --context-name local",
            "acpctl --project=p1 login URL",
        ),
        (
            "--token @x --context-name new",
            "acpctl --project=p1 --context-name=new login URL",
        ),
    ] {
        let words = format!("login --project p1 {words}");
        let output = env.acpctl().args(words.split(' ')).output().unwrap();
        let (_, stderr) = streams(&output);
        assert!(stderr.contains(hint), "{words}: {stderr}");
    }
}

#[test]
fn one_mode_is_chosen_and_complete() {
    let env = TestEnv::new();
    let secret = "--client-secret is required with --client-credentials\n\
                  Hint: read the secret from a file with --client-secret @PATH, or from a pipe with --client-secret -";
    let one = "exactly one of --token, --use-auth-code, --device, --client-credentials, or --password-grant is required";
    let none = &format!("{one}\nHint: for example: acpctl login URL --token @PATH");
    let empty = &format!(
        "{one}\nHint: the value of --token is empty: check the variable that it comes from"
    );
    for (args, message) in [
        (&[][..], none.as_str()),
        (&["--token", ""], empty),
        (&["--token", "a", "--token-fd", "0"], one),
        (&["--token", "a", "--use-auth-code"], one),
        (&["--use-auth-code", "--client-credentials"], one),
        (&["--client-credentials"], secret),
        (
            &["--client-credentials", "--client-secret", "", "nowhere"],
            secret,
        ),
        (
            &["--token", "a", "api.test"],
            "invalid URL \"api.test\": must be a valid URL with scheme and host (e.g. https://api.example.com)",
        ),
    ] {
        let output = env.acpctl().arg("login").args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(
            streams(&output),
            (String::new(), format!("Error: {message}\n")),
            "{args:?}"
        );
    }
    assert!(!env.config_path().exists());
}

/// A terminal without a server or a login in its variables.
fn terminal(env: &TestEnv, words: &[&str]) -> Terminal {
    let command = pty_process::blocking::Command::new("sh")
        .args(["-c", "\"$@\"; echo \"status $?\"; read wait", "sh"])
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(words)
        .env_clear()
        .envs(env.variables())
        .env("TERM", "xterm")
        .current_dir(env.work());
    Terminal::start(command, 24, 100)
}

/// The Go tool's default address is nobody's choice.
#[test]
fn a_person_without_a_server_is_asked_for_it() {
    let env = TestEnv::new();
    let asked = terminal(&env, &["login"]);
    asked.wait_for("URL of the API server: ");
    asked.type_text("https://api.corp.test\r");
    asked.wait_for("Token for https://api.corp.test (not shown):");
    let version = terminal(&env, &["version"]);
    let screen = version.wait_for("status 0");
    assert!(
        screen.contains("Server: none is set up yet (acpctl login URL, or --local)"),
        "{screen}"
    );
}

#[test]
fn a_person_is_asked_without_echo() {
    let env = TestEnv::new();
    let terminal = terminal(&env, &["login", "https://api.corp.test"]);
    terminal.wait_for("Token for https://api.corp.test (not shown):");
    terminal.wait_for_no_echo();
    terminal.type_text(&format!("{TOKEN}\r"));
    let screen = terminal.wait_for("status 0");
    assert!(screen.contains("Login successful."), "{screen}");
    // Where no keyring is, a person is told where the login went.
    assert!(
        screen.contains("The login is in the configuration file, mode 0600"),
        "{screen}"
    );
    assert!(!terminal.written().contains(TOKEN));
    assert!(terminal.is_sane());
    assert_eq!(
        env.saved(),
        json!({"access_token": TOKEN, "api_url": "https://api.corp.test"})
    );
}

#[test]
fn skipping_tls_checks_is_stored_and_cleared_on_purpose_only() {
    let env = TestEnv::new();
    let api = nothing();
    let login = |more: &[&str]| {
        let output = env
            .acpctl()
            .args(["login", api.url(), "--token", TOKEN])
            .args(more)
            .output()
            .unwrap();
        streams(&output).1
    };
    let warning =
        "Warning: TLS certificate verification is disabled (--insecure-skip-tls-verify)\n";
    let done = format!("Logged in to {}\n", api.url());
    assert_eq!(
        login(&["--insecure-skip-tls-verify"]),
        format!("{warning}{done}")
    );
    assert_eq!(env.saved()["insecure_tls_verify"], true);
    assert_eq!(login(&[]), done);
    assert_eq!(env.saved()["insecure_tls_verify"], true);
    assert_eq!(login(&["--insecure-skip-tls-verify=false"]), done);
    assert_eq!(env.saved()["insecure_tls_verify"], Value::Null);
    // A flag of one run is not remembered.
    env.acpctl()
        .args(["whoami", "--insecure-skip-tls-verify"])
        .assert()
        .success();
    assert_eq!(env.saved()["insecure_tls_verify"], Value::Null);
}

#[test]
fn the_end_of_a_token_is_said_in_the_local_zone() {
    let env = TestEnv::new();
    let soon = jiff::Timestamp::now().as_second() + 3600;
    for (end, words) in [
        (PAST, "is already expired (at 2020-01-01T00:00:00Z)"),
        (soon, "expires soon (at "),
    ] {
        let output = env
            .acpctl()
            .args(["login", "--token", &token_until(end, "x")])
            .output()
            .unwrap();
        let stderr = streams(&output).1;
        assert!(
            stderr.starts_with(&format!("Warning: token {words}")),
            "{stderr}"
        );
    }
    let output = env
        .acpctl()
        .env("TZ", "Asia/Kolkata")
        .args(["login", "--token", &token_until(PAST, "x")])
        .output()
        .unwrap();
    if std::path::Path::new("/usr/share/zoneinfo/Asia/Kolkata").exists() {
        assert!(
            streams(&output)
                .1
                .contains("(at 2020-01-01T05:30:00+05:30)")
        );
    } else {
        crate::support::skipped("no time zones here");
    }
}

#[test]
fn a_token_that_no_server_accepts_is_not_saved() {
    let env = TestEnv::new();
    for (token, words) in [
        ("bad", "token is too short (minimum 20 characters)"),
        ("two words 0123456789 0123456789", "no token has"),
    ] {
        let output = env
            .acpctl()
            .args(["login", "http://127.0.0.1:9", "--token", token])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!((output.status.code(), stdout.as_str()), (Some(4), ""));
        assert!(stderr.contains(words), "{stderr}");
        assert!(!env.config_path().exists());
    }
}

#[test]
fn a_login_to_the_embedded_api_is_refused_before_anything_is_asked() {
    for (flags, variables, way) in [
        (
            &["--context-name", "local"][..],
            &[][..],
            "acpctl login http",
        ),
        (
            &[],
            &[("AMBIENT_CONTEXT", "local")],
            "unset AMBIENT_CONTEXT",
        ),
    ] {
        for login in [&["--token", "-"][..], &["--device"]] {
            let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
            let output = env
                .acpctl()
                .args(["login", api.url(), "--issuer-url", &issuer.url()])
                .args(login)
                .args(flags)
                .envs(variables.iter().copied())
                .write_stdin(TOKEN)
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            assert_eq!(
                (output.status.code(), stdout.as_str()),
                (Some(2), ""),
                "{stderr}"
            );
            assert!(
                stderr.contains("the context \"local\" is the embedded API"),
                "{stderr}"
            );
            assert!(stderr.contains(way), "{stderr}");
            assert!(issuer.received().is_empty() && api.received().is_empty());
            assert!(!env.config_path().exists());
        }
    }
}

#[test]
fn a_login_without_a_server_is_refused_while_the_embedded_api_is_in_effect() {
    const SAVED: &str = "https://api.corp.test";
    for (config, flags, variables, way) in [
        (json!({"local": true}), &[][..], &[][..], "acpctl login URL"),
        (
            json!({"local": true, "api_url": SAVED, "access_token": TOKEN}),
            &[],
            &[],
            "acpctl login https://api.corp.test",
        ),
        (json!({}), &["--local"], &[], "acpctl login URL"),
        (
            json!({}),
            &[],
            &[("AMBIENT_API_URL", "local:")],
            "unset AMBIENT_API_URL && acpctl login URL",
        ),
    ] {
        for login in [&["--token", "-"][..], &["--device"]] {
            let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
            env.config(&config.to_string());
            let output = env
                .acpctl()
                .args(["login", "--issuer-url", &issuer.url()])
                .args(login)
                .args(flags)
                .envs(variables.iter().copied())
                .write_stdin(TOKEN)
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            assert_eq!(
                (output.status.code(), stdout.as_str()),
                (Some(2), ""),
                "{stderr}"
            );
            assert!(stderr.ends_with(&format!("{way}\n")), "{stderr}");
            assert!(issuer.received().is_empty());
            assert_eq!(env.saved(), config);
        }
    }
}

#[test]
fn a_name_from_a_token_is_one_line() {
    let (env, api) = (TestEnv::new(), nothing());
    let name = format!("evil\r\nAdmin: yes{}", "n".repeat(5000));
    let token = jwt(&json!({"preferred_username": name, "exp": FAR}));
    let output = env
        .acpctl()
        .args(["login", api.url(), "--token", &token])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert!(output.status.success());
    assert!(
        stderr.contains(" as evil") && !stderr.contains("\nAdmin"),
        "{stderr}"
    );
    assert!(stderr.len() < 1000, "{}", stderr.len());
}

#[test]
fn a_descriptor_that_is_not_open_is_named() {
    let output = TestEnv::new()
        .acpctl()
        .args(["login", "https://api.corp.test", "--token-fd", "97"])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.starts_with("Error: --token-fd 97: this file descriptor is not open\n"),
        "{stderr}"
    );
}
