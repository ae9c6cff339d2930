//! A signal at any moment leaves nothing.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Command;

use rustix::fs::OFlags;
use rustix::process::Signal;
use serde_json::json;

use crate::session::end::{Moment, end};
use crate::session::{child, first_line, left, platform, send, session};
use crate::support::TestEnv;
use crate::support::process::until;

const SIGNALS: [Signal; 5] = [
    Signal::INT,
    Signal::TERM,
    Signal::HUP,
    Signal::QUIT,
    Signal::KILL,
];

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
