//! Signals to the command, and the processes that it leaves.

use rustix::process::Signal;
use serde_json::json;

use crate::session::exec::exec;
use crate::session::{first_line, left, platform, send, session, started};
use crate::support::process::{is_alive, until};
use crate::support::{TestEnv, streams};

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
