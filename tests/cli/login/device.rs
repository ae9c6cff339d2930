//! `login --device`: a code that is typed in a browser on any device.

use serde_json::json;

use crate::login::{ANSWERS, on_terminal, text};
use crate::support::oidc::{CLIENT, Issuer, Mood};
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
            "the code has expired before the login was finished\nHint: for another code: acpctl login https://api.corp.test --device ",
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
fn every_bad_answer_ends_a_login_with_a_code() {
    for (mood, words, code) in ANSWERS {
        // A connection that breaks ends no login: the next test has it.
        if *mood == Mood::Closing {
            continue;
        }
        let (env, issuer) = (TestEnv::new(), Issuer::new(*mood));
        let (status, stdout, stderr) = device(&env, &issuer, "https://api.corp.test");
        assert_eq!((status, stdout.as_str()), (Some(*code), ""), "{mood:?}");
        let last = stderr.lines().last().unwrap();
        assert_eq!(last, format!("Error: device login: {words}"));
        assert!(!env.config_path().exists());
        assert_eq!(issuer.token_requests().len(), 1, "{mood:?}");
    }
}

/// With five seconds left there is time for one more question at the old pace, and none at a slower one.
#[test]
fn an_issuer_that_wants_fewer_questions_or_fails_for_a_moment_is_asked_less_often() {
    for (mood, answers, end) in [
        (Mood::Good, &["slow_down"][..], "finished\nHint: "),
        (Mood::Closing, &[], ": EOF\nHint: "),
    ] {
        let (env, issuer) = (TestEnv::new(), Issuer::new(mood));
        issuer.change_device(&json!({"expires_in": 5}));
        issuer.script_device(answers);
        let (status, _, stderr) = device(&env, &issuer, "https://api.corp.test");
        assert_eq!(status, Some(4), "{stderr}");
        assert!(
            stderr.contains("the code has expired before the login was finished")
                && stderr.contains(end),
            "{stderr}"
        );
        let asked = issuer.token_requests().len();
        assert!(asked == 1 || mood == Mood::Closing && asked == 2, "{asked}");
        assert!(!env.config_path().exists());
    }
}

#[test]
fn an_answer_that_is_not_for_people_is_refused() {
    for (changes, words) in [
        (
            json!({"verification_uri": "javascript:alert(1)"}),
            "no usable verification_uri",
        ),
        (
            json!({"verification_uri": "https://sso.corp.test@evil.test/"}),
            "no usable verification_uri",
        ),
        (json!({"user_code": ""}), "no usable user_code"),
        (
            json!({"user_code": "A".repeat(3000)}),
            "no usable user_code",
        ),
        (json!({"device_code": null}), "no usable device_code"),
        (json!({"expires_in": "soon"}), "no usable expires_in"),
    ] {
        let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
        issuer.change_device(&changes);
        let (status, _, stderr) = device(&env, &issuer, "https://api.corp.test");
        assert_eq!(status, Some(10), "{changes} {stderr}");
        assert!(stderr.contains(words), "{stderr}");
        assert!(issuer.token_requests().is_empty());
    }
}

#[test]
fn a_code_with_control_characters_is_shown_without_them() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    issuer.change_device(&json!({"user_code": "AB\u{1b}[2JCD\r\n    EVIL"}));
    let (status, _, stderr) = device(&env, &issuer, api.url());
    assert_eq!(status, Some(0), "{stderr}");
    assert!(!stderr.contains(['\u{1b}', '\r']), "{stderr}");
    assert!(!stderr.contains("\n    EVIL"), "{stderr}");
}

#[test]
fn a_terminal_without_a_display_gets_a_code_with_a_picture_of_it() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    issuer.script_device(&["authorization_pending"]);
    let terminal = on_terminal(&env, &["login", api.url()], &issuer, (60, 100));
    terminal.wait_for("left (Ctrl-C cancels)");
    let screen = terminal.wait_for("status 0");
    for wanted in ["VBBN-OSRT", "\u{2588}", "Logged in to "] {
        assert!(screen.contains(wanted), "{wanted}: {screen}");
    }
    assert!(!terminal.written().contains("canary"));
}

#[test]
fn a_small_terminal_gets_the_code_without_the_picture() {
    for (rows, columns) in [(24, 80), (60, 38)] {
        let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
        let terminal = on_terminal(&env, &["login", api.url()], &issuer, (rows, columns));
        let screen = terminal.wait_for("status 0");
        assert!(screen.contains("VBBN-OSRT"), "{screen}");
        let written = terminal.written();
        assert!(
            !written.contains(['\u{2588}', '\u{2580}', '\u{2584}']),
            "{written}"
        );
    }
}

#[test]
fn ctrl_c_ends_the_wait_for_a_code() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    issuer.script_device(&["authorization_pending"; 100]);
    let terminal = on_terminal(&env, &["login", api.url()], &issuer, (24, 80));
    terminal.wait_for("left (Ctrl-C cancels)");
    terminal.type_text("\x03");
    terminal.wait_for("status 130");
    assert!(terminal.is_sane());
    assert!(!env.config_path().exists());
}

#[test]
fn an_issuer_that_is_busy_for_a_moment_costs_no_code() {
    for busy in ["503", "429"] {
        let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
        issuer.script_device(&[busy]);
        let (status, _, stderr) = device(&env, &issuer, api.url());
        assert_eq!(status, Some(0), "{stderr}");
        assert_eq!(issuer.token_requests().len(), 2);
    }
}

#[test]
fn an_issuer_that_stays_busy_or_broken_is_named_in_the_end() {
    let ended = "the code has expired before the login was finished; at last: token endpoint returned HTTP 503\n";
    for (answer, code, words) in [
        ("503", 4, ended),
        ("500", 10, "token endpoint returned HTTP 500\n"),
    ] {
        let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
        issuer.change_device(&json!({"expires_in": 2, "interval": 1}));
        issuer.script_device(&[answer; 10]);
        let (status, _, stderr) = device(&env, &issuer, api.url());
        assert_eq!(status, Some(code), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
fn a_short_time_is_enough_for_one_question() {
    for changes in [
        json!({"expires_in": 2, "interval": 5}),
        json!({"expires_in": 0}),
        json!({"expires_in": "60"}),
        json!({"expires_in": 60.0}),
    ] {
        let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
        issuer.change_device(&changes);
        let (status, _, stderr) = device(&env, &issuer, api.url());
        assert_eq!(status, Some(0), "{changes} {stderr}");
    }
}

#[test]
fn the_hint_for_another_code_keeps_server_and_issuer() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    issuer.script_device(&["access_denied"]);
    let (_, _, stderr) = device(&env, &issuer, "https://api.corp.test");
    let line = format!(
        "acpctl login https://api.corp.test --device --issuer-url {} --client-id {CLIENT}\n",
        issuer.url()
    );
    assert!(stderr.ends_with(&line), "{stderr}");
}
