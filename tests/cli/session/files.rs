//! The private files of a session: their rights, their end, their refresh, the fixed path.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};

use acpctl::testing::table;
use rustix::process::Signal;
use serde_json::json;

use crate::session::{
    SECRET, first_line, kubeconfig, left, platform, route, runtime_dir, send, session, set_mode,
    started,
};
use crate::support::run::Line as _;
use crate::support::server::{Scripted, json as answer};
use crate::support::{TOKEN, TestEnv, skipped, streams};

#[test]
fn the_exit_status_passes_through() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let run = |command: &[&str]| {
        let mut words = vec!["exec", "--credential", "github", "--"];
        words.extend(command);
        session(&env, &server, &words).output().unwrap().status
    };
    assert_eq!(run(&["sh", "-c", "exit 7"]).code(), Some(7));
    assert_eq!(run(&["sh", "-c", "kill -KILL $$"]).code(), Some(137));
    assert_eq!(run(&["no-such-program"]).code(), Some(127));
    assert!(left(&env).is_empty());
}

#[test]
fn files_are_private_whatever_the_umask() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let output = Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(["session", "exec", "--credential", "kubeconfig", "--"])
        .line("sh -c")
        .arg("ls -ld \"$AMBIENT_SESSION_DIR\" \"$KUBECONFIG\" | cut -c1-10")
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .env("XDG_RUNTIME_DIR", runtime_dir(&env))
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let mut modes: Vec<&str> = stdout.lines().collect();
    modes.sort_unstable();
    assert_eq!(modes, ["-rw-------", "drwx------"], "{stderr}");
}

const WAIT: [&str; 8] = [
    "exec",
    "--credential",
    "kubeconfig",
    "--",
    "sh",
    "-c",
    // Ends by the signal, or when the test lets go of its standard input.
    "echo $KUBECONFIG; exec cat",
    "sh",
];

#[test]
fn a_killed_run_is_cleared_by_the_next_one_and_a_living_one_is_not() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let mut living = started(&env, &server, &WAIT);
    let living_path = first_line(&mut living);
    let mut killed = started(&env, &server, &WAIT);
    let killed_path = first_line(&mut killed);
    send(&killed, Signal::KILL);
    killed.wait().unwrap();
    assert!(Path::new(&killed_path).exists());
    session(
        &env,
        &server,
        &["exec", "--credential", "github", "--", "true"],
    )
    .assert()
    .success();
    assert!(!Path::new(&killed_path).exists());
    assert!(Path::new(&living_path).exists());
    drop(living.stdin.take());
    assert!(living.wait().unwrap().success());
    assert!(left(&env).is_empty());
}

#[test]
fn many_runs_do_not_meet() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let words = [
        "exec",
        "--credential",
        "kubeconfig",
        "--",
        "sh",
        "-c",
        "echo; grep -c token: $KUBECONFIG",
    ];
    let runs: Vec<Child> = (0..50).map(|_| started(&env, &server, &words)).collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(stdout, "\n1\n", "{stderr}");
    }
    assert!(left(&env).is_empty());
}

#[test]
fn refresh_replaces_the_file() {
    let env = TestEnv::new();
    let asked = AtomicUsize::new(0);
    let server = Scripted::with(move |request| {
        if request.target.ends_with("/token") {
            let token = match asked.fetch_add(1, Ordering::SeqCst) {
                0 => kubeconfig("first"),
                // A broken one in between does not get through.
                1 => "kind: [".to_owned(),
                _ => kubeconfig("second"),
            };
            return answer(
                200,
                &json!({"credential_id": "kubeconfig", "provider": "kubeconfig", "token": token}),
            );
        }
        route(request, &json!([]))
    });
    let script = "grep -q first $KUBECONFIG || exit 1
until grep -q second $KUBECONFIG; do grep -q 'kind: Config' $KUBECONFIG || exit 2; sleep 0.05; done
ls -l $KUBECONFIG | cut -c1-10; ls -A $AMBIENT_SESSION_DIR";
    let output = session(
        &env,
        &server,
        &[
            "exec",
            "--credential",
            "kubeconfig",
            "--refresh",
            "100ms",
            "--",
            "sh",
            "-c",
            script,
        ],
    )
    .output()
    .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{:?} {stderr}", output.status);
    assert_eq!(stdout, "-rw-------\nkubeconfig\n");
    assert!(stderr.contains("not refreshed"), "{stderr}");
    assert!(left(&env).is_empty());
}

/// One test, as there is one such path on a machine.
#[test]
fn the_fixed_path_is_used_safely() {
    let fixed = Path::new(table::KUBECONFIG_PATH);
    if fs::symlink_metadata(fixed).is_ok() {
        skipped("something is at the fixed path already");
        return;
    }
    let env = TestEnv::new();
    let server = platform(json!([]));
    let words = [
        "exec",
        "--credential",
        "kubeconfig",
        "--compat-path",
        "--",
        "sh",
        "-c",
        "echo $KUBECONFIG; ls -l $KUBECONFIG | cut -c1-10; exec cat",
    ];
    let run = || session(&env, &server, &words).output().unwrap();

    let output = run();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        stdout,
        format!("{}\n-rw-------\n", fixed.display()),
        "{stderr}"
    );
    assert!(fs::symlink_metadata(fixed).is_err());

    // Someone else's link and file stay as they are.
    let victim = env.file("victim", "old");
    symlink(&victim, fixed).unwrap();
    let refused = run();
    fs::remove_file(fixed).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    fs::hard_link(&victim, fixed).unwrap_or_else(|_| fs::write(fixed, "old").unwrap());
    let refused = run();
    let foreign = fs::read_to_string(fixed).unwrap();
    fs::remove_file(fixed).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(foreign, "old");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "old");

    // Two at once: the second one is refused, and leaves the first one's file alone.
    let mut first = started(&env, &server, &words);
    first_line(&mut first);
    assert_eq!(run().status.code(), Some(1));
    assert!(fixed.exists());
    // A killed run's file goes with its folder, and with its command.
    send(&first, Signal::KILL);
    first.wait().unwrap();
    assert!(fixed.exists());
    assert!(run().status.success());
    assert!(fs::symlink_metadata(fixed).is_err());
    assert!(left(&env).is_empty());
    // So does the file of a run whose folder was taken away, as a runtime folder is at the logout.
    let mut last = started(&env, &server, &words);
    first_line(&mut last);
    fs::remove_dir_all(runtime_dir(&env)).unwrap();
    drop(last.stdin.take());
    assert!(last.wait().unwrap().success());
    assert!(fs::symlink_metadata(fixed).is_err());
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    // As under nohup: neither the program nor the command ends by a hang-up.
    let output = Command::new("sh")
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(["session", "exec", "--credential", "github", "--"])
        .args(["sh", "-c", "kill -HUP $PPID; kill -HUP $$; echo alive"])
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .env("XDG_RUNTIME_DIR", runtime_dir(&env))
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        (output.status.code(), stdout.as_str()),
        (Some(0), "alive\n"),
        "{stderr}"
    );
    assert!(left(&env).is_empty());
}

#[test]
fn a_runtime_folder_that_others_can_write_is_no_place_for_secrets() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let [shared, temporary] = ["shared", "tmp"].map(|name| env.home().join(name));
    for folder in [&shared, &temporary] {
        fs::create_dir(folder).unwrap();
        set_mode(folder, 0o1777);
    }
    let words = [
        "exec",
        "--credential",
        "github",
        "--",
        "sh",
        "-c",
        "dirname $AMBIENT_SESSION_DIR",
    ];
    session(&env, &server, &words)
        .env("XDG_RUNTIME_DIR", &shared)
        .env("TMPDIR", &temporary)
        .assert()
        .success()
        .stdout(format!("{}\n", temporary.display()));
}

#[test]
fn what_a_killed_run_left_elsewhere_goes_too() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let folder = env.home().join("tmp");
    // What a run leaves that had no runtime folder: nobody holds its lock.
    let leftover = folder.join("ambient-session-00000000000000000000000000000000");
    fs::create_dir_all(&leftover).unwrap();
    fs::write(leftover.join("kubeconfig"), SECRET).unwrap();
    session(
        &env,
        &server,
        &["exec", "--credential", "github", "--", "true"],
    )
    .env("TMPDIR", &folder)
    .assert()
    .success();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}
