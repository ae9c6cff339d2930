//! What the command prints, and how it starts.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::session::exec::exec;
use crate::session::{SECRET, child, kubeconfig, left, platform, runtime_dir, session, started};
use crate::support::{TestEnv, streams};

/// Runs a script with the credential `github`.
fn shell(script: &str) -> [&str; 7] {
    ["exec", "--credential", "github", "--", "sh", "-c", script]
}

#[test]
fn without_a_credential_nothing_starts_and_nobody_elses_kubeconfig_is_found() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let own = env.home().join(".kube");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("config"), kubeconfig("of-the-user")).unwrap();
    let marker = env.work().join("started");
    let script = format!("touch {}; cat \"$KUBECONFIG\"", marker.display());
    let run = |flags: &[&str]| {
        let words = [
            &["exec", "--project", "team-a"],
            flags,
            &["--", "sh", "-c", &script],
        ]
        .concat();
        session(&env, &server, &words).output().unwrap()
    };
    let refused = run(&[]);
    let (_, stderr) = streams(&refused);
    assert_eq!(refused.status.code(), Some(3));
    assert!(
        stderr.contains(
            "Error: nothing was started: no credential is bound, as far as you can see\n"
        ),
        "{stderr}"
    );
    assert!(!marker.exists());
    let allowed = run(&["--allow-empty"]);
    let (stdout, stderr) = streams(&allowed);
    assert!(allowed.status.success(), "{stderr}");
    assert_eq!(
        stdout,
        "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n"
    );
    assert!(left(&env).is_empty());
}

#[test]
fn secrets_are_masked_in_each_form_and_stream() {
    let env = TestEnv::new();
    let in_base64 = STANDARD.encode(SECRET);
    let script = format!(
        "echo out {SECRET}; echo err {SECRET} >&2; echo {in_base64}; printf canary-; sleep 0.2; printf 'secret-0123456789\\n'"
    );
    let masked = exec(&env, &[], &script);
    let (stdout, stderr) = streams(&masked);
    assert!(stdout.starts_with("out ********\n"), "{stdout}");
    assert!(stdout.ends_with("\n********\n"), "{stdout}");
    assert!(stderr.contains("err ********\n"), "{stderr}");
    assert!(!stdout.contains(&in_base64[..12]), "{stdout}");
    let plain = exec(&env, &["--no-masking"], &script);
    let (stdout, stderr) = streams(&plain);
    assert!(stdout.contains(SECRET) && stdout.contains(&in_base64) && stderr.contains(SECRET));
}

#[test]
fn both_streams_into_one_place_keep_their_order() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let (mut reader, writer) = std::io::pipe().unwrap();
    let script = "for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done";
    let words = ["exec", "--credential", "github", "--", "sh", "-c", script];
    let mut command = child(&env, &server, &words);
    let mut run = command
        .stderr(writer.try_clone().unwrap())
        .stdout(writer)
        .spawn()
        .unwrap();
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(run.wait().unwrap().success());
    let expected: String = (1..10).map(|i| format!("o{i}\ne{i}\n")).collect();
    assert_eq!(text, expected);
}

#[test]
fn a_question_without_a_line_end_comes_through() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    // The question ends as the secret begins.
    let words = shell("printf 'Magic'; read answer; echo; echo got $answer");
    let mut run = started(&env, &server, &words);
    let mut question = [0; 5];
    run.stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut question)
        .unwrap();
    assert_eq!(&question, b"Magic");
    run.stdin.take().unwrap().write_all(b"yes\n").unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(streams(&output).0, "\ngot yes\n");
}

#[test]
fn a_command_that_cannot_be_started_is_told_as_shells_do() {
    let env = TestEnv::new();
    let script = |name: &str, text: &str, mode: u32| {
        let path = env.file(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    script("windows", "#!/bin/sh\r\necho\r\n", 0o755);
    script("lost", "#!/no/such/shell -e\n", 0o755);
    script("plain", "#!/bin/sh\n", 0o644);
    let server = platform(json!([]));
    for (command, status, words) in [
        ("no-such-program", 127, "there is no such command"),
        ("./no-such-program", 127, "there is no such command"),
        ("./windows", 126, "(#!/bin/sh) has a Windows line end"),
        (
            "./lost",
            126,
            "its interpreter \"/no/such/shell\" does not exist",
        ),
        ("./plain", 126, "permission denied"),
        ("/", 126, "it is a folder"),
    ] {
        let output = session(
            &env,
            &server,
            &["exec", "--credential", "github", "--", command],
        )
        .output()
        .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(status), "{command}: {stderr}");
        assert!(stderr.contains(words), "{command}: {stderr}");
        assert!(left(&env).is_empty());
    }
}

#[test]
fn the_users_logins_stay_with_the_user() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let run = |flags: &[&str]| {
        let words = [&["exec", "--credential", "github"], flags, &["--", "env"]].concat();
        let output = session(&env, &server, &words)
            .env("BOT_TOKEN", "of-the-bot")
            .env("GH_TOKEN", "of-the-user")
            .env("HELM_KUBETOKEN", "of-helm")
            .env("AMBIENT_CLIENT_SECRET", "of-the-job")
            .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-job")
            .output()
            .unwrap();
        streams(&output).0
    };
    let names = [
        "AMBIENT_TOKEN=",
        "BOT_TOKEN=",
        "GH_TOKEN=",
        "HELM_KUBETOKEN=",
        "AMBIENT_CLIENT_SECRET=",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN=",
    ];
    let (without, with) = (run(&[]), run(&["--pass-login"]));
    for name in names {
        let has = |text: &str| text.lines().any(|line| line.starts_with(name));
        assert!(!has(&without), "{name}");
        assert!(has(&with), "{name}");
    }
    assert!(without.contains("GITHUB_TOKEN=********"), "{without}");
}

#[test]
fn neither_a_home_nor_a_configuration_is_needed() {
    let env = TestEnv::new();
    env.file("k.yaml", kubeconfig(SECRET));
    for (home, config) in [
        (None, None),
        (Some("/nonexistent"), None),
        (None, Some("/dev/null")),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_acpctl"));
        command
            .args(["session", "exec", "--from-file", "k.yaml", "--"])
            .args(["sh", "-c", "test -f \"$KUBECONFIG\""])
            .env_clear()
            .envs(env.variables())
            .env_remove("HOME")
            .env_remove("AMBIENT_CONFIG")
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .current_dir(env.work())
            .stdin(Stdio::null());
        if let Some(home) = home {
            command.env("HOME", home);
        }
        if let Some(config) = config {
            command.env("AMBIENT_CONFIG", config);
        }
        let output = command.output().unwrap();
        let (_, stderr) = streams(&output);
        assert!(output.status.success(), "{home:?} {config:?}: {stderr}");
    }
}

/// On a full disk, the command's own writes succeed, since they go to a pipe.
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let run = |script: &str| {
        let mut command = child(&env, &server, &shell(script));
        command.stdout(full()).stderr(Stdio::piped());
        command.spawn().unwrap().wait_with_output().unwrap()
    };
    for (script, code) in [
        ("echo said", 1),
        ("echo said; exit 7", 7),
        ("while echo said; do :; done", 141),
    ] {
        let output = run(script);
        assert_eq!(output.status.code(), Some(code), "{script}");
        assert_eq!(
            streams(&output).1,
            "Error: the command's output is lost: write standard output: no space left on device\n"
        );
    }
    let words = shell("echo said >&2");
    let mut command = child(&env, &server, &words);
    let status = command.stdout(Stdio::null()).stderr(full()).status();
    assert_eq!(status.unwrap().code(), Some(1));
    assert!(left(&env).is_empty());
}
