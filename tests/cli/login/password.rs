//! `login --password-grant`: a name and a password, which is on no command line.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::login::{interrupted, on_terminal, text};
use crate::support::oidc::{CLIENT, CLIENT_SECRET, Issuer, Mood, PASSWORD};
use crate::support::server::{Scripted, error, nothing};
use crate::support::{TOKEN, TestEnv, streams};

#[test]
fn the_password_comes_from_a_pipe_or_a_file_and_is_not_kept() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    let file = env.file("password", format!("{PASSWORD}\n"));
    let at = format!("@{}", file.display());
    for (password, stdin, status) in [("-", PASSWORD, 0), (&at, "", 0), ("-", "wrong-one", 4)] {
        let output = env
            .acpctl()
            .args(["login", api.url(), "--password-grant", "--username", "ada"])
            .args(["--password", password, "--issuer-url", &issuer.url()])
            .args(["--client-id", CLIENT, "--trace"])
            .write_stdin(stdin)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(status), "{stderr}");
        assert!(!format!("{stdout}{stderr}").contains("canary"));
    }
    let saved = env.saved();
    assert!(text(&saved, "refresh_token").starts_with("canary-refresh-"));
    assert!(!saved.to_string().contains(PASSWORD));
}

#[test]
fn without_a_name_or_a_password_nothing_is_sent() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    for flags in [&[][..], &["--username", "ada"], &["--password", "-"]] {
        let output = env
            .acpctl()
            .args(["login", "--password-grant", "--issuer-url", &issuer.url()])
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let words = "Error: --username and --password are required with --password-grant\n";
        assert!(streams(&output).1.starts_with(words));
    }
    assert!(issuer.received().is_empty());
}

#[test]
fn no_secret_goes_to_an_issuer_that_nobody_has_named() {
    for flags in [
        &["--password-grant", "--username", "ada", "--password", "-"][..],
        &[
            "--client-credentials",
            "--client-id",
            "robot",
            "--client-secret",
            "-",
        ],
    ] {
        let env = TestEnv::new();
        let output = env
            .acpctl()
            .env("HTTPS_PROXY", "http://127.0.0.1:1")
            .args(["login", "https://api.corp.test"])
            .args(flags)
            .write_stdin(PASSWORD)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains("no secret goes to one that nobody has named"),
            "{stderr}"
        );
        let line = format!("acpctl login https://api.corp.test {}", flags[0]);
        assert!(
            stderr.contains(&line) && stderr.contains("--issuer-url URL"),
            "{stderr}"
        );
        assert!(!env.config_path().exists());
    }
}

#[test]
fn a_login_that_would_be_thrown_away_is_not_begun() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    for way in [
        &["--device"][..],
        &["--use-auth-code"],
        &["--password-grant", "--username", "ada", "--password", "-"],
    ] {
        let output = env
            .acpctl()
            .args([
                "login",
                api.url(),
                "--store",
                "none",
                "--issuer-url",
                &issuer.url(),
            ])
            .args(way)
            .write_stdin(PASSWORD)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("--store none needs --token"), "{stderr}");
    }
    assert!(issuer.received().is_empty());
}

#[test]
fn a_place_that_is_remembered_throws_no_login_away_either() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    let run = |words: &[&str]| {
        let mut command = env.acpctl();
        let output = command.args(words).write_stdin(TOKEN).output().unwrap();
        (output.status.code(), streams(&output).1)
    };
    let (code, _) = run(&["login", api.url(), "--token", "-", "--store", "none"]);
    assert_eq!(code, Some(0));
    let url = issuer.url();
    let (code, stderr) = run(&["login", "--device", "--issuer-url", &url]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("the last login was made with --store none, which needs --token"),
        "{stderr}"
    );
    assert!(
        stderr.contains(&format!(
            "acpctl login --device --issuer-url {url} --store file"
        )),
        "{stderr}"
    );
    assert!(issuer.received().is_empty());
    let (code, stderr) = run(&["login", "--token", "-"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("The token was not saved"), "{stderr}");
}

#[test]
fn a_login_that_is_interrupted_before_it_is_saved_is_ended_at_its_issuer() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let api = Scripted::with(|_| {
        thread::sleep(Duration::from_secs(1));
        error(403, "ambient-403", "no")
    });
    let file = env.file("password", format!("{PASSWORD}\n"));
    let at = format!("@{}", file.display());
    let child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .args(["login", api.url(), "--password-grant", "--username", "ada"])
        .args(["--password", &at, "--issuer-url", &issuer.url()])
        .args(["--client-id", CLIENT])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while api.received().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert_eq!(stdout, "");
    assert!(
        stderr.contains("Interrupted: the login is ended at its issuer"),
        "{stderr}"
    );
    assert_eq!(issuer.revoked().len(), 1);
    assert!(!env.config_path().exists());
}

fn log_in(env: &TestEnv, issuer: &Issuer, api: &str) -> (Option<i32>, String) {
    let output = env
        .acpctl()
        .args([
            "login",
            api,
            "--password-grant",
            "--username",
            "ada",
            "--password",
            "-",
        ])
        .args(["--issuer-url", &issuer.url(), "--client-id", CLIENT])
        .write_stdin(PASSWORD)
        .output()
        .unwrap();
    (output.status.code(), streams(&output).1)
}

#[test]
fn a_login_that_is_not_kept_is_ended_at_its_issuer() {
    let (issuer, api) = (Issuer::new(Mood::Good), nothing());
    let refusing = Scripted::with(|_| error(401, "ambient-401", "no"));
    for (before, now, revoked) in [("s1", "s2", 1), ("s1", "s1", 0)] {
        let (env, issued) = (TestEnv::new(), issuer.revoked().len());
        issuer.set_session(before);
        assert_eq!(log_in(&env, &issuer, api.url()).0, Some(0));
        let saved = env.saved();
        issuer.set_session(now);
        let (status, stderr) = log_in(&env, &issuer, refusing.url());
        assert_eq!(status, Some(4), "{stderr}");
        assert_eq!(env.saved(), saved);
        // What is of one session with the login that stays is not ended.
        assert_eq!(issuer.revoked().len() - issued, revoked, "{now}");
        assert!(
            !issuer
                .revoked()
                .contains(&text(&saved, "refresh_token").to_owned())
        );
    }
}

#[test]
fn a_token_that_no_server_accepts_is_the_issuers_fault() {
    for access in [
        "short",
        "0123456789 0123456789",
        "01234567890123456789\u{202e}",
    ] {
        let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
        issuer.set_access(access);
        let (status, stderr) = log_in(&env, &issuer, api.url());
        assert_eq!(status, Some(10), "{stderr}");
        assert!(stderr.contains("the issuer's answer: "), "{stderr}");
        assert!(!env.config_path().exists());
    }
}

#[test]
fn slashes_at_the_end_of_an_issuer_do_not_count() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    assert_eq!(log_in(&env, &issuer, api.url()).0, Some(0));
    env.acpctl()
        .args([
            "login",
            api.url(),
            "--password-grant",
            "--username",
            "ada",
            "--password",
            "-",
        ])
        .args(["--issuer-url", &format!("{}/", issuer.url())])
        .write_stdin(PASSWORD)
        .assert()
        .success();
    assert_eq!(text(&env.saved(), "client_id"), CLIENT);
}

#[test]
fn the_issuer_of_the_environment_does_not_count_for_a_named_context() {
    let (env, api) = (TestEnv::new(), nothing());
    let (own, other) = (Issuer::new(Mood::Good), Issuer::new(Mood::Good));
    let other_url = other.url();
    let variables = [
        ("AMBIENT_API_URL", "https://other.test"),
        ("AMBIENT_ISSUER_URL", other_url.as_str()),
        ("AMBIENT_CLIENT_ID", "robot"),
        ("AMBIENT_CLIENT_SECRET", CLIENT_SECRET),
    ];
    let log_in = |context: &str, more: &[&str], variables: &[(&str, &str)]| {
        let output = env
            .acpctl()
            .envs(variables.iter().copied())
            .args(["--context-name", context, "login"])
            .args(["--password-grant", "--username", "ada", "--password", "-"])
            .args(more)
            .write_stdin(PASSWORD)
            .output()
            .unwrap();
        (output.status.code(), streams(&output).1)
    };
    let first = [api.url(), "--issuer-url", &own.url(), "--client-id", CLIENT];
    assert_eq!(log_in("acme", &first, &[]).0, Some(0));
    let (status, stderr) = log_in("acme", &[], &variables);
    assert_eq!(status, Some(0), "{stderr}");
    let sent = own.token_requests().remove(1);
    assert_eq!(sent["client_id"], CLIENT);
    assert_eq!(sent.get("client_secret"), None);
    let note = "not used, because --context-name names server and login: \
                AMBIENT_API_URL, AMBIENT_ISSUER_URL, AMBIENT_CLIENT_ID (";
    assert!(stderr.contains(note), "{stderr}");
    assert!(!stderr.contains("overrides"), "{stderr}");
    // A context that the login creates has no issuer yet.
    let (status, stderr) = log_in("new", &[api.url()], &variables);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(
        stderr.contains("no secret goes to one that nobody has named"),
        "{stderr}"
    );
    assert!(
        stderr.contains(&format!("--issuer-url {other_url} --client-id robot\n")),
        "{stderr}"
    );
    // Nor does a login that sends no secret ask the default issuer, which nobody means here.
    for way in ["--device", "--use-auth-code"] {
        let output = env
            .acpctl()
            .envs(variables)
            .args(["--context-name", "new", "login", api.url(), way])
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        let again = format!(
            "Hint: name the issuer of your platform: acpctl --context-name=new login {} {way} \
             --issuer-url {other_url} --client-id robot\n",
            api.url()
        );
        assert_eq!(
            stderr,
            format!(
                "Error: nothing names the issuer of this context: AMBIENT_ISSUER_URL does not count with \
                 --context-name\n{again}"
            )
        );
    }
    assert!(other.received().is_empty());
    // A flag is meant.
    let (status, stderr) = log_in("new", &[api.url(), "--issuer-url", &other_url], &variables);
    assert_eq!(status, Some(0), "{stderr}");
    assert_eq!(other.token_requests().len(), 1);
}

#[test]
fn an_interrupted_login_leaves_another_context_of_its_session_alone() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    issuer.set_session("s1");
    let quick = nothing();
    assert_eq!(log_in(&env, &issuer, quick.url()).0, Some(0));
    let saved = env.saved();
    issuer.change(Mood::Slow);
    let file = env.file("password", PASSWORD);
    let (at, url) = (format!("@{}", file.display()), issuer.url());
    let words = [
        "--context-name",
        "c",
        "login",
        quick.url(),
        "--password-grant",
        "--username",
        "ada",
        "--password",
        &at,
        "--issuer-url",
        &url,
        "--client-id",
        CLIENT,
    ];
    for (session, revoked) in [("s1", 0), ("s2", 1)] {
        issuer.set_session(session);
        let output = interrupted(&env, &words, &issuer, "/token");
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        assert_eq!(issuer.revoked().len(), revoked, "{session}");
        assert_eq!(env.saved(), saved);
    }
}

#[test]
fn a_terminal_names_the_issuer_that_is_waited_for() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    assert_eq!(log_in(&env, &issuer, api.url()).0, Some(0));
    issuer.change(Mood::Slow);
    let file = env.file("password", PASSWORD);
    let at = format!("@{}", file.display());
    let words = [
        "login",
        "--password-grant",
        "--username",
        "ada",
        "--password",
        &at,
    ];
    let terminal = on_terminal(&env, &words, &issuer, (24, 120));
    terminal.wait_for("status 0");
    let written = terminal.written();
    for wait in ["Asking", "Ending the login at"] {
        let line = format!("{wait} {}", issuer.url());
        assert!(written.contains(&line), "{line}: {written}");
    }
}
