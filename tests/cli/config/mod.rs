//! Where the configuration is, whose it is, and what is left there: homes of nobody and of others, odd
//! variables, odd files, signals.

mod contexts;
mod elsewhere;
mod leftovers;
mod owners;
mod paths;
mod values;

use std::ffi::OsStr;
use std::process::{Command, Output};

use crate::support::streams;

/// The program with these variables and no others.
fn bare(words: &[&str], variables: &[(&str, &OsStr)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AMBIENT_LOCAL_KEYRING", "off")
        .envs(variables.iter().copied())
        .args(words)
        .output()
        .unwrap()
}

fn assert_done(output: &Output) {
    let (stdout, stderr) = streams(output);
    assert!(output.status.success(), "{stdout}{stderr}");
}

fn assert_failed(output: &Output, code: i32, words: &str) {
    let (stdout, stderr) = streams(output);
    assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
    assert!(stderr.contains(words), "{words}: {stderr}");
}
