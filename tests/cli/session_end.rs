//! How `session exec` ends where something stops it: a signal at any moment, a disk that takes nothing.

use std::fs;
use std::io::{PipeReader, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::Signal;
use serde_json::json;

use crate::session_helper::{
    child, first_line, jwt, kubeconfig, left, platform, route, runtime_dir, send, session,
};
use crate::support::mounts::own_mounts;
use crate::support::server::{Reply, Scripted, json as answer};
use crate::support::{TOKEN, TestEnv, skipped, streams};

/// How long something may take to happen. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

const SIGNALS: [Signal; 5] = [
    Signal::INT,
    Signal::TERM,
    Signal::HUP,
    Signal::QUIT,
    Signal::KILL,
];

/// Where in its life a run is when the signal comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The API has been asked for the secret and does not answer.
    BeforeTheWrite,
    /// The file is written, and the run is stuck in saying that its token has expired: nobody reads its
    /// standard error, which is full.
    AfterTheWrite,
    /// The command has said that it runs.
    Running,
    /// The API has been asked for the secret again and does not answer.
    Refreshing,
}

/// A run that is at such a moment and stays there.
struct Held {
    run: Child,
    /// What the command reads; it ends by itself once this is closed.
    stdin: Option<ChildStdin>,
    stderr: PipeReader,
    /// Exists once the command was started.
    marker: PathBuf,
    _server: Scripted,
}

impl Held {
    fn at(moment: Moment, env: &TestEnv) -> Self {
        let secret = kubeconfig(&jwt(1_577_836_800));
        let (server, asked) = server(moment, secret.clone());
        let marker = env.work().join("started");
        let (stderr, writer) = std::io::pipe().unwrap();
        if moment == Moment::AfterTheWrite {
            fill(&writer);
        }
        let mut run = child(
            env,
            &server,
            &[
                "exec",
                "--refresh",
                "100ms",
                "--credential",
                "kubeconfig",
                "--",
                "sh",
                "-c",
                "touch \"$0\"; echo; exec cat",
                marker.to_str().unwrap(),
            ],
        )
        .stderr(writer)
        .spawn()
        .unwrap();
        match moment {
            Moment::BeforeTheWrite => {}
            Moment::AfterTheWrite => until("a written file", || is_written(env, &secret)),
            Moment::Running | Moment::Refreshing => assert_eq!(first_line(&mut run), ""),
        }
        if matches!(moment, Moment::BeforeTheWrite | Moment::Refreshing) {
            asked.recv_timeout(PATIENCE).unwrap();
        }
        Self {
            stdin: run.stdin.take(),
            run,
            stderr,
            marker,
            _server: server,
        }
    }
}

/// A platform that is silent at the moment, and says when it is.
fn server(moment: Moment, secret: String) -> (Scripted, Receiver<()>) {
    let (asked, heard) = channel();
    let asked = Mutex::new(asked);
    let answered = AtomicUsize::new(0);
    let answers = match moment {
        Moment::BeforeTheWrite => 0,
        Moment::Refreshing => 1,
        Moment::AfterTheWrite | Moment::Running => usize::MAX,
    };
    let server = Scripted::with(move |request| {
        if !request.target.ends_with("/token") {
            return route(request, &json!([]));
        }
        if answered.fetch_add(1, Ordering::SeqCst) >= answers {
            let _ = asked.lock().unwrap().send(());
            return Reply::Hang;
        }
        answer(
            200,
            &json!({"credential_id": "kubeconfig", "provider": "kubeconfig", "token": secret}),
        )
    });
    (server, heard)
}

/// Fills a pipe up to the last byte; the next write waits for a reader.
fn fill(mut pipe: &std::io::PipeWriter) {
    fcntl_setfl(pipe, OFlags::NONBLOCK).unwrap();
    for size in [4096, 1] {
        while pipe.write(&vec![b'.'; size]).is_ok() {}
    }
    fcntl_setfl(pipe, OFlags::empty()).unwrap();
}

fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !happened() {
        assert!(
            begin.elapsed() < PATIENCE,
            "{what}: not within {PATIENCE:?}"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn is_written(env: &TestEnv, content: &str) -> bool {
    left(env)
        .iter()
        .any(|folder| fs::read_to_string(folder.join("kubeconfig")).is_ok_and(|it| it == content))
}

#[test]
fn no_signal_leaves_anything_at_any_moment() {
    for moment in [
        Moment::BeforeTheWrite,
        Moment::AfterTheWrite,
        Moment::Running,
        Moment::Refreshing,
    ] {
        for signal in SIGNALS {
            end(moment, signal);
        }
    }
}

fn end(moment: Moment, signal: Signal) {
    let case = format!("{signal:?} {moment:?}");
    let env = TestEnv::new();
    let mut held = Held::at(moment, &env);
    send(&held.run, signal);
    // Reading sets a run free that is stuck in writing. After KILL the command lives on and holds the
    // pipe for as long as it can read.
    if signal == Signal::KILL {
        drop(held.stdin.take());
    }
    let mut said = Vec::new();
    held.stderr.read_to_end(&mut said).unwrap();
    let status = held.run.wait().unwrap();
    drop(held.stdin);

    let is_running = matches!(moment, Moment::Running | Moment::Refreshing);
    assert_eq!(held.marker.exists(), is_running, "{case}");
    if signal == Signal::KILL || moment == Moment::BeforeTheWrite {
        assert_eq!(status.signal(), Some(signal.as_raw()), "{case}");
    } else {
        assert_eq!(status.code(), Some(128 + signal.as_raw()), "{case}");
    }
    if signal == Signal::KILL {
        let is_written = moment != Moment::BeforeTheWrite;
        assert_eq!(!left(&env).is_empty(), is_written, "{case}");
        let next = ["exec", "--credential", "github", "--", "true"];
        session(&env, &platform(json!([])), &next)
            .assert()
            .success();
    }
    assert_eq!(left(&env), [] as [PathBuf; 0], "{case}");
}

#[test]
fn no_signal_leaves_a_server_or_its_file_behind() {
    for signal in SIGNALS {
        let env = TestEnv::new();
        let server = platform(json!([]));
        let fifo = env.work().join("fifo");
        let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        // A server that holds the other end for as long as it lives, and never answers.
        let program = env.file(
            "server",
            "#!/bin/sh\nexec 3>\"$FIFO\"\necho up >&3\nexec cat >/dev/null\n",
        );
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let words = [
            "probe",
            "--credential",
            "kubeconfig",
            "--mcp-command",
            "./server",
        ];
        let mut lifeline = fs::File::options()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
            .open(&fifo)
            .unwrap();
        let mut buffer = [0; 16];
        let mut run = child(&env, &server, &words)
            .env("FIFO", &fifo)
            .spawn()
            .unwrap();
        until("a server", || {
            lifeline.read(&mut buffer).is_ok_and(|read| read > 0)
        });
        // Said while the server is waited for.
        let said = first_line(&mut run);
        assert_eq!(said, "ok      kubeconfig written  private, mode 0600");
        assert_eq!(left(&env).len(), 1);

        send(&run, signal);
        let status = run.wait().unwrap();
        if signal == Signal::KILL {
            assert_eq!(status.signal(), Some(signal.as_raw()));
            let next = ["exec", "--credential", "github", "--", "true"];
            session(&env, &server, &next).assert().success();
        } else {
            assert_eq!(status.code(), Some(128 + signal.as_raw()), "{signal:?}");
        }
        assert_eq!(left(&env), [] as [PathBuf; 0], "{signal:?}");
        until("the server's end", || {
            lifeline.read(&mut buffer).is_ok_and(|read| read == 0)
        });
    }
}

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
