//! A defect in the program: what is said, and what is not (docs/security.md).

use std::panic;
use std::process::Command;

use crate::support::streams;

const CANARY: &str = "canary-é-0123456789";

/// Breaks as a program does that cuts a secret in the middle of a character: the message quotes all of it.
#[test]
#[ignore = "started by the test below, in a process of its own"]
fn breaks() {
    panic::set_hook(Box::new(acpctl::testing::on_panic));
    let end = CANARY.find('é').unwrap() + 1;
    let cut = panic::catch_unwind(|| CANARY[..end].to_owned());
    assert!(cut.is_err());
}

#[test]
fn a_panic_shows_its_place_and_not_its_message() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "panics::breaks", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stdout}{stderr}");
    assert!(
        stderr.contains("Error: internal error at tests/cli/panics.rs:"),
        "{stderr}"
    );
    for text in [&stdout, &stderr] {
        assert!(!text.contains("canary"), "{text}");
    }
}
