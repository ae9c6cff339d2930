//! A disk that takes nothing: nothing starts, nothing is kept.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use serde_json::json;

use crate::session::end::PATIENCE;
use crate::session::{first_line, kubeconfig, platform, route, runtime_dir};
use crate::support::mounts::own_mounts;
use crate::support::server::{Scripted, json as answer};
use crate::support::{TOKEN, TestEnv, skipped, streams};

/// Mounts a small disk over the runtime folder, runs the program on it, and says with which status it
/// ended and what it left there.
const ON_A_SMALL_DISK: &str = r#"
mount -t tmpfs -o "size=64k,mode=700,$OPTIONS" none "$XDG_RUNTIME_DIR" || exit 99
[ "$FREE" = all ] || head -c $((65536 - FREE)) /dev/zero > "$XDG_RUNTIME_DIR/filler" || exit 99
"$0" "$@"
echo "status $?"
cd "$XDG_RUNTIME_DIR" && find . -mindepth 1 ! -name filler ! -name ambient
"#;

/// The program on mounts of its own, started by a script.
fn mounted(words: &[&str], script: &str, env: &TestEnv, server: &Scripted) -> Command {
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .args(["sh", "-c", script, env!("CARGO_BIN_EXE_acpctl")])
        .args(["session", "exec", "--credential", "kubeconfig"])
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .env("XDG_RUNTIME_DIR", runtime_dir(env));
    command
}

/// A platform with one kubeconfig, whose text is that of the round in which it is asked for.
fn with_secret(secret: impl Fn(usize) -> String + Send + Sync + 'static) -> Scripted {
    let rounds = AtomicUsize::new(0);
    Scripted::with(move |request| {
        if !request.target.ends_with("/token") {
            return route(request, &json!([]));
        }
        let token = secret(rounds.fetch_add(1, Ordering::SeqCst));
        answer(
            200,
            &json!({"credential_id": "kubeconfig", "provider": "kubeconfig", "token": token}),
        )
    })
}

/// More than a page.
fn long(token: &str) -> String {
    kubeconfig(&token.repeat(2_000))
}

/// Asserts that there is one error, with these beginning and end, and at most a hint beside it.
fn assert_one_error(case: &str, stderr: &str, begin: &str, end: &str) {
    let is_error = |line: &&str| !line.starts_with("Hint: ");
    let errors: Vec<&str> = stderr.lines().filter(is_error).collect();
    let [error] = errors.as_slice() else {
        panic!("{case}: {stderr}");
    };
    assert!(
        error.starts_with(begin) && error.ends_with(end),
        "{case}: {stderr}"
    );
}

const FULL: &str = "no space left on device";

#[test]
fn a_full_disk_starts_nothing_and_keeps_nothing() {
    let words = match own_mounts("mount -t tmpfs none /mnt") {
        Ok(words) => words,
        Err(why) => return skipped(&format!("no disk can be mounted here: {why}")),
    };
    for (case, options, free, action, why) in [
        ("no byte is free", "", "0", "write", FULL),
        ("a part fits", "", "4096", "write", FULL),
        ("no file can be made", "nr_inodes=3", "all", "write", FULL),
        (
            "no folder can be made",
            "nr_inodes=2",
            "all",
            "make a private folder",
            FULL,
        ),
        (
            "read-only",
            "ro",
            "all",
            "make a private folder",
            "read-only file system",
        ),
    ] {
        let env = TestEnv::new();
        let server = with_secret(|_| long("first"));
        let marker = env.work().join("started");
        let output = mounted(words, ON_A_SMALL_DISK, &env, &server)
            .args(["--", "touch"])
            .arg(&marker)
            .env("OPTIONS", options)
            .env("FREE", free)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        // The status, and no line for anything left.
        assert_eq!(stdout, "status 1\n", "{case}: {stderr}");
        let begin = format!("Error: nothing was started: {action}");
        assert_one_error(case, &stderr, &begin, why);
        assert!(!marker.exists(), "{case}");
    }
}

#[test]
fn a_full_disk_at_the_fixed_path_keeps_nothing() {
    // The old folder for temporary files stays in sight elsewhere: program and home may be in it.
    const SCRIPT: &str = r#"
mount --bind /tmp /mnt && mount -t tmpfs -o size=64k none /tmp || exit 99
head -c $((65536 - FREE)) /dev/zero > /tmp/filler || exit 99
moved() { case "$1" in /tmp/*) echo "/mnt/${1#/tmp/}" ;; *) echo "$1" ;; esac; }
XDG_RUNTIME_DIR=$(moved "$XDG_RUNTIME_DIR"); export XDG_RUNTIME_DIR
"$(moved "$0")" "$@"
echo "status $?"
find /tmp "$XDG_RUNTIME_DIR" -mindepth 1 ! -name filler ! -name ambient
"#;
    let words = match own_mounts("mount -t tmpfs none /mnt") {
        Ok(words) => words,
        Err(why) => return skipped(&format!("no disk can be mounted here: {why}")),
    };
    for free in ["0", "4096"] {
        let env = TestEnv::new();
        let server = with_secret(|_| long("first"));
        let output = mounted(words, SCRIPT, &env, &server)
            .args(["--compat-path", "--", "echo", "started"])
            .env("FREE", free)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(stdout, "status 1\n", "{stderr}");
        let begin = "Error: nothing was started: write \"/tmp/.ambient_kubeconfig\": ";
        assert_one_error(free, &stderr, begin, FULL);
    }
}

#[test]
fn a_refresh_on_a_full_disk_keeps_the_old_file() {
    // Fills the disk, waits until a refresh has been tried, and looks around.
    const COMMAND: &str = "cat /dev/zero > $XDG_RUNTIME_DIR/filler 2>/dev/null
echo full; read -r _; ls -A $AMBIENT_SESSION_DIR; grep -c firstfirst $KUBECONFIG";
    let words = match own_mounts("mount -t tmpfs none /mnt") {
        Ok(words) => words,
        Err(why) => return skipped(&format!("no disk can be mounted here: {why}")),
    };
    let env = TestEnv::new();
    let (asked, heard) = channel();
    let (fill, filled) = channel();
    let (asked, filled) = (Mutex::new(asked), Mutex::new(filled));
    let server = with_secret(move |round| {
        match round {
            0 => return long("first"),
            1 => filled.lock().unwrap().recv_timeout(PATIENCE).unwrap(),
            _ => {
                let _ = asked.lock().unwrap().send(());
            }
        }
        long("second")
    });
    let mut run = mounted(words, ON_A_SMALL_DISK, &env, &server)
        .args(["--refresh", "100ms", "--", "sh", "-c", COMMAND])
        .env("OPTIONS", "")
        .env("FREE", "all")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(first_line(&mut run), "full");
    fill.send(()).unwrap();
    // By the time of the second refresh the first one has failed.
    heard.recv_timeout(PATIENCE).unwrap();
    drop(run.stdin.take());
    let output = run.wait_with_output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout, "kubeconfig\n1\nstatus 0\n", "{stderr}");
    assert!(
        stderr.contains(&format!("Warning: kubeconfig: not refreshed: {FULL}\n")),
        "{stderr}"
    );
}

#[test]
fn no_place_for_files_starts_nothing() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let marker = env.work().join("started");
    let run = |set_up: &str, temporary: &Path| {
        let output = Command::new("sh")
            .args(["-c", &format!("{set_up} exec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_acpctl"))
            .args(["session", "exec", "--credential", "google", "--", "touch"])
            .arg(&marker)
            .env_clear()
            .envs(env.variables())
            .env("AMBIENT_API_URL", server.url())
            .env("AMBIENT_TOKEN", TOKEN)
            .env("TMPDIR", temporary)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("nothing was started"), "{stderr}");
        assert!(!marker.exists());
    };
    let folder = env.home().join("tmp");
    fs::create_dir(&folder).unwrap();
    // No file may grow.
    run("ulimit -f 0;", &folder);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    run("", &env.file("a-file", "").join("below"));
}
