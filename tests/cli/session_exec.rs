//! `session exec` as a guard around a command: what it prints, what it leaves running, which signals it gets, what it finds in
//! its environment, and what becomes of the folder that it can write to.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;
use serde_json::json;

use crate::session_helper::{
    SECRET, child, first_line, kubeconfig, left, platform, runtime_dir, send, session, started,
};
use crate::support::{TestEnv, streams};

/// Runs a script with the kubeconfig.
fn exec(env: &TestEnv, flags: &[&str], script: &str) -> Output {
    env.file("k.yaml", kubeconfig(SECRET));
    let words = [
        &["exec", "--from-file", "k.yaml"],
        flags,
        &["--", "sh", "-c", script],
    ]
    .concat();
    let server = platform(json!([]));
    session(env, &server, &words).output().unwrap()
}

fn is_alive(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap().starts_with('Z'))
}

fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !happened() {
        assert!(begin.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
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
    let words = [
        "exec",
        "--credential",
        "github",
        "--",
        "sh",
        "-c",
        "printf 'Magic'; read answer; echo; echo got $answer",
    ];
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
fn signals_reach_the_command_and_the_files_go() {
    for (name, signal) in [
        ("USR1", Signal::USR1),
        ("USR2", Signal::USR2),
        ("ALRM", Signal::ALARM),
        ("WINCH", Signal::WINCH),
        ("CONT", Signal::CONT),
        ("VTALRM", Signal::VTALARM),
    ] {
        let env = TestEnv::new();
        let server = platform(json!([]));
        // Ends once it has the signal: a shell notices it between two of its commands.
        let script = format!(
            "trap 'echo got {name}; exit 0' {name}; echo ready; while :; do sleep 0.05; done"
        );
        let words = ["exec", "--credential", "github", "--", "sh", "-c", &script];
        let mut run = started(&env, &server, &words);
        assert_eq!(first_line(&mut run), "ready");
        send(&run, signal);
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert_eq!(streams(&output).0, format!("got {name}\n"));
        assert!(left(&env).is_empty(), "{name}");
    }
}

#[test]
fn a_signal_that_ends_the_command_leaves_nothing() {
    for signal in [
        Signal::USR1,
        Signal::ALARM,
        Signal::PROF,
        Signal::IO,
        Signal::ABORT,
    ] {
        let env = TestEnv::new();
        let server = platform(json!([]));
        let words = [
            "exec",
            "--credential",
            "kubeconfig",
            "--",
            "sh",
            "-c",
            "echo ready; exec cat",
        ];
        let mut run = started(&env, &server, &words);
        assert_eq!(first_line(&mut run), "ready");
        // The command would end by itself if it lost its input.
        let input = run.stdin.take();
        send(&run, signal);
        let status = run.wait().unwrap();
        drop(input);
        assert_eq!(status.code(), Some(128 + signal.as_raw()));
        assert!(left(&env).is_empty(), "{signal:?}");
    }
}

#[test]
fn a_real_time_signal_ends_the_command_in_order() {
    let env = TestEnv::new();
    let script = "trap 'echo asked; exit 3' TERM; kill -40 $PPID; while :; do sleep 0.05; done";
    let output = exec(&env, &[], script);
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        (output.status.code(), stdout.as_str()),
        (Some(3), "asked\n"),
        "{stderr}"
    );
    assert!(left(&env).is_empty());
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
            .output()
            .unwrap();
        streams(&output).0
    };
    let names = [
        "AMBIENT_TOKEN=",
        "BOT_TOKEN=",
        "GH_TOKEN=",
        "HELM_KUBETOKEN=",
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
fn nothing_in_the_folder_blocks_or_survives() {
    for script in [
        "mkfifo running compat-path record",
        "ln -s /dev/zero running; ln -s / link",
        "mkdir -p a/b/c; touch a/b/c/f; chmod 0 a/b/c; chmod 500 a/b a .",
        "chmod 0 .",
        "rm kubeconfig; mkdir kubeconfig; touch kubeconfig/x; chmod 500 kubeconfig",
        "cd ..; mv \"$AMBIENT_SESSION_DIR\" elsewhere; ln -s / \"$AMBIENT_SESSION_DIR\"; rmdir elsewhere 2>/dev/null; :",
    ] {
        let env = TestEnv::new();
        let script = format!("cd \"$AMBIENT_SESSION_DIR\"; {script}");
        let output = exec(&env, &[], &script);
        let (_, stderr) = streams(&output);
        assert!(output.status.success(), "{script}: {stderr}");
        let secrets = Command::new("grep")
            .args(["-rl", SECRET])
            .arg(runtime_dir(&env))
            .output()
            .unwrap();
        assert_eq!(streams(&secrets).0, "", "{script}");
        let mut rest = left(&env);
        rest.retain(|path| !path.ends_with("elsewhere"));
        assert!(rest.is_empty(), "{script}: {rest:?}");
    }
}

#[test]
fn what_a_command_writes_down_kills_nobody() {
    let env = TestEnv::new();
    let mut other = Command::new("sleep").arg("1000").spawn().unwrap();
    let id = other.id();
    let start = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let start = start
        .rsplit(") ")
        .next()
        .unwrap()
        .split(' ')
        .nth(19)
        .unwrap()
        .to_owned();
    let output = exec(
        &env,
        &[],
        &format!(
            "for f in running record pid; do printf '{id} {start}' >\"$AMBIENT_SESSION_DIR/$f\"; done"
        ),
    );
    assert!(output.status.success());
    assert!(other.try_wait().unwrap().is_none());
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn what_a_command_leaves_running_ends() {
    let env = TestEnv::new();
    // A daemon in a session of its own, one that forgets its environment, and one that ignores TERM.
    let script = "setsid sleep 1000 >/dev/null 2>&1 & echo $!
setsid env -i sleep 1000 >/dev/null 2>&1 & echo $!
(trap '' TERM; exec sleep 1000) >/dev/null 2>&1 & echo $!";
    let output = exec(&env, &[], script);
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stdout.lines().count(), 3);
    for pid in stdout.lines() {
        assert!(!is_alive(pid), "{pid}");
    }
}

#[test]
fn what_a_killed_run_left_running_is_ended_by_the_next() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let script = "setsid sleep 1000 >/dev/null 2>&1 & echo $!; exec cat";
    let words = [
        "exec",
        "--credential",
        "kubeconfig",
        "--",
        "sh",
        "-c",
        script,
    ];
    let mut run = started(&env, &server, &words);
    let daemon = first_line(&mut run);
    send(&run, Signal::KILL);
    run.wait().unwrap();
    assert!(is_alive(&daemon));
    let next = ["exec", "--credential", "github", "--", "true"];
    session(&env, &server, &next).assert().success();
    until("the daemon's end", || !is_alive(&daemon));
    assert!(left(&env).is_empty());
}

#[test]
fn orphans_that_end_leave_no_zombies() {
    let env = TestEnv::new();
    // Each orphan ends while the command goes on.
    let script = "for i in 1 2 3; do (sleep 0.01 & ) ; done
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  sleep 0.1
  left=0
  for s in /proc/[0-9]*/stat; do
    read -r line < $s 2>/dev/null || continue
    case \"$line\" in *\") Z $PPID \"*) left=1 ;; *\") S $PPID \"*) case \"$line\" in *sleep*) left=1 ;; esac ;; esac
  done
  [ $left = 0 ] && exit 0
done
exit 1";
    let output = exec(&env, &[], script);
    assert_eq!(output.status.code(), Some(0), "{}", streams(&output).1);
}

#[test]
fn the_folder_for_temporary_files_may_be_odd() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    fs::create_dir(env.work().join("rel")).unwrap();
    let words = [
        "exec",
        "--credential",
        "kubeconfig",
        "--",
        "sh",
        "-c",
        "cd /; test -f \"$KUBECONFIG\" && dirname \"$AMBIENT_SESSION_DIR\"",
    ];
    let run = |temporary: &str| {
        let output = session(&env, &server, &words)
            .env_remove("XDG_RUNTIME_DIR")
            .env("TMPDIR", temporary)
            .output()
            .unwrap();
        (output.status.code(), streams(&output).0, streams(&output).1)
    };
    let (code, stdout, stderr) = run("rel");
    assert_eq!(code, Some(0), "{stderr}");
    assert!(Path::new(stdout.trim()).is_absolute() && stdout.ends_with("/rel\n"));
    let (code, stdout, stderr) = run("");
    assert_eq!((code, stdout.as_str()), (Some(0), "/tmp\n"), "{stderr}");
    let open = env.home().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let (code, _, stderr) = run(open.to_str().unwrap());
    assert_eq!(code, Some(1));
    assert!(stderr.contains("others can change"), "{stderr}");
    assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
}

#[test]
fn a_runtime_folder_that_was_opened_to_others_is_closed_again() {
    let env = TestEnv::new();
    let base = runtime_dir(&env).join("ambient");
    fs::create_dir(&base).unwrap();
    fs::set_permissions(&base, fs::Permissions::from_mode(0o777)).unwrap();
    let output = exec(&env, &[], "dirname \"$AMBIENT_SESSION_DIR\"");
    assert_eq!(streams(&output).0, format!("{}\n", base.display()));
    let mode = fs::metadata(&base).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn an_umask_that_takes_own_rights_takes_nothing_from_the_folder() {
    let env = TestEnv::new();
    env.file("k.yaml", kubeconfig(SECRET));
    runtime_dir(&env);
    let output = Command::new("sh")
        .args(["-c", "umask 0177; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(["session", "exec", "--from-file", "k.yaml", "--"])
        .args(["sh", "-c", "stat -c %a \"$AMBIENT_SESSION_DIR\""])
        .env_clear()
        .envs(env.variables())
        .env("XDG_RUNTIME_DIR", runtime_dir(&env))
        .current_dir(env.work())
        .output()
        .unwrap();
    assert_eq!(streams(&output).0, "700\n", "{}", streams(&output).1);
    assert!(left(&env).is_empty());
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
