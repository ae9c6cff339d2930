//! How `session exec` ends where something stops it: a signal at any moment, a disk that takes nothing.

mod disk;
mod signals;

use std::fs;
use std::io::{PipeReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::Signal;
use serde_json::json;

use crate::session::{child, first_line, jwt, kubeconfig, left, platform, route, send, session};
use crate::support::TestEnv;
use crate::support::process::until;
use crate::support::server::{Reply, Scripted, json as answer};

/// How long something may take to happen. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

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

fn is_written(env: &TestEnv, content: &str) -> bool {
    left(env)
        .iter()
        .any(|folder| fs::read_to_string(folder.join("kubeconfig")).is_ok_and(|it| it == content))
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
