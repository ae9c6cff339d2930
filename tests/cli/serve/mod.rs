//! `serve` as its user meets it: what it says, what it refuses, how it ends.

mod load;
mod schedules;
mod sessions;
mod start;
mod store;
mod token;

use std::process::Output;

use crate::support::{TestEnv, streams};

/// A run that ends by itself.
fn refused(env: &TestEnv, args: &[&str]) -> (Option<i32>, String) {
    let output: Output = env.acpctl().arg("serve").args(args).output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout, "", "nothing is served");
    (output.status.code(), stderr)
}

/// `credential list` at an address, without a token of its own.
fn list(env: &TestEnv, url: &str) -> (Option<i32>, String) {
    let mut command = env.acpctl();
    let output = command
        .env("AMBIENT_API_URL", url)
        .args(["credential", "list"])
        .output()
        .unwrap();
    (output.status.code(), streams(&output).1)
}
